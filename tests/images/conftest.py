"""Small images to write and read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

WriteFits = Callable[..., str]


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
