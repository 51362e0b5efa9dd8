"""Tiles: many mosaics that together cover the positions of a catalogue."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.spatial import KDTree

from ..errors import ImageError, ImageReadError
from .image import RawImage
from .positions import OnSky
from .source import Source

__all__ = ["OffTiles", "Placed", "placed", "unit_vectors"]

Tile = TypeVar("Tile")
log = logging.getLogger("zoo")


@dataclass(frozen=True, slots=True)
class OffTiles(Source):
    """A position of a catalogue that lies on no tile that can be read."""

    catalog: str
    name: str
    row: int
    sky: tuple[float, float]

    @property
    def id(self) -> str:
        """The name in the catalogue."""
        return self.name

    @property
    def key(self) -> str:
        """The catalogue and its row."""
        return f"{self.catalog}[{self.row}]"

    @property
    def paths(self) -> tuple[str, ...]:
        """Path of the catalogue."""
        return (self.catalog,)

    @property
    def position(self) -> tuple[float, float]:
        """The position that the catalogue gives."""
        return self.sky

    def load(self, n_bands: int) -> RawImage:
        """Nothing to load: ImageReadError."""
        raise ImageReadError(f"{self.key}: {self.name} is on none of the tiles that can be read")


@dataclass(frozen=True, eq=False)
class Placed:
    """The objects that lie on one tile: rows of the catalogue, rising, and pixels x, y on the tile."""

    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray


Footprint = tuple[np.ndarray, float]
Pixels = tuple[np.ndarray, np.ndarray]


def placed(
    found: OnSky,
    tiles: Sequence[Tile],
    footprint: Callable[[Tile], Footprint],
    pixels: Callable[[OnSky, Tile], Pixels],
    shape: Callable[[Tile], tuple[int, int]],
) -> Iterator[tuple[Tile | None, Placed]]:
    """Each tile with the objects that are cut out of it, and at the end None with those on no tile.

    Where tiles overlap, an object belongs to the one whose edges are furthest away. A tile whose header cannot be read
    is named in a warning and left out.

    Arguments:
        found: the objects.
        tiles: of which only headers are read.
        footprint: unit vector (3,) of a tile's centre, and the length of the chord to its farthest corner.
        pixels: where objects are on a tile, (N,) each; NaN where the projection does not reach.
        shape: height and width of a tile.
    """
    tree, known = _tree(found)
    best = np.full(len(found.names), -np.inf)
    owner = np.full(len(found.names), -1)
    x, y = np.full(len(found.names), np.nan), np.full(len(found.names), np.nan)
    for number, tile in enumerate(tiles):
        try:
            centre, chord = footprint(tile)
            near = known[np.array(sorted(tree.query_ball_point(centre, chord)), np.int64)]
            there = OnSky([found.names[row] for row in near], found.ra[near], found.dec[near])
            tile_x, tile_y = pixels(there, tile) if len(near) else (np.empty(0), np.empty(0))
            height, width = shape(tile)
        except ImageError as error:
            log.warning("%s; the tile is left out", error)
            continue
        inside = np.minimum.reduce([tile_x + 0.5, width - 0.5 - tile_x, tile_y + 0.5, height - 0.5 - tile_y])
        better = (inside > 0) & (inside > best[near])
        chosen = near[better]
        best[chosen], owner[chosen], x[chosen], y[chosen] = inside[better], number, tile_x[better], tile_y[better]
    for number, tile in [*enumerate(tiles), (-1, None)]:
        rows = np.flatnonzero(owner == number)
        yield tile, Placed(rows, x[rows], y[rows])


def _tree(found: OnSky) -> tuple[KDTree, np.ndarray]:
    """A tree of the unit vectors of the positions that are known, and their rows."""
    known = np.flatnonzero(np.isfinite(found.ra) & np.isfinite(found.dec))
    return KDTree(unit_vectors(found.ra[known], found.dec[known])), known


def unit_vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """(N, 3) of right ascensions and declinations, degrees."""
    alpha, delta = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)], axis=-1)
