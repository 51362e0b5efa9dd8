"""A published network learns new classes and bands from few images."""

import json

import numpy as np
import pytest
import torch
from astropy.io import fits

import zoo_core as zoo
from zoo_core.errors import DatasetError, FileError, RecipeError
from zoo_core.files import sole
from zoo_core.train.finetune import finetune
from zoo_core.train.fit import train
from zoo_core.train.recipe import read_recipe

from ..cli.conftest import zoo_command as zoo_command
from .toy import install_toy

SIDE, NAMES = 101, ("narrow", "wide")
QUICK = {"device": "cpu", "progress": False}


def ring(rng, radius):
    """A ring of some radius in noise, (1, 101, 101)."""
    y, x = np.indices((SIDE, SIDE)) - SIDE // 2 + rng.uniform(-3, 3, (2, 1, 1))
    light = 5 * np.exp(-((np.hypot(x, y) - radius) ** 2) / 8)
    return (light + rng.normal(size=light.shape)).astype(np.float32)[None]


def write(folder, count, bands=1, first=0):
    """Images of rings, wide or narrow, as .npy files of a folder each."""
    for k, (name, radius) in enumerate(zip(NAMES, (8, 14), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            rng = np.random.default_rng([k, number])
            np.save(folder / name / f"{name}{number}.npy", np.repeat(ring(rng, radius), bands, axis=0))
    return folder


@pytest.fixture(scope="module")
def rings(tmp_path_factory):
    return write(tmp_path_factory.mktemp("rings"), 24)


@pytest.mark.slow
def test_sixteen_images_of_each_class_teach_a_published_network_what_it_never_saw(rings, tmp_path, zoo_command):
    answer = zoo_command(
        *("finetune", "lastro.space", "--on", "folder", "--data", rings, "--argument", "pixel_scale=0.1"),
        *("--labels-per-class", 16, "--steps", 15, "--batch-size", 16, "--lr", 1e-2, "--views", 1),
        *("-o", tmp_path / "run", "--device", "cpu"),
    )

    assert answer.code == 0, answer.err
    assert "folder: 32 of its images are used" in answer.err
    assert "the head begins anew, for narrow, wide" in answer.err
    model = zoo.load(answer.out.strip())
    assert model.heads.classes == ("narrow", "wide")
    assert model.spec.training_sets == (*zoo.load("lastro.space").spec.training_sets, "folder")
    right = [p_wide(zoo_command, answer.out.strip(), write(tmp_path / "new", 15, first=100) / name) for name in NAMES]
    assert (right[0] < 0.5).sum() + (right[1] > 0.5).sum() >= 26  # of 30; by chance once in 30,000 times


def p_wide(zoo_command, model, folder):
    answer = zoo_command("predict", model, folder, "--json", "--pixel-scale", 0.1)
    return np.array([row["p_wide"] for row in json.loads(answer.out)])


@pytest.mark.slow
def test_a_published_network_of_one_band_takes_two(tmp_path):
    images = write(tmp_path / "two", 4, bands=2)

    folder = finetune(
        "lastro.space",
        "folder",
        tmp_path / "run",
        data=images,
        arguments={"bands": ["g", "i"], "pixel_scale": 0.1},
        steps=2,
        batch_size=4,
        views=1,
        **QUICK,
    )

    model = zoo.load(folder)
    assert model.bands == ("g", "i") and model.preprocess.n_channels == 6
    noise = np.random.default_rng(1).normal(size=(2, 2, SIDE, SIDE))
    assert model(noise, pixel_scale=0.1).probabilities.shape == (2, 2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("spotter")
    (place / "recipe.yaml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(install_toy(place / "site"))
        return train(place / "recipe.yaml", place / "start", **QUICK)


@pytest.fixture
def spotter(trained, toy):
    """A toy model that tells a spot in the middle from none."""
    return trained


RECIPE = """
id: toy.start
architecture: toy
plugin: zoo-toy
train: {dataset: toy_spots, plugin: zoo-toy, arguments: {n: 100, seed: 1}}
validation: {dataset: toy_spots, plugin: zoo-toy, arguments: {n: 40, seed: 2}}
steps: 60
validate_every: 30
optimiser: {lr: 1.0e-2}
publish: {storage: float32}
"""


def tuned(spotter, out, **arguments):
    arguments = {"arguments": {"n": 120, "seed": 3, "classes": 3}, "steps": 60, "lr": 1e-2, **arguments}
    return zoo.load(finetune(spotter, "toy_spots", out, **arguments, **QUICK))


def accuracy(model, **arguments):
    spots = zoo.open_dataset("toy_spots", plugin="zoo-toy", n=90, seed=9, **arguments)
    return float((model(spots.images(slice(90))).probabilities.argmax(1).numpy() == spots.truth()["label"]).mean())


def test_a_third_class_is_learned(spotter, tmp_path):
    model = tuned(spotter, tmp_path / "run")

    assert model.heads.classes == ("none", "middle", "corner")
    assert accuracy(model, classes=3) > 0.9
    assert len(model.calibration.prior) == 3


def test_other_bands_are_learned(spotter, tmp_path):
    model = tuned(spotter, tmp_path / "run", arguments={"n": 100, "seed": 3, "bands": ["g", "i"]}, steps=5)

    assert model.bands == ("g", "i")
    assert accuracy(model, bands=["g", "i"]) > 0.9  # what it knew of one band it knows of two


def test_of_a_frozen_network_nothing_but_the_head_changes(spotter, tmp_path):
    before, after = (
        model.network.state_dict() for model in (zoo.load(spotter), tuned(spotter, tmp_path / "run", freeze=True))
    )

    half = before["0.weight"].half().float()  # as it is stored
    torch.testing.assert_close(after["0.weight"], half, rtol=0, atol=0)
    assert after["4.weight"].shape == (3, 24)


def test_the_first_layer_changes_less_than_the_same_one_without_decay(spotter, tmp_path):
    start = zoo.load(spotter).network[0].weight.detach()
    slow, fast = (tuned(spotter, tmp_path / f"{decay}", layer_decay=decay, steps=20) for decay in (0.01, 1.0))

    change = [float((model.network[0].weight.detach() - start).norm()) for model in (slow, fast)]
    assert change[0] < 0.1 * change[1]


def test_the_recipe_that_it_writes_repeats_it(spotter, tmp_path):
    model = tuned(spotter, tmp_path / "run", steps=10, fraction=0.5)

    again = zoo.load(train(tmp_path / "run" / "recipe.yaml", tmp_path / "again", **QUICK))

    assert again.weights_sha256 == model.weights_sha256


def test_another_run_in_its_folder_is_refused(spotter, tmp_path):
    tuned(spotter, tmp_path / "run", steps=4)

    with pytest.raises(RecipeError, match="holds another run"):
        tuned(spotter, tmp_path / "run", steps=4, seed=1)
    assert tuned(spotter, tmp_path / "run", steps=4, seed=1, resume=False).trained


def test_validation_images_can_be_named(spotter, tmp_path):
    tuned(spotter, tmp_path / "run", steps=4, validation={"seed": 4, "n": 30})

    recipe = read_recipe(tmp_path / "run" / "recipe.yaml")
    assert recipe.validation.arguments == {"n": 30, "seed": 4, "classes": 3}


def test_a_detector_of_anomalies_is_trained_further_on_other_normal_images(toy, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE.replace("toy.start", "toyfinder.start").replace("toy\n", "toyfinder\n", 1))
    start = train(path, tmp_path / "start", **QUICK)

    model = zoo.load(finetune(start, "toy_spots", tmp_path / "run", steps=20, **QUICK))

    assert model.task.name == "anomaly" and model.spec.training_sets == ("toy_spots",)


def test_images_of_another_task_are_refused(spotter, tmp_path):
    with pytest.raises(RecipeError, match="toy_spots is for regression, toy for classification"):
        tuned(spotter, tmp_path / "run", arguments={"classes": 0})


def test_two_ways_to_say_how_few_are_an_error(spotter, tmp_path):
    with pytest.raises(RecipeError, match="give one of them"):
        tuned(spotter, tmp_path / "run", labels_per_class=4, fraction=0.1)


def test_too_few_images_are_an_error(spotter, tmp_path):
    with pytest.raises(DatasetError, match="41 are asked for"):
        tuned(spotter, tmp_path / "run", labels_per_class=41)


@pytest.mark.parametrize(
    ("on", "data", "message"), [("folder", None, "--data PATH"), ("toy_spots", "here", "takes no path")]
)
def test_a_path_too_many_or_too_few_is_an_error(spotter, on, data, message):
    with pytest.raises(RecipeError, match=message):
        finetune(spotter, on, data=data)


def test_an_argument_that_is_none_is_wrong_usage(spotter, zoo_command):
    answer = zoo_command("finetune", spotter, "--on", "toy_spots", "--argument", "n")

    assert answer.code == 2 and "'n' is not KEY=VALUE" in answer.err


def test_a_command_that_failed_does_not_block_the_corrected_one(spotter, tmp_path):
    with pytest.raises(RecipeError):
        tuned(spotter, tmp_path / "run", validation={"bands": ["g"]}, steps=2)
    assert tuned(spotter, tmp_path / "run", steps=2).heads.classes == ("none", "middle", "corner")


def test_two_runs_in_one_folder_are_refused(spotter, tmp_path):
    (tmp_path / "run").mkdir()
    with sole(tmp_path / "run"), pytest.raises(FileError, match="another run"):
        tuned(spotter, tmp_path / "run", steps=2)


def test_folders_of_the_models_own_classes_keep_its_order(spotter, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("middle", "none"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(6):
            np.save(tmp_path / "images" / name / f"{name}{number}.npy", rng.normal(size=(1, 12, 12)).astype("float32"))
    tuned = zoo.load(finetune(spotter, "folder", tmp_path / "out", data=tmp_path / "images", steps=2, **QUICK))
    assert tuned.heads.classes == ("none", "middle")


def on_sky(folder, scale):
    """Five FITS images of two kinds, whose headers give a pixel scale or none."""
    header = fits.Header() if scale is None else fits.Header({"CDELT1": -scale / 3600, "CDELT2": scale / 3600})
    header.update({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    for k, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for number in range(5):
            image = ring(np.random.default_rng([k, number]), 8 + 6 * k)[0]
            fits.writeto(folder / name / f"{name}{number}.fits", image, header)
    return folder


def test_a_pixel_scale_that_is_given_overrides_the_headers(tmp_path, zoo_command):
    answer = zoo_command(
        *("finetune", "lastro.space", "--on", "folder", "--data", on_sky(tmp_path / "mine", 0.1)),
        *("--pixel-scale", 0.2, "--steps", 1, "--batch-size", 4, "--views", 1),
        *("-o", tmp_path / "run", "--device", "cpu"),
    )
    assert answer.code == 0, answer.err
    assert "pixel scale 0.2 used, the header of" in answer.err
    assert read_recipe(tmp_path / "run" / "recipe.yaml").train.arguments["pixel_scale"] == 0.2


def test_a_pixel_scale_that_is_given_twice_is_refused(tmp_path, zoo_command):
    answer = zoo_command(
        *("finetune", "trivial.space", "--on", "folder", "--data", on_sky(tmp_path / "a", None)),
        *("--pixel-scale", 0.1, "--argument", "pixel_scale=0.2", "-o", tmp_path / "run"),
    )
    assert answer.code == 2 and "the pixel scale is given twice" in answer.err
    assert not (tmp_path / "run").exists()
