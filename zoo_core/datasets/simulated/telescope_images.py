"""The telescope images that simulated ones are mixed with: hosts and examples are made of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...images.preprocess import Preprocess
from ...sim.cutouts import FRAME
from ..public.sky import sky

__all__ = ["TelescopeImages", "read_telescope_images"]


@dataclass(frozen=True)
class TelescopeImages:
    """Images on the pixels of the simulated ones.

    Arguments:
        pixels: (N, side, side), in units of their own noise, sky subtracted; continued where nothing was measured.
        measured: where something was, (N, side, side).
        labels: (N,); 1 for lenses.
        folder: where they lie.
    """

    pixels: Tensor
    measured: Tensor
    labels: Tensor
    folder: Path


def read_telescope_images(path: Path | str) -> TelescopeImages:
    """The training split of a folder of telescope images, see `public.sky.sky`.

    Raises:
        DatasetError: the folder cannot be used.
    """
    images = sky(path, split="train", pixel_scale=FRAME.pixel_scale, size=FRAME.side)
    operations = ({"op": "frame", "size": FRAME.side}, {"op": "noise_units"})
    prepare = Preprocess.from_operations(operations, images.description.bands)
    raw = [images.images([row]) for row in range(len(images))]
    pixels = torch.cat([prepare.images(image) for image in raw])[:, 0]
    measured = torch.from_numpy(np.isfinite(np.concatenate(raw)))[:, 0]
    labels = torch.from_numpy(images.truth()["label"].astype(np.int64))
    return TelescopeImages(pixels, measured, labels, Path(path))
