"""Restored images as FITS files."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from ..files import whole
from ..tasks import Restoration

__all__ = ["write_restored"]


def write_restored(prediction: Restoration, paths: Sequence[str], out_dir: Path) -> list[str]:
    """A FITS file for each image, with its standard deviation as a second layer; returns their paths.

    Arguments:
        paths: the keys of the images; equal file names in different folders get different outputs.
    """
    outputs = [out_dir / f"{_name(path)}.fits" for path in paths]
    images = prediction.image.cpu().numpy()
    sigmas = None if prediction.sigma is None else prediction.sigma.cpu().numpy()
    for k, output in enumerate(outputs):
        _write(output, images[k], None if sigmas is None else sigmas[k], prediction.unit)
    return [str(output) for output in outputs]


def _write(output: Path, image: np.ndarray, sigma: np.ndarray | None, unit: str) -> None:
    layers: list[Any] = [fits.PrimaryHDU(image[0] if len(image) == 1 else image)]
    if sigma is not None:
        layers.append(fits.ImageHDU(sigma[0] if len(sigma) == 1 else sigma, name="SIGMA"))
    for layer in layers:
        if unit:
            layer.header["BUNIT"] = unit
    with whole(output) as partial:
        fits.HDUList(layers).writeto(partial, overwrite=True)


def _name(path: str) -> str:
    return re.sub(r"[^\w.\-]+", "_", path).strip("_.")
