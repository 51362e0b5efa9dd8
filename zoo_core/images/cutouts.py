"""Cutouts: from positions in a catalogue and one mosaic to a row each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import floor, isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.table import Column, Table

from ..errors import ImageReadError, ImageShapeError, PixelScaleError, SpecError
from .image import RawImage
from .layers import reading
from .pairs import PairedSource
from .readers import layers_of
from .select import Window, choose
from .source import NOTHING, Beside, FileSource, Source, StrPath
from .wcs import pixel_scale as scale_of
from .wcs import sky_to_pixels

__all__ = ["CatalogSource", "find_cutouts"]

_FAILURES = (OSError, ValueError, TypeError, KeyError, IndexError, ImportError)
_IDS = ("id", "object_id", "source_id", "name", "designation", "number")
_SKY = (("ra", "dec"), ("right_ascension", "declination"), ("raj2000", "dej2000"), ("alpha_j2000", "delta_j2000"))
_PIXELS = {("x", "y"): 0.0, ("x_image", "y_image"): 1.0}  # and the number of the first pixel


@dataclass(frozen=True, slots=True)
class CatalogSource(Source):
    """A square about one position of a catalogue.

    Arguments:
        tile: the mosaic.
        name: of the object.
        row: in the catalogue, from 0.
        x, y: position, pixels; the centre of the mosaic's first pixel is (0, 0).
        size: side of the cutout, pixels. It is cut along pixels, its centre within half a pixel of the position.
    """

    tile: FileSource | PairedSource
    name: str
    row: int
    x: float
    y: float
    size: int

    @property
    def id(self) -> str:
        """The name in the catalogue."""
        return self.name

    @property
    def key(self) -> str:
        """The mosaic and the row of the catalogue: names need not be unique."""
        return f"{self.tile.key}[{self.row}]"

    def load(self, n_bands: int) -> RawImage:
        """The cutout; NaN outside the edges of the mosaic."""
        if not (isfinite(self.x) and isfinite(self.y)):
            raise ImageShapeError(f"{self.key}: the position of {self.name} is not on the mosaic")
        corner = [floor(centre - (self.size - 1) / 2 + 0.5) for centre in (self.x, self.y)]
        image = self.tile.load(n_bands, Window(corner[0], corner[1], self.size))
        return replace(image, id=self.id, path=self.key)


class _Positions(NamedTuple):
    """Names and pixel positions of the objects."""

    names: list[str]
    x: np.ndarray
    y: np.ndarray


def find_cutouts(
    catalog: StrPath,
    image: StrPath | Mapping[str, StrPath],
    *,
    pixels: int | None = None,
    arcsec: float | None = None,
    pixel_scale: float | None = None,
    ext: str | int | None = None,
    beside: Beside = NOTHING,
) -> Iterator[CatalogSource]:
    """A row for each position of a catalogue; memory holds the positions and never more of the mosaic than a cutout.

    Arguments:
        catalog: CSV, ECSV, FITS, Parquet or a VO table. Columns (any case): RA and Dec in degrees, unless the columns
            have units or are sexagesimal text, or else `x`, `y` from 0 (`X_IMAGE`, `Y_IMAGE` from 1, as SExtractor
            counts). `id` or `name`, if there is one, names the rows.
        image: the mosaic, or one for each band on the same pixels.
        pixels, arcsec: side of the cutouts; one of the two.
        pixel_scale: arcsec, where the header does not say and `arcsec` is used.
        ext: the layer of the mosaic.
        beside: where its mask and weight map are.

    Raises:
        ImageReadError: a catalogue or mosaic that cannot be read.
        PixelScaleError: `arcsec` with a mosaic of unknown pixel scale.
        SpecError: no size, or two.
    """
    if (pixels is None) == (arcsec is None) or not (pixels or arcsec or 0) > 0:
        raise SpecError(f"the side of the cutouts is pixels={pixels}, arcsec={arcsec}; give one of the two, above 0")
    tile = _tile(image, ext, beside)
    first = tile.files[0] if isinstance(tile, PairedSource) else tile
    size = round(arcsec / _scale(first, pixel_scale)) if arcsec else pixels or 1
    found = _positions(str(catalog), first)
    return (
        CatalogSource(tile, name, row, float(x), float(y), max(size, 1))
        for row, (name, x, y) in enumerate(zip(*found, strict=True))
    )


def _tile(image: StrPath | Mapping[str, StrPath], ext: str | int | None, beside: Beside) -> FileSource | PairedSource:
    if not isinstance(image, Mapping):
        return FileSource(str(image), ext, None, beside)
    files = tuple(FileSource(str(path), ext, None, beside) for path in image.values())
    return PairedSource(files[0].id, tuple(image), files)


def _scale(tile: FileSource, stated: float | None) -> float:
    with layers_of(tile.path) as layers:
        scale = stated or scale_of(choose(tile.path, layers, tile.ext).header)
    if scale is None:
        raise PixelScaleError(
            f"{tile.path}: the header gives no pixel scale; pass --pixel-scale, or the size in pixels"
        )
    return scale


def _positions(catalog: str, tile: FileSource) -> _Positions:
    table = _table(catalog)
    columns: dict[str, Any] = {name.lower(): table[name] for name in reversed(table.colnames)}
    name = next((n for n in _IDS if n in columns), None)
    names = [str(value) for value in (columns[name] if name else range(len(table)))]
    for pair, first in _PIXELS.items():
        if set(pair) <= set(columns) and not any(set(sky) <= set(columns) for sky in _SKY):
            x, y = (_numbers(columns[c], catalog) - first for c in pair)
            return _Positions(names, x, y)
    for ra, dec in _SKY:
        if {ra, dec} <= set(columns):
            return _Positions(names, *_on_tile(tile, _sky(columns[ra], columns[dec], catalog)))
    raise ImageReadError(
        f"{catalog}: needs columns ra and dec (degrees) or x and y; it has {', '.join(table.colnames)}"
    )


def _table(catalog: str) -> Table:
    if not Path(catalog).is_file():
        raise ImageReadError(f"{catalog}: no such catalogue")
    guess = "ascii" if catalog.lower().endswith((".txt", ".dat", ".cat", ".tsv")) else None
    with reading(catalog, _FAILURES):
        if catalog.lower().endswith(".parquet"):  # astropy would need pandas
            return Table({name: column.to_numpy() for name, column in _parquet(catalog).items()})
        return Table.read(catalog, format=guess)


def _parquet(catalog: str) -> dict[str, pa.ChunkedArray]:
    table = pq.read_table(catalog)
    return dict(zip(table.column_names, table.columns, strict=True))


def _sky(ra: Column, dec: Column, catalog: str) -> SkyCoord:
    with reading(catalog, _FAILURES):
        if ra.dtype.kind in "USO":
            return SkyCoord(list(ra), list(dec), unit=(units.hourangle, units.deg))
        angles = [_numbers(c, catalog) * (c.unit or units.deg) for c in (ra, dec)]
        dec_in_range = np.where(abs(angles[1]) <= 90 * units.deg, angles[1], np.nan)
        return SkyCoord(angles[0], dec_in_range)


def _numbers(column: Column, catalog: str) -> np.ndarray:
    """The column in float64; NaN where it is masked."""
    with reading(catalog, _FAILURES):
        return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)


def _on_tile(tile: FileSource, sky: SkyCoord) -> tuple[np.ndarray, np.ndarray]:
    with layers_of(tile.path) as layers:
        layer = choose(tile.path, layers, tile.ext)
    if layer.header.get("CTYPE1") is None:
        raise ImageReadError(f"{layer.where}: no WCS; RA and Dec need a mosaic in FITS that has one, x and y do not")
    return sky_to_pixels(tile.path, layer.number, sky)
