"""`zoo explain`."""

import matplotlib.image
import numpy as np
import pytest
from astropy.io import fits

pytestmark = pytest.mark.usefixtures("flat_plugin")


@pytest.fixture
def two_layers(tmp_path):
    """A file with an image and its noise map, 8 x 8 pixels."""
    pixels = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    layers = [fits.ImageHDU(pixels, name="SCI"), fits.ImageHDU(np.ones_like(pixels), name="ERR")]
    fits.HDUList([fits.PrimaryHDU(), *layers]).writeto(tmp_path / "a.fits")
    return tmp_path / "a.fits"


def test_of_a_file_with_several_images_the_layer_that_is_named_is_explained(zoo_command, two_layers, tmp_path):
    arguments = "explain", "flat.space", two_layers, "--method", "occlusion", "-o", tmp_path / "pixels.png"
    asked = zoo_command(*arguments)
    assert asked.code == 1 and "--ext SCI" in asked.err

    answer = zoo_command(*arguments, "--ext", "SCI")
    assert answer.code == 0, answer.err
    assert matplotlib.image.imread(tmp_path / "pixels.png").ndim == 3


@pytest.mark.parametrize("on", [[], ["a.fits", "--on", "finding_space"]])
def test_images_or_a_benchmark_are_named(zoo_command, tmp_path, on):
    answer = zoo_command("explain", "flat.space", *on, "-o", tmp_path / "pixels.png")
    assert answer.code == 2 and "name images, or a benchmark with --on" in answer.err
