"""Models that were trained at one pixel scale, and images of another."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from astropy.io import fits

import zoo_core as zoo
from zoo_core.catalog.registry import read_registry
from zoo_core.errors import RegistryError

from ..tiny_models import OPERATIONS


@pytest.fixture
def trained_at(tiny):
    model = tiny()
    return replace(model, preprocess=replace(model.preprocess, trained_at=0.05))


def written(folder, scale, side=64):
    image = np.random.default_rng(3).normal(size=(side, side)).astype("float32")
    header = fits.Header() if scale is None else fits.Header({"CDELT1": -scale, "CDELT2": scale})
    if scale is not None:
        header.update({"CUNIT1": "arcsec", "CUNIT2": "arcsec", "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
    fits.PrimaryHDU(image, header).writeto(folder / "a.fits")
    return image[None, None]


def test_images_of_another_scale_are_resampled_to_that_of_the_training(trained_at, tiny, tmp_path):
    image = written(tmp_path, 0.1)
    resampling = tiny(operations=({"op": "resample", "pixel_scale": 0.05}, *OPERATIONS))
    expected = resampling(image, pixel_scale=0.1).probabilities[0, 1].item()
    row = trained_at.predict(tmp_path)[0]
    assert row["status"] == "ok" and row["message"].startswith("the middle 12 x 12 of 64 x 64 pixels were used")
    assert row["p_lens"] == pytest.approx(expected, abs=1e-6)
    assert abs(trained_at(image).probabilities[0, 1].item() - expected) > 1e-4


@pytest.mark.parametrize("scale", [0.05, 0.0504])
def test_images_of_its_own_scale_stay_as_they_are(trained_at, tiny, tmp_path, scale):
    image = written(tmp_path, scale)
    row = trained_at.predict(tmp_path)[0]
    assert row["p_lens"] == pytest.approx(tiny()(image).probabilities[0, 1].item(), abs=1e-6)


def test_a_scale_that_is_assumed_is_said_in_the_row(trained_at, tmp_path):
    written(tmp_path, None)
    row = trained_at.predict(tmp_path)[0]
    assert (row["status"], row["message"]) == ("ok", "no pixel scale is known, 0.05 arcsec assumed")


def test_a_scale_that_cannot_be_resampled_is_an_error_row(trained_at, tmp_path):
    written(tmp_path, 1.0)
    row = trained_at.predict(tmp_path)[0]
    assert row["status"] == "error"
    assert "pixel scale 1 arcsec differs from the model's 0.05" in row["message"]


def test_the_published_substructure_models_resample():
    model = zoo.load("resnet.substructure", device="cpu")
    image = torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    own, other = (model(image, pixel_scale=scale).logits for scale in (0.05, 0.1))
    torch.testing.assert_close(own, model(image).logits)
    assert (own - other).abs().max() > 1e-3


def test_an_entry_without_scale_is_refused(tmp_path):
    path = tmp_path / "registry.yaml"
    entry = "{task: anomaly, bands: [VIS], preprocess: [{op: frame, size: 8}], licence: MIT, known_failures: [], "
    entry += f'weights: {{sha256: "{"0" * 64}", size: 1}}}}'
    path.write_text(f"schema: 2\nmodels:\n  tiny.a: {entry}\n")
    with pytest.raises(RegistryError, match="pixel_scale is missing: write the arcsec"):
        read_registry(path, "zoo-tiny")
