"""Restoration: denoising, deblending, convergence maps. What is predicted of an image is an image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import whole
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction
from .task import Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ["TASK", "Restoration", "RestorationTask"]


@dataclass(frozen=True)
class Restoration(Prediction):
    """Images (B, C, H, W) in `unit`, with their standard deviation where the network gives one."""

    image: Tensor
    unit: str
    sigma: Tensor | None = None

    def to_table(self) -> Columns:
        """No columns: the images are files of their own."""
        return {}

    def write(self, paths: Sequence[str], folder: Path) -> Columns:
        """A FITS file for each image, with its standard deviation as a second layer; `output`, their paths.

        Arguments:
            paths: the keys of the images; equal file names in different folders get different outputs.
            folder: of the files.
        """
        outputs = [folder / f"{_name(path)}.fits" for path in paths]
        images = self.image.cpu().numpy()
        sigmas = None if self.sigma is None else self.sigma.cpu().numpy()
        for k, output in enumerate(outputs):
            _write(output, images[k], None if sigmas is None else sigmas[k], self.unit)
        return {"output": [str(output) for output in outputs]}


class RestorationTask(Task):
    """Denoising, deblending, convergence maps: an image (B, C, H, W)."""

    name = "restoration"
    trains_on = ("restoration",)
    maps_images = True
    written = ("output",)
    pipeline = "image-to-image"

    def outputs(self, heads: Heads) -> int:
        """One channel for each parameter (map)."""
        return max(1, len(heads.parameters))

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Restoration:
        """The image in the first unit."""
        return Restoration(output.float(), heads.units[0] if heads.units else "")

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Mean absolute error (Vojtekova et al. 2021, MNRAS 503, 3204)."""
        return (output - target).abs().mean()

    def empty_columns(self, heads: Heads) -> Columns:
        """None: the images are files."""
        return {}


def _write(output: Path, image: np.ndarray, sigma: np.ndarray | None, unit: str) -> None:
    from astropy.io import fits

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


TASK = RestorationTask()
