"""Your own images, one folder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import DatasetError, ImageReadError
from ...images import find_sources
from ...interfaces import Description
from ...tasks import Heads
from .files import FileDataset

__all__ = ["folder"]


def folder(
    path: str | Path,
    classes: Sequence[str] | None = None,
    bands: Sequence[str] = ("VIS",),
    pixel_scale: float | None = None,
    ext: str | int | None = None,
    size: int | None = None,
    domain: str = "real",
) -> FileDataset:
    """Images in `path`/<class>/.

    Arguments:
        path: the folder that holds a folder for each class.
        classes: names of these folders in the order of the labels, the positive class last of two; by default
            sorted, without hidden ones.
        bands: physical bands of each image.
        pixel_scale: arcsec, needed if the model resamples.
        ext: which layer of each file.
        size: crop or pad to so many pixels a side; needed if the images differ in size.
        domain: "real" or "simulated".

    Raises:
        DatasetError: fewer than two classes, a class without images, or a file that cannot be used.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DatasetError(f"{root} is not a folder; it should hold one folder of images for each class")
    names = list(classes) if classes else sorted(child.name for child in root.iterdir() if _is_class(child))
    if len(names) < 2:
        raise DatasetError(f"{root} holds {len(names)} folder(s) {names}; classification needs one for each class")
    sources, labels = [], []
    for label, name in enumerate(names):
        try:
            found = list(find_sources(root / name, ext=ext))
        except ImageReadError as error:
            raise DatasetError(f"class {name!r}: {error}") from error
        sources += found
        labels += [label] * len(found)
    heads = Heads(classes=tuple(names))
    description = Description("folder", "1", "classification", domain, tuple(bands), pixel_scale, heads)
    return FileDataset(description, sources, np.array(labels), size=size)


def _is_class(child: Path) -> bool:
    return child.is_dir() and not child.name.startswith(".")
