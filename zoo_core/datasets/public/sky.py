"""Telescope images with a table of what they show: real lenses and real galaxies, of any survey.

A folder with `labels.csv` and the FITS files that it names, one row a file:

    file         below the folder
    label        lens, nonlens
    name         of the object; by default that of the file
    band         of the image; for a cube those of its planes: "g,r,i,z,y"
    pixel_scale  arcsec; by default that of the header
    arc          optional: clear, weak, or none_seen for a lens whose arcs are not visible
    theta_E      optional, arcsec
    type         optional, in words

Images of one folder have many pixel scales and sizes. Each is brought from its own scale to a common one as it is read,
as the preprocessing of a model does it, so that nothing is resampled twice.
"""

import csv
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from ...errors import DatasetError, ImageError
from ...images import Source, read
from ...images.blanks import find
from ...images.geometry import crop, resample
from ...images.source import FileSource, stem
from ...interfaces import Description
from ...tasks import Heads
from .files import FileDataset

__all__ = ["SPLITS", "ListedFile", "Sky", "rows_of", "sky", "split_of"]

HEADS = Heads(classes=("nonlens", "lens"))
LABELS = "labels.csv"
NOT_SEEN = "none_seen"
NO_ARC = "none"
SPLITS = ("train", "validation", "test")
TENTHS = {0: "train", 1: "train", 2: "train", 3: "train", 4: "validation", 5: "validation"}  # the other four: test

log = logging.getLogger("zoo")


@dataclass(frozen=True)
class ListedFile:
    """One file of the table.

    Arguments:
        id: the file below the folder, without its suffix.
        file: where it is.
        name: of the object.
        label: 0 or 1.
        bands: of its planes.
        pixel_scale: arcsec, or None: as its header says.
        arc: how visible the arcs are; "none" for what is no lens.
        theta_E: arcsec, or NaN.
        kind: the folder that it lies in.
    """

    id: str
    file: Path
    name: str
    label: int
    bands: tuple[str, ...]
    pixel_scale: float | None
    arc: str
    theta_E: float
    kind: str


def sky(
    path: str | Path,
    split: str | Sequence[str] | None = None,
    bands: Mapping[str, str] | None = None,
    pixel_scale: float = 0.1,
    size: int = 101,
) -> "Sky":
    """Lenses and galaxies of the folder `path`.

    Lenses whose arcs are not visible (`none_seen`) are left out: they are no lenses to learn from, nor galaxies without
    arcs.

    Arguments:
        path: the folder with labels.csv.
        split: "train" (four tenths of the objects), "validation" (two) or "test" (four), see `split_of`, or several of
            them; None: all.
        bands: what a model calls each band, and what the table calls it, by default {"VIS": "F814W"}; rows without one
            of them are left out.
        pixel_scale: arcsec, to which every image is brought.
        size: pixels a side, NaN around smaller images.

    Raises:
        DatasetError: the table is missing or malformed, or nothing of it is left.
    """
    splits = SPLITS if split is None else (split,) if isinstance(split, str) else tuple(split)
    if not splits or not set(splits) <= set(SPLITS):
        raise DatasetError(f"sky: split is {split!r}; choose of {', '.join(SPLITS)}, or none for all")
    bands = bands or {"VIS": "F814W"}
    rows = [
        row
        for row in rows_of(Path(path).expanduser())
        if set(bands.values()) <= set(row.bands) and row.arc != NOT_SEEN and split_of(row.name) in splits
    ]
    if not rows:
        where = f"in {', '.join(bands.values())} in the split {' and '.join(splits)}"
        raise DatasetError(f"sky: {path} has no image {where}")
    return Sky(rows, bands, pixel_scale, size)


class Sky(FileDataset):
    """Images of telescopes on a common pixel scale.

    Arguments:
        rows: of the table.
        bands: see `sky`.
        pixel_scale: arcsec, of all images as they are given out.
        size: pixels a side.
    """

    def __init__(self, rows: Sequence[ListedFile], bands: Mapping[str, str], pixel_scale: float, size: int):
        sources = [FileSource(str(row.file)) for row in rows]
        columns = {
            "object": np.array([row.name for row in rows]),
            "arc": np.array([row.arc for row in rows]),
            "kind": np.array([row.kind for row in rows]),
            "theta_E": np.array([row.theta_E for row in rows]),
        }
        labels = np.array([row.label for row in rows])
        description = Description(
            name="sky",
            version="1",
            task="classification",
            domain="real",
            bands=tuple(bands),
            pixel_scale=pixel_scale,
            heads=HEADS,
        )
        super().__init__(description, sources, labels, columns, size)
        self._planes, self._rows = bands, {source.key: row for source, row in zip(sources, rows, strict=True)}

    def truth(self) -> dict[str, np.ndarray]:
        """`id`, `label`, and of the table `object` (its name), `arc`, `kind` (the folder) and `theta_E`."""
        return {**super().truth(), "id": np.array([row.id for row in self._rows.values()])}

    def fingerprint(self) -> str:
        """sha256 of names, sizes and labels, and of the scale."""
        described = f"{super().fingerprint()} {self.description.pixel_scale} {dict(self._planes)}"
        return hashlib.sha256(described.encode()).hexdigest()

    def _read(self, source: Source) -> np.ndarray:
        row = self._rows[source.key]
        wanted, size = self.description.pixel_scale, self.size
        assert wanted is not None and size is not None
        try:
            raw = read(source, n_bands=len(row.bands))
            scale = row.pixel_scale or raw.pixel_scale
            if scale is None:
                raise DatasetError(f"sky: {row.file} has no pixel scale, neither in {LABELS} nor in its header")
            pixels = raw.pixels[[row.bands.index(band) for band in self._planes.values()]]
            valid = find(pixels) if raw.mask is None else find(pixels) & ~raw.mask
            pixels, valid = resample(pixels, valid, scale, wanted)
        except ImageError as error:
            raise DatasetError(f"sky: {row.file}: {error}") from error
        return _framed(*crop(pixels, valid, size), size)


def split_of(name: str) -> str:
    """The split that an object is in, whatever the file; a function of its name alone."""
    return TENTHS.get(int(hashlib.sha256(f"sky {name}".encode()).hexdigest(), 16) % 10, "test")


def rows_of(folder: Path) -> list[ListedFile]:
    """The files that labels.csv names, each once.

    Raises:
        DatasetError: there is no table, a column or a file is missing, or a value cannot be used; names the line.
    """
    table = folder / LABELS
    if not table.is_file():
        raise DatasetError(f"sky: {folder} holds no {LABELS}; give the folder with the table and its images")
    with table.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        if missing := sorted({"file", "label", "band"} - set(reader.fieldnames or ())):
            raise DatasetError(f"sky: {table} has no column {', '.join(missing)}")
        rows = [_row(folder, f"{table}, line {reader.line_num}", entry) for entry in reader]
    return _distinct(rows, table)


def _row(folder: Path, where: str, entry: Mapping[str, str]) -> ListedFile:
    file = folder / entry["file"]
    if entry["label"] not in HEADS.classes:
        raise DatasetError(f"sky: {where}: label is {entry['label']!r}, it must be {' or '.join(HEADS.classes)}")
    if not file.is_file():
        raise DatasetError(f"sky: {where}: there is no {file}")
    return ListedFile(
        id=PurePosixPath(entry["file"]).with_name(stem(str(file))).as_posix(),
        file=file,
        name=entry.get("name") or file.name,
        label=HEADS.classes.index(entry["label"]),
        bands=tuple(band.strip() for band in entry["band"].split(",")),
        pixel_scale=_number(where, entry, "pixel_scale"),
        arc=entry.get("arc") or NO_ARC,
        theta_E=_number(where, entry, "theta_E") or np.nan,
        kind=file.parent.name,
    )


def _number(where: str, entry: Mapping[str, str], column: str) -> float | None:
    try:
        value = float(entry[column]) if entry.get(column) else None
    except ValueError:
        value = np.nan
    if value is not None and not 0 < value < np.inf:
        raise DatasetError(f"sky: {where}: {column} is {entry[column]!r}, not a positive number of arcsec")
    return value


def _distinct(rows: Sequence[ListedFile], table: Path) -> list[ListedFile]:
    """Each file once, as its first line says.

    Raises:
        DatasetError: lines of one file contradict each other in the label or the name of the object.
    """
    first: dict[Path, ListedFile] = {}
    for row in rows:
        before = first.setdefault(row.file, row)
        if (before.label, before.name) != (row.label, row.name):
            raise DatasetError(f"sky: {table} names {row.file} as two objects; give each a file, or remove a line")
    if len(first) < len(rows):
        log.warning("%s: %d lines name a file that another names too; each counts once", table, len(rows) - len(first))
    return list(first.values())


def _framed(pixels: np.ndarray, valid: np.ndarray, size: int) -> np.ndarray:
    """Size x size pixels, NaN where nothing was measured; pixel H // 2 lands on size // 2, as in `geometry.frame`."""
    framed = np.full((len(pixels), size, size), np.nan, dtype=np.float32)
    height, width = pixels.shape[1:]
    top, left = size // 2 - height // 2, size // 2 - width // 2
    framed[:, top : top + height, left : left + width] = np.where(valid, pixels, np.nan)
    return framed
