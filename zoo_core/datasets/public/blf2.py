"""The second Bologna lens-finding challenge: Euclid-like images in VIS, and in J, Y and H of NISP.

The images are found wherever they lie below the folder, by their names: `imageEUC_{VIS,J,Y,H}-<ID>.fits`, 200 x 200
pixels of 0.1 arcsec in VIS and 66 x 66 of 0.3 arcsec in the others. Labels come from the catalogue
`image_catalog2.0train.csv`, which begins with lines that start with `#` and has a first column without a name.
"""

import csv
import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError, ImageError
from ...images import Source
from ...images.geometry import resample
from ...images.pairs import PairedSource
from ...images.source import FileSource
from ...interfaces import Description
from ...tasks import Heads
from .files import FileDataset, centred

__all__ = ["BANDS", "CATALOGUE", "Blf2", "CatalogueRow", "blf2", "candidates"]

CATALOGUE = "image_catalog2.0train.csv"
CRITERIA = ("n_source_im", "mag_eff", "n_pix_source")

log = logging.getLogger("zoo")


@dataclass(frozen=True)
class BandFiles:
    """How the files of a band are called, their pixels a side, and arcsec a pixel."""

    key: str
    side: int
    pixel_scale: float


BANDS: Mapping[str, BandFiles] = {
    "VIS": BandFiles("EUC_VIS", 200, 0.1),
    "Y": BandFiles("EUC_Y", 66, 0.3),
    "J": BandFiles("EUC_J", 66, 0.3),
    "H": BandFiles("EUC_H", 66, 0.3),
}


@dataclass(frozen=True)
class CatalogueRow:
    """One row of the catalogue.

    Arguments:
        n_source_im: images of the source.
        mag_eff: its magnification, NaN where nothing is lensed.
        n_pix_source: pixels of the source that stand out of the noise.
    """

    n_source_im: float
    mag_eff: float
    n_pix_source: float

    @property
    def is_lens(self) -> bool:
        """As the challenge was scored: n_source_im > 0, mag_eff > 1.6 and n_pix_source > 20; a NaN is no lens."""
        return self.n_source_im > 0 and self.mag_eff > 1.6 and self.n_pix_source > 20


def blf2(path: str | Path, bands: Sequence[str] = tuple(BANDS), labels: str = CATALOGUE) -> "Blf2":
    """Candidates of the second challenge.

    Rows of the catalogue without an image are left out, as are images of which two rows contradict each other.

    Arguments:
        path: the folder into which the images were unpacked and the catalogue was put.
        bands: some of VIS, Y, J and H. All are brought to the pixels of the sharpest one: where VIS is among them, the
            66 x 66 pixels of the others become 198 x 198 in a frame of 200 x 200, their flux conserved.
        labels: name of the catalogue.

    Raises:
        DatasetError: the catalogue or a band is missing, or the catalogue lacks an image; names it.
    """
    root = Path(path).expanduser()
    if unknown := [band for band in bands if band not in BANDS]:
        raise DatasetError(f"blf2: there is no band {', '.join(unknown)}; choose among {', '.join(BANDS)}")
    if not root.is_dir():
        raise DatasetError(f"blf2: {root} is not a folder; give the one into which the challenge was unpacked")
    files = {band: files_of(root, band) for band in bands}
    ids = _complete(root, files)
    listed = candidates(_catalogue(root, labels))
    if missing := sorted(ids - set(listed)):
        raise DatasetError(f"blf2: {labels} does not list {len(missing)} of the images, the first is {missing[0]}")
    if absent := len(set(listed) - ids):
        log.info("blf2: %d rows of %s have no image and are left out", absent, labels)
    kept = sorted(image_id for image_id in ids if listed[image_id] is not None)
    if len(kept) < len(ids):
        log.warning("blf2: %d images have rows that contradict one another and are left out", len(ids) - len(kept))
    sources = [
        PairedSource(image_id, tuple(bands), tuple(FileSource(str(files[band][image_id])) for band in bands))
        for image_id in kept
    ]
    return Blf2(sources, [row for image_id in kept if (row := listed[image_id])], bands)


class Blf2(FileDataset):
    """Images whose bands have pixels of different sizes, brought to one grid.

    Arguments:
        sources: one file for each band.
        rows: of the catalogue, one for each image.
        bands: see `blf2`.
    """

    def __init__(self, sources: Sequence[PairedSource], rows: Sequence[CatalogueRow], bands: Sequence[str]):
        finest = min((BANDS[band] for band in bands), key=lambda band: band.pixel_scale)
        heads = Heads(classes=("nonlens", "lens"))
        description = Description(
            name="blf2",
            version="1",
            task="classification",
            domain="simulated",
            bands=tuple(bands),
            pixel_scale=finest.pixel_scale,
            heads=heads,
        )
        columns = {name: np.array([getattr(row, name) for row in rows]) for name in CRITERIA}
        super().__init__(description, sources, np.array([row.is_lens for row in rows]), columns)
        self._grid = finest

    def _read(self, source: Source) -> np.ndarray:
        assert isinstance(source, PairedSource)
        return np.concatenate(
            [self._band(file, BANDS[name]) for name, file in zip(source.names, source.files, strict=True)]
        )

    def _band(self, file: FileSource, band: BandFiles) -> np.ndarray:
        """The band on the common grid, (1, side, side), NaN where it measured nothing."""
        try:
            pixels = file.load(1).pixels
        except ImageError as error:
            raise DatasetError(f"blf2: {error}") from error
        if pixels.shape[1:] != (band.side, band.side):
            height, width = pixels.shape[1:]
            raise DatasetError(f"blf2: {file.key} has {width} x {height} pixels, not {band.side} x {band.side}")
        if band.pixel_scale == self._grid.pixel_scale:
            return pixels
        finer, valid = resample(pixels, np.isfinite(pixels), band.pixel_scale, self._grid.pixel_scale)
        return centred(np.where(valid, finer, np.nan).astype(np.float32), self._grid.side)


def files_of(root: Path, band: str) -> dict[str, Path]:
    """Files of a band by the ID in their names."""
    return {path.stem.rpartition("-")[2]: path for path in sorted(root.rglob(f"image{BANDS[band].key}-*.fits"))}


def _complete(root: Path, files: Mapping[str, Mapping[str, Path]]) -> set[str]:
    """IDs that have an image in every band."""
    found = [set(of_band) for of_band in files.values()]
    ids, some = set.intersection(*found), set.union(*found)
    if not some:
        raise DatasetError(f"blf2: no image{BANDS[next(iter(files))].key}-<ID>.fits below {root}")
    if incomplete := sorted(some - ids):
        raise DatasetError(f"blf2: {len(incomplete)} images lack a band, the first is {incomplete[0]}")
    return ids


def _catalogue(root: Path, labels: str) -> Path:
    found = sorted(root.rglob(labels))
    if not found:
        raise DatasetError(f"blf2: there is no {labels} below {root}; the challenge offers it beside the images")
    return found[0]


def candidates(catalogue: Path) -> dict[str, CatalogueRow | None]:
    """Rows of the catalogue by ID; None for an ID whose rows disagree on whether it is a lens.

    Raises:
        DatasetError: a column is missing or a value is no number; names the line.
    """
    found: dict[str, CatalogueRow | None] = {}
    try:
        with catalogue.open(newline="", encoding="utf-8-sig") as lines:
            for number, row in _rows(lines, catalogue):
                read = CatalogueRow(
                    *(_number(row[name], f"blf2: {catalogue}, line {number}: {name}") for name in CRITERIA)
                )
                before = found.setdefault(row["ID"].strip(), read)
                if before is None or before.is_lens != read.is_lens:
                    found[row["ID"].strip()] = None
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"blf2: {catalogue} cannot be read ({error})") from error
    return found


def _rows(lines: Iterable[str], catalogue: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Number and cells of each line after the header."""
    header: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if header is None:
            header = cells
            if absent := sorted({"ID", *CRITERIA} - set(header)):
                raise DatasetError(f"blf2: {catalogue}, line {number}: no column {', '.join(absent)}")
            continue
        if len(cells) != len(header):
            raise DatasetError(f"blf2: {catalogue}, line {number} has {len(cells)} cells, the header {len(header)}")
        yield number, dict(zip(header, cells, strict=True))


def _number(text: str, where: str) -> float:
    try:
        return float(text) if text else math.nan
    except ValueError:
        raise DatasetError(f"{where} is {text!r}; write a number, or nothing") from None
