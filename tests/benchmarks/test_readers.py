"""Core time of reading one image, beside the same through astropy. Run with `pytest --benchmark-only`."""

import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

from zoo_core.images import find_cutouts, find_sources, read

pytestmark = pytest.mark.benchmark(group="one 101 x 101 image", timer=time.process_time, min_rounds=200, warmup=True)

PIXELS = np.random.default_rng(0).normal(size=(101, 101)).astype(np.float32)
STEP = 0.1 / 3600
HEADER = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -STEP, "CD2_2": STEP, "BUNIT": "nJy"})


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["image"] = PIXELS


WRITERS: dict[str, Callable[[Path], object]] = {
    "a.fits": lambda path: fits.PrimaryHDU(PIXELS, HEADER).writeto(path),
    "extension.fits": lambda path: fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(PIXELS, HEADER)]).writeto(path),
    "rice.fits.fz": lambda path: fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(PIXELS, HEADER)]).writeto(path),
    "a.npy": lambda path: np.save(path, PIXELS),
    "a.npz": lambda path: np.savez_compressed(path, image=PIXELS),
    "a.h5": write_hdf5,
    "a.png": lambda path: Image.fromarray(PIXELS.astype(np.uint8)).save(path),
}


def through_astropy(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with fits.open(path) as hdus:
        return hdus[0].data.astype(np.float32), proj_plane_pixel_scales(WCS(hdus[0].header))


@pytest.mark.parametrize("name", WRITERS)
def test_read(benchmark: BenchmarkFixture, tmp_path: Path, name: str):
    WRITERS[name](tmp_path / name)
    (source,) = find_sources(tmp_path / name)

    raw = benchmark(read, source, n_bands=1)

    assert raw.pixels.shape == (1, 101, 101)
    if name == "a.fits":
        assert benchmark.stats["median"] < 0.6e-3  # half of what reading and preprocessing may cost together


def test_astropy(benchmark: BenchmarkFixture, tmp_path: Path):
    WRITERS["a.fits"](tmp_path / "a.fits")

    pixels, _ = benchmark(through_astropy, tmp_path / "a.fits")

    assert pixels.shape == (101, 101)


@pytest.mark.parametrize("compressed", [False, True])
def test_cutout_of_a_mosaic(benchmark: BenchmarkFixture, tmp_path: Path, compressed: bool):
    path, catalog = tmp_path / "tile.fits", tmp_path / "positions.csv"
    mosaic = np.random.default_rng(0).normal(size=(3000, 3000)).astype(np.float32)
    hdu = fits.CompImageHDU(mosaic, HEADER, tile_shape=(256, 256)) if compressed else fits.ImageHDU(mosaic, HEADER)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    Table({"x": [1500.0], "y": [1500.0]}).write(catalog)
    (source,) = find_cutouts(catalog, path, pixels=101)

    raw = benchmark(read, source, n_bands=1)

    assert raw.pixels.shape == (1, 101, 101)
