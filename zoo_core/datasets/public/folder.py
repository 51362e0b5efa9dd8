"""Your own images, one folder a class."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DatasetError, ImageError, ImageReadError
from ...images import RawImage, Source, find_sources
from ...images.blanks import find
from ...images.geometry import resample
from ...images.given import in_arcsec
from ...interfaces import Description
from ...tasks import Heads
from .files import FileDataset

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["Folder", "folder"]

log = logging.getLogger("zoo")

LAYOUT = (
    "wanted is a folder of images for each class, as in mine/nonlens/a.fits, mine/lens/b.fits (images for domain "
    "adaptation, whose class nobody need know, lie in the folder itself: labelled: false)"
)
UNLABELLED = "unlabelled"  # stands in fingerprints

SAME_SCALE = 0.01  # relative difference of pixel scales that is no contradiction


def folder(
    path: str | Path,
    classes: Sequence[str] | None = None,
    bands: Sequence[str] = ("VIS",),
    pixel_scale: "float | Quantity | None" = None,
    ext: str | int | None = None,
    size: int | None = None,
    domain: str = "real",
    labelled: bool = True,
) -> "Folder":
    """Images in `path`/<class>/, or in `path` itself if nobody knows their classes.

    Arguments:
        path: the folder that holds a folder for each class.
        classes: names of these folders in the order of the labels, the positive class last of two; by default
            sorted, without hidden ones.
        bands: physical bands of each image.
        pixel_scale: arcsec of all images, or an angle of astropy; overrides the headers. None: that of the first
            image's header, to which those of another scale are resampled.
        ext: which layer of each file.
        size: crop or pad to so many pixels a side; needed if the images differ in size.
        domain: "real" or "simulated".
        labelled: false: the images lie in `path`, and all have the label 0, of a class "unlabelled"; they are for
            domain adaptation.

    Raises:
        DatasetError: fewer than two classes, a class that is there twice or without images, or a file that cannot be
            used.
    """
    if isinstance(bands, str) or isinstance(classes, str):
        raise DatasetError(f"folder: bands = {bands!r}, classes = {classes!r}; give lists of names, such as ['VIS']")
    if size is not None and size < 1:
        raise DatasetError(f"folder: size is {size}; it must be at least 1")
    root = Path(path).expanduser()
    if not root.is_dir():
        raise DatasetError(f"{root} is {'a file' if root.exists() else 'not there'}; {LAYOUT}")
    folders = _folders(root, classes) if labelled else {UNLABELLED: root}
    found = {name: _found(name, folder, ext) for name, folder in folders.items()}
    sources = [source for of_class in found.values() for source in of_class]
    labels = [label for label, of_class in enumerate(found.values()) for _ in of_class]
    heads = Heads(classes=tuple(found))
    description = Description(
        name="folder",
        version="1",
        task="classification",
        domain=domain,
        bands=tuple(bands),
        pixel_scale=None,
        heads=heads,
    )
    scale = in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale)
    return Folder(description, sources, np.array(labels), size, scale)


class Folder(FileDataset):
    """Images in files, all on the pixel scale of the first, or on the one that is given.

    Arguments:
        description: what the set is, but for its pixel scale.
        sources, labels, size: as of `FileDataset`.
        pixel_scale: arcsec, whatever the headers say; None: as the first header says.
    """

    def __init__(
        self,
        description: Description,
        sources: Sequence[Source],
        labels: np.ndarray,
        size: int | None = None,
        pixel_scale: float | None = None,
    ):
        super().__init__(description, sources, labels, size=size)
        self._given = pixel_scale
        self._contradicted = False
        scale = self._raw(sources[0]).pixel_scale if pixel_scale is None else pixel_scale
        self.description = replace(description, pixel_scale=scale)

    def _pixels(self, raw: RawImage) -> np.ndarray:
        wanted, scale = self.description.pixel_scale, raw.pixel_scale
        if self._given is not None:
            self._warn_of(raw)
            return super()._pixels(raw)
        if (wanted is None) != (scale is None):
            known, unknown = (self.sources[0].key, raw.path) if scale is None else (raw.path, self.sources[0].key)
            raise DatasetError(
                f"folder: {unknown} says no pixel scale, {known} does; pass that of all images, "
                "pixel_scale= (--pixel-scale)"
            )
        return super()._pixels(raw) if wanted is None or scale is None else self._resampled(raw, scale, wanted)

    def _resampled(self, raw: RawImage, scale: float, wanted: float) -> np.ndarray:
        if abs(scale / wanted - 1) <= SAME_SCALE:
            return super()._pixels(raw)
        valid = find(raw.pixels) if raw.mask is None else find(raw.pixels) & ~raw.mask
        try:
            pixels, valid = resample(raw.pixels, valid, scale, wanted)
        except ImageError as error:
            raise DatasetError(f"folder: {raw.path}: {error}") from error
        return np.where(valid, pixels, np.float32(np.nan))

    def _warn_of(self, raw: RawImage) -> None:
        """Say once that a header gives another scale than the one that is used."""
        scale = raw.pixel_scale
        if self._given is None or scale is None or self._contradicted or abs(self._given / scale - 1) <= SAME_SCALE:
            return
        self._contradicted = True
        log.warning("folder: pixel scale %g used, the header of %s says %.4g", self._given, raw.path, scale)


def _check_apart(root: Path, names: Sequence[str]) -> None:
    """Raise DatasetError if two classes are one folder, by their name or by a link: each image would be of both."""
    places: dict[Path, str] = {}
    for name in names:
        place = (root / name).resolve()
        if place in places:
            raise DatasetError(f"{root}: classes {places[place]!r} and {name!r} are one folder; leave one of them out")
        places[place] = name


def _folders(root: Path, classes: Sequence[str] | None) -> dict[str, Path]:
    """The folder of each class."""
    names = list(classes) if classes else sorted(child.name for child in root.iterdir() if _is_class(child))
    if len(names) < 2:
        raise DatasetError(f"{root} holds {_content(root, names)}; {LAYOUT}")
    _check_apart(root, names)
    return {name: root / name for name in names}


def _content(root: Path, folders: Sequence[str]) -> str:
    """What lies there instead of the folders of classes, in words."""
    files = sum(child.is_file() and not child.name.startswith(".") for child in root.iterdir())
    named = f"the folder {folders[0]} alone" if folders else "no folder"
    return f"{named} and {files} file{'' if files == 1 else 's'}"


def _found(name: str, folder: Path, ext: str | int | None) -> list[Source]:
    """The images of a class."""
    try:
        return list(find_sources(folder, ext=ext))
    except ImageReadError as error:
        raise DatasetError(f"class {name!r}: {error}") from error


def _is_class(child: Path) -> bool:
    return child.is_dir() and not child.name.startswith(".")
