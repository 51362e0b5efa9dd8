"""Maps of the convergence as files and as pictures."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from astropy.io import fits
from matplotlib.image import imread

import zoo_core as zoo
from zoo_core.board.mass_maps import draw_mass_maps
from zoo_core.errors import ArgumentError


@pytest.fixture(scope="module")
def mapper():
    torch.set_num_threads(1)
    return replace(zoo.build("unet_convergence", device="cpu", widths=(8, 16)), weights_sha256="0" * 64)


@pytest.fixture(scope="module")
def lenses(tmp_path_factory):
    return zoo.open_dataset("convergence_euclid", n=2, seed=4, masses=["pair"], cache=tmp_path_factory.mktemp("cache"))


def test_a_map_is_a_file_with_its_sigma_and_stands_beside_the_image(mapper, lenses, tmp_path):
    table = mapper.predict(lenses, out_dir=tmp_path, gallery=tmp_path / "maps.png")
    expected = mapper(lenses.images([1]), 0.1)
    with fits.open(table["output"][1]) as layers:
        assert [layer.name for layer in layers] == ["LOG10_KAPPA", "SIGMA"] and layers[0].header["BUNIT"] == "dex"
        assert layers[0].header["PIXSCALE"] == 0.1
        seen = np.isfinite(lenses.images([1])[0, 0])
        for layer, part in zip(layers, (expected.image, expected.sigma), strict=True):
            np.testing.assert_allclose(layer.data[seen], part[0, 0].numpy()[seen], atol=1e-4)
            assert np.isnan(layer.data[~seen]).all()
    height, width = imread(tmp_path / "maps.png").shape[:2]
    assert width > 1.5 * height  # two pairs in a row


def test_the_board_shows_maps_beside_the_true_ones(mapper, lenses, tmp_path):
    (path,) = draw_mass_maps(mapper, lenses, np.arange(2), tmp_path / "mine")
    assert path.name == "mine-maps.png" and imread(path).std() > 0.1


def test_a_map_of_the_mass_is_no_image_that_a_finder_takes(mapper):
    with pytest.raises(ArgumentError, match=r"is for convergence, and lastro\.space needs an image"):
        zoo.pipeline([mapper, zoo.load("lastro.space", device="cpu")])
