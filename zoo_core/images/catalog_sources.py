"""Objects of a catalogue as sources: a cutout of a mosaic each, made when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, isfinite
from typing import overload

import numpy as np
import pyarrow as pa

from ..errors import ImageShapeError
from .image import RawImage
from .pairs import PairedSource
from .select import Window
from .source import FileSource, Source
from .tiles import OffTiles

__all__ = ["CatalogSource", "Cutouts", "Tile"]

Tile = FileSource | PairedSource
NONE = -1  # number of the tile of an object that is on none


@dataclass(frozen=True, slots=True)
class CatalogSource(Source):
    """A square about one position of a catalogue.

    Arguments:
        tile: the mosaic.
        name: of the object.
        row: in the catalogue, from 0.
        x, y: position, pixels; the centre of the mosaic's first pixel is (0, 0).
        size: side of the cutout, pixels. It is cut along pixels, its centre within half a pixel of the position.
        sky: right ascension and declination, degrees; None if the catalogue gives pixels.
    """

    tile: Tile
    name: str
    row: int
    x: float
    y: float
    size: int
    sky: tuple[float, float] | None = None

    @property
    def id(self) -> str:
        """The name in the catalogue."""
        return self.name

    @property
    def key(self) -> str:
        """The mosaic and the row of the catalogue: names need not be unique."""
        return f"{self.tile.key}[{self.row}]"

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the mosaic."""
        return self.tile.paths

    @property
    def position(self) -> tuple[float, float] | None:
        """The position that the catalogue gives."""
        return self.sky

    def load(self, n_bands: int) -> RawImage:
        """The cutout; NaN outside the edges of the mosaic."""
        if not (isfinite(self.x) and isfinite(self.y)):
            raise ImageShapeError(f"{self.key}: the position of {self.name} is not on the mosaic")
        corner = [floor(centre - (self.size - 1) / 2 + 0.5) for centre in (self.x, self.y)]
        image = self.tile.load(n_bands, Window(corner[0], corner[1], self.size))
        return replace(image, id=self.id, path=self.key, sky=self.sky)


@dataclass(frozen=True, eq=False)
class Cutouts(Sequence[Source]):
    """Sources of N objects in some hundred bytes each, since a survey has millions: a sequence of `CatalogSource`.

    Arguments:
        catalog: they are from.
        tiles: that they are cut out of.
        sides: of the cutouts out of each tile, pixels.
        names: of the objects, strings (N,).
        rows: in the catalogue (N,), from 0.
        tile: number of the tile of each (N,); -1: on none.
        x, y: pixels on it (N,).
        sky: right ascension and declination, degrees (N, 2); None if the catalogue gives pixels.
    """

    catalog: str
    tiles: Sequence[Tile]
    sides: Sequence[int]
    names: pa.Array
    rows: np.ndarray
    tile: np.ndarray
    x: np.ndarray
    y: np.ndarray
    sky: np.ndarray | None

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Source, ...]: ...
    def __getitem__(self, index: int | slice) -> Source | tuple[Source, ...]:
        if isinstance(index, slice):
            return tuple(self._source(place) for place in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.catalog}: image {index} of {len(self)}")
        return self._source(index % len(self))

    def part(self, start: int, stop: int) -> "Cutouts":
        """Objects `start` to `stop` alone, with the tiles that they are on."""
        rows, names = slice(start, stop), pa.concat_arrays([self.names.slice(start, max(0, stop - start))])
        used = np.unique(self.tile[rows][self.tile[rows] != NONE])
        tile = np.where(self.tile[rows] == NONE, NONE, np.searchsorted(used, self.tile[rows]))
        return replace(
            self,
            tiles=[self.tiles[number] for number in used],
            sides=[self.sides[number] for number in used],
            names=names,
            rows=self.rows[rows],
            tile=tile,
            x=self.x[rows],
            y=self.y[rows],
            sky=None if self.sky is None else self.sky[rows],
        )

    def _source(self, place: int) -> Source:
        name, row, number = str(self.names[place]), int(self.rows[place]), int(self.tile[place])
        sky = None if self.sky is None else (float(self.sky[place, 0]), float(self.sky[place, 1]))
        if number == NONE:
            assert sky is not None  # pixels are those of a mosaic
            return OffTiles(self.catalog, name, row, sky)
        x, y = float(self.x[place]), float(self.y[place])
        return CatalogSource(tile=self.tiles[number], name=name, row=row, x=x, y=y, size=self.sides[number], sky=sky)
