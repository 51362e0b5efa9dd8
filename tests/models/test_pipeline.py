"""A pipeline hands each restored image on to the next model, and is a model like any other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.bench.harness import measure
from zoo_core.board.restored import draw_stages
from zoo_core.catalog.entries import entry_of, model_spec
from zoo_core.catalog.schema import check_entry
from zoo_core.catalog.specs import BenchmarkSpec
from zoo_core.errors import ArgumentError, RegistryError, UntrainedError, WeightsError
from zoo_core.models.pipeline import as_described
from zoo_core.tasks import Calibration

MEMBERS = ("gaussian_filter.denoise", "lastro.space")


@pytest.fixture(scope="module")
def members():
    return [zoo.load(name, device="cpu").with_views(1) for name in MEMBERS]


@pytest.fixture(scope="module")
def pipeline(members):
    return zoo.pipeline(members, id="pipeline.test", device="cpu")


@pytest.fixture(scope="module")
def images():
    y, x = np.indices((101, 101)) - 50
    noise = np.random.default_rng(0).normal(size=(3, 1, 101, 101))
    return (40 * np.exp(-np.hypot(x, y) / np.array([3, 5, 8])[:, None, None, None]) + noise).astype(np.float32)


def by_hand(members, images):
    denoiser, finder = members
    restored = denoiser(images, 0.1)
    return finder.prediction(finder.preprocess.channels(restored.image, restored.noise))


def test_it_answers_as_its_members_called_by_hand(pipeline, members, images):
    torch.testing.assert_close(pipeline(images, 0.1).logits, by_hand(members, images).logits, atol=1e-6, rtol=0)


def test_every_stage_can_be_asked_for(pipeline, members, images):
    restored, found = pipeline.stages(images, 0.1)
    torch.testing.assert_close(restored.image, members[0](images, 0.1).image, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(found.logits, pipeline(images, 0.1).logits, atol=1e-6, rtol=0)
    (alone,) = members[1].stages(images, 0.1)
    torch.testing.assert_close(alone.logits, members[1](images, 0.1).logits)


def test_what_follows_counts_in_the_noise_of_the_observed_image(pipeline, members, images):
    restored = members[0](images, 0.1)
    measured_again = members[1](restored.image.numpy(), 0.1).logits
    assert (pipeline(images, 0.1).logits - measured_again).abs().max() > 0.1
    torch.testing.assert_close(pipeline(1e-9 * images, 0.1).logits, pipeline(images, 0.1).logits, atol=1e-3, rtol=1e-3)


def test_restoring_stages_make_a_restoring_pipeline(members, images):
    twice = zoo.pipeline([members[0], members[0]], device="cpu")
    once = members[0](images, 0.1)
    by_hand = members[0](once.image.numpy(), 0.1).image
    torch.testing.assert_close(twice(images, 0.1).image, by_hand, atol=1e-6, rtol=1e-6)


def test_it_says_what_it_is(pipeline, members):
    assert pipeline.spec.members == MEMBERS and pipeline.task.name == "classification"
    assert pipeline.trained and pipeline.calibration == members[1].calibration
    assert pipeline.spec.training_sets == ("restoration_space", "finding_space")


def test_it_predicts_files_and_arrays_and_draws_its_stages(pipeline, images, tmp_path):
    table = pipeline.predict(images, pixel_scale=0.1)
    np.testing.assert_allclose(table["p_lens"], pipeline(images, 0.1).probabilities[:, 1], atol=1e-5)
    draw_stages(tmp_path / "stages.png", pipeline, images, 0.1)
    assert (tmp_path / "stages.png").read_bytes().startswith(b"\x89PNG")


def test_its_entry_survives_the_registry_and_loads_the_same_model(pipeline, members, images):
    entry = entry_of(pipeline.spec)
    check_entry("models", entry, "here", RegistryError)
    again = as_described(members, model_spec(entry, "registry.yaml"))
    assert torch.equal(again(images, 0.1).logits, pipeline(images, 0.1).logits)


@pytest.mark.parametrize("change", [{"views": 8}, {"calibration": Calibration(2.0)}, {"weights_sha256": "1" * 64}])
def test_an_entry_whose_members_have_changed_is_refused(pipeline, members, change):
    with pytest.raises(WeightsError, match=r"pipeline\.test"):
        as_described([members[0], replace(members[1], **change)], pipeline.spec)


def test_it_is_measured_as_any_model(pipeline, tmp_path):
    few = {"n": 8, "seed": 5, "lens_fraction": 0.5}
    (result,) = measure(
        [pipeline], BenchmarkSpec("few", "finding_space", "classification", ("auroc",), few), results=tmp_path
    )
    assert result.status == "ok" and 0 <= result.metrics["auroc"].value <= 1


def test_members_that_do_not_fit_are_refused(members):
    denoiser, finder = members
    for alone in ("unet.denoise", Path("unet.denoise"), finder):
        with pytest.raises(ArgumentError, match=r"members= is '.*' alone; a pipeline takes a list: zoo\.pipeline\(\['"):
            zoo.pipeline(alone)
    with pytest.raises(ArgumentError, match="two or more"):
        zoo.pipeline(members[:1])
    with pytest.raises(ArgumentError, match=r"is for classification, and .* needs an image"):
        zoo.pipeline([finder, denoiser], device="cpu")
    with pytest.raises(ArgumentError, match=r"gives images in 1e20 kg, and lastro\.space takes them in the unit"):
        zoo.pipeline([replace(denoiser, heads=zoo.Heads(units=("1e20 kg",))), finder], device="cpu")
    with pytest.raises(ArgumentError, match=r"takes the bands r and gives 1, lastro\.space takes VIS"):
        zoo.pipeline([replace(denoiser, preprocess=replace(denoiser.preprocess, bands=("r",))), finder], device="cpu")
    with pytest.raises(ArgumentError, match=r"pixel_scale of gaussian_filter.denoise is 0\.1, that of .* 0\.05;"):
        zoo.pipeline([denoiser, rescaled(finder, 0.05)], device="cpu")
    with pytest.raises(ArgumentError, match=r"gaussian_filter\.denoise restores 101 .* lastro\.space takes 128; what"):
        zoo.pipeline([denoiser, framed(finder, 128)], device="cpu")
    with pytest.raises(ArgumentError, match=r"the factor of bin of gaussian_filter\.denoise is 1, that of .* 2;"):
        zoo.pipeline([denoiser, binned(finder, 2)], device="cpu")


def test_what_counts_in_the_noise_counts_in_that_of_the_observed_image(members, images):
    counting = zoo.load("edsr.denoise", device="cpu").with_views(1)
    twice = zoo.pipeline([members[0], counting], device="cpu")
    smooth, again = twice.stages(images, 0.1)

    restored, scale = counting.network(smooth.image, noise=smooth.noise)
    torch.testing.assert_close(again.image, restored, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(again.sigma, 2**0.5 * scale, atol=1e-6, rtol=1e-6)
    assert torch.equal(again.noise, smooth.noise)
    assert counting(smooth.image, 0.1).sigma.median() < 0.7 * again.sigma.median()  # whose noise is gone


@pytest.mark.parametrize("last", ["vib.space", "resnet_regression.euclid"])
def test_denoised_then_deblended_then_answered_is_each_called_by_hand(images, last):
    names = ("edsr.denoise", "sersic_filter.deblend", last)
    denoiser, deblender, answering = (zoo.load(name, device="cpu").with_views(1) for name in names)
    stages = zoo.pipeline([denoiser, deblender, answering], device="cpu").stages(images, 0.1)

    light = denoiser(images, 0.1)
    arcs = deblender.prediction(light.image, light.noise)
    middle = answering.preprocess.prepare_batch(arcs.image, 0.1, torch.Generator())
    answer = answering.prediction(answering.preprocess.channels(middle, light.noise))

    for stage, by_hand in zip(stages, (light, arcs, answer), strict=True):
        for name, column in by_hand.to_table().items():
            np.testing.assert_allclose(stage.to_table()[name], column, atol=1e-6, rtol=0)
    torch.testing.assert_close(stages[1].image, arcs.image, atol=1e-6, rtol=1e-6)
    assert (stages[1].image != 0).any()


def test_a_member_that_takes_fewer_pixels_has_those_in_the_middle(members, images):
    regressor = zoo.load("resnet_regression.euclid", device="cpu").with_views(1)
    restored, measured = zoo.pipeline([members[0], regressor], device="cpu").stages(images, 0.1)

    middle = regressor.preprocess.prepare_batch(restored.image, 0.1, torch.Generator())
    by_hand = regressor.prediction(regressor.preprocess.channels(middle, restored.noise))
    assert middle.shape[-1] == regressor.preprocess.size == 72
    torch.testing.assert_close(measured.mean, by_hand.mean, atol=1e-6, rtol=0)


def test_a_deblender_has_the_pixels_of_the_next_member(members, images):
    taken = members[1].preprocess
    profile = zoo.deblender("sersic", taken.bands, taken.size, pixel_scale=taken.pixel_scale)

    arcs, found = zoo.pipeline([profile, members[1]], device="cpu").stages(images[:1], 0.1)

    assert arcs.image.shape == (1, 1, taken.size, taken.size)
    torch.testing.assert_close(found.logits, by_hand([profile, members[1]], images[:1]).logits, atol=1e-6, rtol=0)


def test_an_untrained_member_is_refused(members):
    with pytest.raises(UntrainedError):
        zoo.pipeline([members[0], zoo.build("lastro", device="cpu")], device="cpu")


def test_it_has_no_weights_of_its_own_to_save(pipeline, tmp_path):
    with pytest.raises(ArgumentError, match=r"is a pipeline; save its members gaussian_filter\.denoise, lastro\.space"):
        pipeline.save(tmp_path / "folder")


def rescaled(model, scale):
    return changed(model, {"op": "resample", "pixel_scale": scale})


def framed(model, size):
    return changed(model, {"op": "frame", "size": size})


def binned(model, factor):
    declared = [*model.preprocess.declared()]
    place = next(k for k, one in enumerate(declared) if one["op"] == "frame")
    declared.insert(place, {"op": "bin", "factor": factor})
    return replace(model, preprocess=type(model.preprocess).from_operations(declared, model.bands))


def changed(model, operation):
    declared = [operation if one["op"] == operation["op"] else one for one in model.preprocess.declared()]
    return replace(model, preprocess=type(model.preprocess).from_operations(declared, model.bands))
