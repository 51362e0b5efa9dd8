"""The Strong Lensing Challenge of the ML4SCI hackathon 2020: simulated lenses without and with substructure.

Two folders of JPEG files, `no_sub` and `sub`: 150 x 150 pixels, 8-bit grey, each image scaled to its own maximum. The
challenge has no test set that is public, so a fifth is held back here, by a hash of the file's name.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....errors import DatasetError
from ....images.source import FileSource, Source
from ....tasks import Heads
from ..files import FileDataset

__all__ = ["HEADS", "SPLITS", "Slc2020", "slc2020", "split_of"]

HEADS = Heads(classes=("no_sub", "sub"))
SPLITS = ("train", "validation", "test")
SIDE = 150  # pixels
WHITE = np.float32(255)


class Slc2020(FileDataset):
    """Images (1, 150, 150) of 0 to 1, without any stretch."""

    def __init__(self, sources: Sequence[Source], labels: np.ndarray):
        super().__init__("slc2020", "simulated", ("grey",), None, HEADS, sources, labels)

    def _read(self, source: Source) -> np.ndarray:
        pixels = super()._read(source)
        if pixels.shape != (1, SIDE, SIDE):
            raise DatasetError(f"slc2020: {source.key} has shape {pixels.shape}, not (1, {SIDE}, {SIDE}); remove it")
        return pixels


def slc2020(path: str | Path, split: str = "all", marginalised: bool | str = False) -> Slc2020:
    """Images of one split.

    Arguments:
        path: the folder that holds `no_sub` and `sub`, or the one above it that holds `lenses`.
        split: "train" (three fifths), "validation" (one), "test" (one), or "all".
        marginalised: changed so that the Einstein radius tells nothing, "resampled" (true for short) or "matched"; see
            `marginalised`.

    Raises:
        DatasetError: a split or a way of another name, no such folder, or a class without images.
    """
    if split not in (*SPLITS, "all"):
        raise DatasetError(f"slc2020: split is {split!r}; choose one of {', '.join(SPLITS)}, all")
    root = _root(Path(path).expanduser())
    files = [[file for file in _files(root / name) if split in ("all", split_of(file.name))] for name in HEADS.classes]
    labels = np.repeat(np.arange(len(files)), [len(found) for found in files])
    return _opened([FileSource(str(file)) for found in files for file in found], labels, marginalised)


def split_of(name: str) -> str:
    """The split that a file of that name is in, wherever it lies; a function of the name alone."""
    part = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 5
    return {0: "test", 1: "validation"}.get(part, "train")


def _opened(sources: Sequence[Source], labels: np.ndarray, marginalised: bool | str) -> Slc2020:
    if marginalised is False:
        return Slc2020(sources, labels)
    from .marginalised import MarginalisedSlc2020  # fits lenses, which most who read these images do not

    return MarginalisedSlc2020(sources, labels, "resampled" if marginalised is True else marginalised)


def _root(path: Path) -> Path:
    for root in (path, path / "lenses"):
        if all((root / name).is_dir() for name in HEADS.classes):
            return root
    raise DatasetError(f"slc2020: {path} holds no folders no_sub and sub; give the folder of the unpacked challenge")


def _files(folder: Path) -> list[Path]:
    """Its JPEG files by name; folders also hold a stray .DS_Store."""
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise DatasetError(f"slc2020: {folder} holds no JPEG file; unpack the challenge's images into it")
    return found
