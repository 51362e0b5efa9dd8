"""The first Bologna lens-finding challenge (Metcalf et al. 2019, A&A 625, A119).

The images are found wherever they lie below the folder, by their names: `imageEUC_VIS-<ID>.fits` of the space set,
`imageSDSS_{R,I,G,U}-<ID>.fits` of the ground set. Labels come from `classifications.csv` (or the name given), or, if
there is none, from folders called `lens` and `nolens` or `nonlens`. The catalogues of the test sets have the column
`no_source` in place of `is_lens`: `labels="ground_catalog.4.csv"`.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from ...images.pairs import PairedSource
from ...images.source import FileSource, Source
from ...interfaces import Description
from ...tasks import Heads
from .files import FileDataset

__all__ = ["GROUND", "SPACE", "blf1_ground", "blf1_space", "rows_of"]

HEADS = Heads(classes=("nonlens", "lens"))
SPACE = {"VIS": "EUC_VIS"}
GROUND = {"r": "SDSS_R", "i": "SDSS_I", "g": "SDSS_G", "u": "SDSS_U"}
NO_SOURCE = "no_source"  # of the catalogues of the test set, 1 for what is no lens
FLAGS = ("0", "1", "0.0", "1.0")
SQUARE_RADIAN = 206264.806**2  # square arcsec


def blf1_space(path: str | Path, labels: str = "classifications.csv") -> FileDataset:
    """The space set: one Euclid-like band, 101 x 101 pixels of 0.1 arcsec."""
    return _challenge("blf1_space", Path(path), SPACE, 0.1, labels)


def blf1_ground(path: str | Path, labels: str = "classifications.csv") -> FileDataset:
    """The ground set: four KiDS-like bands, 101 x 101 pixels of 0.2 arcsec; masked pixels hold 100."""
    return _challenge("blf1_ground", Path(path), GROUND, 0.2, labels)


def _challenge(name: str, root: Path, bands: Mapping[str, str], pixel_scale: float, labels: str) -> FileDataset:
    if not root.is_dir():
        raise DatasetError(f"{name}: {root} is not a folder; give the one into which the challenge was unpacked")
    found = {band: _files(name, root, key) for band, key in bands.items()}
    ids = sorted(set.intersection(*(set(files) for files in found.values())))
    incomplete = sorted(set.union(*(set(files) for files in found.values())) - set(ids))
    if incomplete:
        raise DatasetError(f"{name}: {len(incomplete)} images lack a band, the first is {incomplete[0]}")
    if not ids:
        raise DatasetError(f"{name}: no image{next(iter(bands.values()))}-<ID>.fits below {root}")
    is_lens, columns = _truth(name, root, labels, ids, found[next(iter(bands))])
    sources = [_source(image_id, [found[band][image_id] for band in bands], list(bands)) for image_id in ids]
    description = Description(
        name=name,
        version="1",
        task="classification",
        domain="simulated",
        bands=tuple(bands),
        pixel_scale=pixel_scale,
        heads=HEADS,
    )
    return FileDataset(description, sources, is_lens, columns)


def _files(name: str, root: Path, key: str) -> dict[str, Path]:
    """Files by ID."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob(f"image{key}-*.fits")):
        first = found.setdefault(path.stem.rpartition("-")[2], path)
        if first != path:
            raise DatasetError(
                f"{name}: {first} and {path} have one ID; give the folder of one set, or remove one of them"
            )
    return found


def _source(image_id: str, paths: Sequence[Path], bands: Sequence[str]) -> Source:
    files = tuple(FileSource(str(path)) for path in paths)
    return files[0] if len(files) == 1 else PairedSource(image_id, tuple(bands), files)


def _truth(
    name: str, root: Path, labels: str, ids: Sequence[str], files: Mapping[str, Path]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    catalogues = sorted(root.rglob(labels))
    if len(catalogues) > 1:
        raise DatasetError(f"{name}: {catalogues[0]} and {catalogues[1]} list labels; give the folder of one set")
    if catalogues:
        return _catalogue(name, catalogues[0], ids)
    return np.array([_folder_label(name, files[image_id], labels) for image_id in ids]), {}


def _folder_label(name: str, path: Path, labels: str) -> int:
    for part in path.parts[::-1]:
        if part in ("lens", "nolens", "nonlens"):
            return int(part == "lens")
    raise DatasetError(f"{name}: there is no {labels}, and {path} is in no folder called lens or nolens")


def _catalogue(name: str, path: Path, ids: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rows = rows_of(f"{name}: {path}", path)
    missing = [image_id for image_id in ids if image_id not in rows]
    if missing:
        raise DatasetError(f"{name}: {path} does not list {len(missing)} of the images, the first is {missing[0]}")
    areas = np.array([rows[image_id].einstein_area for image_id in ids])
    columns = {} if np.isnan(areas).all() else {"theta_E": np.sqrt(np.maximum(areas, 0) * SQUARE_RADIAN / np.pi)}
    return np.array([rows[image_id].is_lens for image_id in ids]), columns


@dataclass(frozen=True)
class _Row:
    """One line of the catalogue; `einstein_area` in square radian, NaN where there is none."""

    line: int
    is_lens: int
    einstein_area: float


def rows_of(where: str, path: Path) -> dict[str, _Row]:
    """Rows by ID; DatasetError names the line that is wrong."""
    lines = _lines(where, path)
    if not lines:
        raise DatasetError(f"{where} is empty; it should have the columns ID and is_lens")
    (number, header), *others = lines
    for column in ("ID", "is_lens"):
        if column not in header and not (column == "is_lens" and NO_SOURCE in header):
            raise DatasetError(f"{where}, line {number}: no column {column}, the columns are {', '.join(header)}")
        if header.count(column) > 1:
            raise DatasetError(f"{where}, line {number}: {header.count(column)} columns {column}; remove the wrong one")
    found: dict[str, _Row] = {}
    for number, cells in others:
        row = _cells(f"{where}, line {number}", header, cells)
        read = _row(f"{where}, line {number}", number, row)
        before = found.setdefault(row["ID"], read)
        if before.is_lens != read.is_lens:
            raise DatasetError(
                f"{where}, line {number}: {row['ID']} has is_lens {read.is_lens}, and {before.is_lens} in line "
                f"{before.line}; remove the wrong one"
            )
    return found


def _cells(where: str, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells of one line, by column; those that are missing at its end are empty."""
    if any(cells[len(header) :]):
        raise DatasetError(f"{where}: {len(cells)} cells, the header has {len(header)}; correct the line")
    row = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    if not row["ID"]:
        raise DatasetError(f"{where}: no ID; write that of an image, or remove the line")
    return row


def _lines(where: str, path: Path) -> list[tuple[int, list[str]]]:
    """Number and cells of each line that is neither empty nor a comment."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        kept = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip() and line[0] != "#"]
        cells = list(csv.reader([line for _, line in kept], skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{where}: cannot be read ({error})") from error
    return [(number, [cell.strip() for cell in row]) for (number, _), row in zip(kept, cells, strict=False)]


def _row(where: str, line: int, row: Mapping[str, str]) -> _Row:
    is_lens = row.get("is_lens", "")
    no_lens = str(1 - int(float(row[NO_SOURCE]))) if row.get(NO_SOURCE) in FLAGS else None
    if "is_lens" not in row and no_lens is not None:
        is_lens = no_lens
    if is_lens not in FLAGS:
        raise DatasetError(f"{where}: is_lens of {row['ID']} is {is_lens!r}; write 0 or 1")
    if no_lens is not None and float(no_lens) != float(is_lens):
        raise DatasetError(f"{where}: {row['ID']} has is_lens {is_lens} and {NO_SOURCE} {row[NO_SOURCE]}; correct one")
    area = next((value for column, value in row.items() if column.lower() == "einstein_area"), "")
    return _Row(line, int(float(is_lens)), _area(where, area))


def _area(where: str, written: str) -> float:
    try:
        area = float(written or "nan")
    except ValueError:
        area = np.inf
    if np.isinf(area):
        raise DatasetError(f"{where}: einstein_area is {written!r}; write a number")
    return area
