"""Opening the challenge's images, as they are or marginalised."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....errors import DatasetError
from ....images.source import FileSource, Source
from .challenge import HEADS, SPLITS, Slc2020, split_of

__all__ = ["slc2020"]


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


def _opened(sources: Sequence[Source], labels: np.ndarray, marginalised: bool | str) -> Slc2020:
    if marginalised is False:
        return Slc2020(sources, labels)
    from .marginalised import MarginalisedSlc2020  # fits lenses, which most who read these images do not

    return MarginalisedSlc2020(sources, labels, "resampled" if marginalised is True else marginalised)


def _root(path: Path) -> Path:
    for root in (path, path / "lenses"):
        if all((root / name).is_dir() for name in HEADS.classes):
            return root
    what = "holds no folders no_sub and sub" if path.is_dir() else "is not there"
    raise DatasetError(
        f"slc2020: {path} {what}; give the folder of the unpacked challenge (`zoo datasets info slc2020` says where to "
        "get it)"
    )


def _files(folder: Path) -> list[Path]:
    """Its JPEG files by name; folders also hold a stray .DS_Store."""
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise DatasetError(f"slc2020: {folder} holds no JPEG file; unpack the challenge's images into it")
    return found
