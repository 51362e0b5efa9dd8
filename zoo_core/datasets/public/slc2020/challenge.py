"""The Strong Lensing Challenge of the ML4SCI hackathon 2020: simulated lenses without and with substructure.

Two folders of JPEG files, `no_sub` and `sub`: 150 x 150 pixels, 8-bit grey, each image scaled to its own maximum. The
challenge has no test set that is public, so a fifth is held back here, by a hash of the file's name.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from ....errors import DatasetError
from ....images.source import Source
from ....interfaces import Description
from ....tasks import Heads
from ..files import FileDataset

__all__ = ["HEADS", "SIDE", "SPLITS", "WHITE", "Slc2020", "split_of"]

HEADS = Heads(classes=("no_sub", "sub"))
DESCRIPTION = Description(
    name="slc2020",
    version="1",
    task="classification",
    domain="simulated",
    bands=("grey",),
    pixel_scale=None,
    heads=HEADS,
)
SPLITS = ("train", "validation", "test")
SIDE = 150  # pixels
WHITE = np.float32(255)


class Slc2020(FileDataset):
    """Images (1, 150, 150) of 0 to 1, without any stretch."""

    def __init__(self, sources: Sequence[Source], labels: np.ndarray):
        super().__init__(DESCRIPTION, sources, labels)

    def _read(self, source: Source) -> np.ndarray:
        pixels = super()._read(source)
        if pixels.shape != (1, SIDE, SIDE):
            raise DatasetError(f"slc2020: {source.key} has shape {pixels.shape}, not (1, {SIDE}, {SIDE}); remove it")
        return pixels


def split_of(name: str) -> str:
    """The split that a file of that name is in, wherever it lies; a function of the name alone."""
    part = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 5
    return {0: "test", 1: "validation"}.get(part, "train")
