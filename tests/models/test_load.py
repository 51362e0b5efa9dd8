"""Loading models."""

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import zoo_core as zoo
from zoo_core.errors import (
    ArgumentError,
    NotInstalledError,
    SpecError,
    UnknownNameError,
    UntrainedError,
    WeightsError,
)
from zoo_core.models.devices import device_named

from ..catalog.distributions import install
from ..flat_plugin import FLAT


def test_folder_gives_the_network_with_its_very_weights_in_eval_mode(lastro_folder):
    model = zoo.load(lastro_folder)
    assert model.trained and not any(module.training for module in model.network.modules())
    stored = load_file(lastro_folder / "model.safetensors")
    loaded = model.network.state_dict()
    assert loaded.keys() == stored.keys()
    assert all(torch.equal(loaded[name], stored[name]) for name in stored)


def test_loading_a_folder_leaves_the_global_random_state(lastro_folder):
    before = torch.random.get_rng_state()
    zoo.load(lastro_folder)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_folder_is_a_string_with_a_separator_or_a_path(lastro_folder, monkeypatch):
    monkeypatch.chdir(lastro_folder.parent)
    weights = {zoo.load(name).weights_sha256 for name in ("./lastro.test", "lastro.test/", str(lastro_folder))}
    assert weights == {zoo.load(Path("lastro.test"), pretrained=True).weights_sha256}


def test_what_lies_in_the_working_directory_is_not_a_published_model(lastro_folder, monkeypatch):
    monkeypatch.chdir(lastro_folder.parent)
    with pytest.raises(UnknownNameError, match=r"no model is called 'lastro\.test'.* write \./lastro\.test"):
        zoo.load("lastro.test")


@pytest.mark.parametrize("name", ["a.fits", "./a.fits"])
def test_an_image_in_the_place_of_a_model_is_told_where_models_stand(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.fits").touch()
    with pytest.raises(UnknownNameError, match=r"a\.fits is a file and not a model; name the model first"):
        zoo.load(name)


def test_half_precision_weights_are_computed_with_in_float32(changed_folder, lastro_folder):
    stored = load_file(lastro_folder / "model.safetensors")
    halves = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in stored.items()}
    model = zoo.load(changed_folder(halves))
    kinds = {tensor.dtype for tensor in model.network.state_dict().values() if tensor.is_floating_point()}
    assert kinds == {torch.float32}


def test_weights_that_do_not_fit_name_the_keys(changed_folder, lastro_folder):
    stored = load_file(lastro_folder / "model.safetensors")
    stored["head.extra"] = stored.pop("head.bias")
    stored["head.weight"] = stored["head.weight"][:, :5].contiguous()
    with pytest.raises(WeightsError) as raised:
        zoo.load(changed_folder(stored))
    message = str(raised.value)
    assert "1 missing from the file: head.bias" in message
    assert "1 unknown to the network: head.extra" in message
    assert "head.weight (1, 5, 1, 1) instead of (1, 1024, 1, 1)" in message


@pytest.mark.parametrize(
    ("name", "dtype", "message"),
    [
        ("head.weight", torch.int64, "1 of another dtype: head.weight int64 instead of float32 or float16 or bfloat16"),
        ("head.weight", torch.float64, "head.weight float64 instead of float32"),
        ("head.weight", torch.complex64, "head.weight complex64 instead of float32"),
        ("head.weight", torch.bool, "head.weight bool instead of float32"),
        ("head.weight", torch.float8_e4m3fn, "head.weight float8_e4m3fn instead of float32"),
        ("body.11.num_batches_tracked", torch.float32, "body.11.num_batches_tracked float32 instead of int64"),
        ("body.11.num_batches_tracked", torch.int32, "body.11.num_batches_tracked int32 instead of int64"),
    ],
)
def test_weights_of_another_dtype_name_the_tensor_and_what_is_expected(
    changed_folder, lastro_folder, name, dtype, message
):
    stored = load_file(lastro_folder / "model.safetensors")
    stored[name] = stored[name].to(dtype)
    with pytest.raises(WeightsError, match=message):
        zoo.load(changed_folder(stored))


def test_another_task_than_the_architecture_is_an_error(changed_folder):
    folder = changed_folder(task="regression", heads=zoo.Heads(parameters=("theta_E",), units=("arcsec",)))
    with pytest.raises(SpecError, match="is listed for regression, architecture 'lastro' is for classification"):
        zoo.load(folder)


def test_architecture_that_is_built_is_untrained_and_refuses_to_predict():
    model = zoo.build("lastro")
    assert not model.trained and not model.network.training
    with pytest.raises(zoo.ZooError, match="random weights"):
        model.predict(torch.zeros(1, 1, 101, 101))


def test_bands_and_classes_of_an_untrained_network_can_be_chosen():
    four = zoo.build("lastro", bands=4)
    assert len(four.bands) == 4 and four.preprocess.n_channels == 12
    assert zoo.load("lastro", pretrained=False, bands=4).bands == four.bands
    named = zoo.build("lastro", bands=("r", "i"), classes=("no_sub", "cdm", "axion"))
    assert named.bands == ("r", "i") and named.heads.classes == ("no_sub", "cdm", "axion")
    assert named.network(torch.zeros(2, 6, 101, 101)).shape == (2, 3)


def test_untrained_weights_follow_torch_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        first = zoo.build("lastro").network.state_dict()["head.weight"]
        torch.manual_seed(3)
        second = zoo.build("lastro").network.state_dict()["head.weight"]
    assert torch.equal(first, second)


def test_unknown_argument_of_the_architecture_says_what_it_takes():
    with pytest.raises(ArgumentError, match="depth can't be set"):
        zoo.build("lastro", depth=3)


def test_published_models_are_not_changed_on_the_way(lastro_folder):
    with pytest.raises(ArgumentError, match=r"published as it is, without bands; zoo.build\(...\) takes these"):
        zoo.load(lastro_folder, bands=4)
    with pytest.raises(ArgumentError, match="pretrained="):
        zoo.load(lastro_folder, pretrained=False)


@pytest.mark.usefixtures("flat_plugin")
@pytest.mark.parametrize("name", ["flt", "flat.spce"])
def test_misspelt_name_gets_a_suggestion(name):
    with pytest.raises(UnknownNameError, match="did you mean flat"):
        zoo.load(name)


@pytest.mark.usefixtures("flat_plugin")
@pytest.mark.parametrize("arguments", [{}, {"pretrained": True}])
def test_bare_name_is_its_default_tag_and_says_so(arguments, caplog):
    with caplog.at_level(logging.INFO, logger="zoo"):
        model = zoo.load("flat", **arguments)
    assert model.id == "flat.space" and model.trained
    assert "flat is flat.space, the default tag" in caplog.text


@pytest.mark.usefixtures("flat_plugin")
def test_name_with_a_tag_is_not_built_with_random_weights():
    assert zoo.load("flat.ground").id == "flat.ground"
    with pytest.raises(ArgumentError, match=r"flat.ground names trained weights; pretrained="):
        zoo.load("flat.ground", pretrained=False)
    with pytest.raises(ArgumentError, match="published as it is, without width"):
        zoo.load("flat.ground", width=5)


@pytest.mark.usefixtures("flat_plugin")
def test_known_name_wins_over_a_folder_of_the_same_name(tmp_path, monkeypatch):
    for name in ("flat", "flat.space"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert zoo.load("flat.space").id == "flat.space" == zoo.load("flat").id
    assert not zoo.build("flat").trained


def test_architecture_without_published_weights_says_how_to_build_it(tmp_path, monkeypatch):
    install(tmp_path / "site", "plain", "zoo_plain", FLAT.replace('"flat"', '"plain"'))
    monkeypatch.syspath_prepend(tmp_path / "site")
    with pytest.raises(UntrainedError, match=r"plain has no published weights; zoo.build\('plain'\)"):
        zoo.load("plain")


def test_missing_plugin_of_a_known_model_is_what_to_install(changed_folder):
    with pytest.raises(NotInstalledError, match="pip install zoo-nowhere"):
        zoo.load(changed_folder(id="ghost.space", architecture="ghost", plugin="zoo-nowhere"))


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnknownNameError, match="no such folder"):
        zoo.load(tmp_path / "gone")


def test_devices_have_names():
    assert device_named("cpu").type == "cpu"
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    assert device_named("auto").type == next(kind for kind, available in there.items() if available)
    with pytest.raises(ArgumentError, match="choose auto, cpu"):
        device_named("gpu")
    with pytest.raises(ArgumentError, match="not available"):
        device_named("cuda:99")


@pytest.mark.parametrize("name", [None, 3, ["lastro.space"]])
def test_what_is_no_name_is_one_line(name):
    with pytest.raises(ArgumentError, match="give its id, or its folder"):
        zoo.load(name)
