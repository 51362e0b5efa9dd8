"""Small images to write and read, and a mosaic to cut them from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from zoo_core.images import find_cutouts, read

WriteFits = Callable[..., str]
STEP = 0.1 / 3600
TAN = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CUNIT1": "deg",
    "CUNIT2": "deg",
    "CRVAL1": 57.4,
    "CRVAL2": -51.0,
    "CRPIX1": 40.0,
    "CRPIX2": 30.0,
    "CD1_1": -STEP,
    "CD2_2": STEP,
}
MOSAIC = np.arange(60 * 80, dtype=np.float32).reshape(60, 80)  # the value of a pixel is 80 y + x
POSITIONS = np.array([[20.0, 10.0], [41.3, 29.8], [70.0, 55.0]])


@pytest.fixture
def image() -> np.ndarray:
    """Noise of 24 rows and 20 columns, so that a transposed image is noticed."""
    return np.random.default_rng(1).normal(size=(24, 20)).astype(np.float32)


@pytest.fixture
def cube() -> np.ndarray:
    """Four images of 24 x 20 pixels."""
    return np.random.default_rng(2).normal(size=(4, 24, 20)).astype(np.float32)


@pytest.fixture
def write_fits(tmp_path: Path) -> WriteFits:
    """Writes arrays as HDUs, the first one as the primary unless it has a name; returns the path."""

    def write(*arrays: np.ndarray | tuple[str, np.ndarray], name: str = "image.fits", **cards: object) -> str:
        hdus = [] if not isinstance(arrays[0], tuple) else [fits.PrimaryHDU()]
        for array in arrays:
            label, pixels = array if isinstance(array, tuple) else (None, array)
            hdus.append(fits.ImageHDU(pixels, name=label) if hdus else fits.PrimaryHDU(pixels))
            hdus[-1].header.update(cards)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fits.HDUList(hdus).writeto(path)
        return str(path)

    return write


@pytest.fixture
def mosaic(write_fits) -> str:
    return write_fits(MOSAIC, name="tile.fits", **TAN)


def catalogue(folder: Path, name: str = "positions.csv", **columns: object) -> str:
    Table(columns).write(folder / name)
    return str(folder / name)


def sky_of(positions: np.ndarray, mosaic: str) -> SkyCoord:
    return WCS(fits.getheader(mosaic)).pixel_to_world(*positions.T)


def central_pixels(catalog: str, mosaic: str) -> list[tuple[int, int]]:
    """Which pixel of the mosaic is in the middle of each cutout."""
    values = [int(read(source, n_bands=1).pixels[0, 3, 3]) for source in find_cutouts(catalog, mosaic, pixels=7)]
    return [(value % 80, value // 80) for value in values]
