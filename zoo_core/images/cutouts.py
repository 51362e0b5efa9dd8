"""Cutouts: from positions in a catalogue and one mosaic to a row each."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from ..errors import ArgumentError, ImageReadError, ImageShapeError, PixelScaleError
from .catalog_sources import NONE, CatalogSource, Cutouts, Tile
from .inputs import find_sources
from .layers import Layer
from .pairs import SAME_PIXEL, PairedSource
from .positions import OnMosaic, OnSky, read_positions
from .readers import layers_of
from .remote import is_remote
from .select import choose
from .source import NOTHING, Beside, FileSource, StrPath
from .tiles import placed, unit_vectors
from .wcs import footprint, sky_to_pixels
from .wcs import pixel_scale as scale_of

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

__all__ = ["CatalogSource", "find_cutouts"]


def find_cutouts(
    catalog: StrPath,
    image: StrPath | Sequence[StrPath] | Mapping[str, StrPath],
    *,
    pixels: int | None = None,
    arcsec: float | None = None,
    pixel_scale: float | None = None,
    ext: str | int | None = None,
    beside: Beside = NOTHING,
) -> Cutouts:
    """A row for each position of a catalogue; of several mosaics, one after the other.

    Memory holds some hundred bytes an object, and never more of a mosaic than a cutout.

    Arguments:
        catalog: see `read_positions`.
        image: the mosaic, or one for each band on the same pixels. A list, a folder or a glob are tiles, also for each
            band ({"r": "*_r.fits", "i": "*_i.fits"}); an object is cut out of the tile that it is deepest in.
        pixels, arcsec: side of the cutouts; one of the two.
        pixel_scale: arcsec, where the header does not say and `arcsec` is used.
        ext: the layer of the mosaic.
        beside: where its mask and weight map are.

    Raises:
        ImageReadError: a catalogue or mosaic that cannot be read.
        ImageShapeError: bands whose WCS put a position on different pixels.
        PixelScaleError: `arcsec` with a mosaic of unknown pixel scale.
        ArgumentError: no size, or two.
    """
    if (pixels is None) == (arcsec is None) or not (pixels or arcsec or 0) > 0:
        raise ArgumentError(
            f"the side of the cutouts is pixels={pixels}, arcsec={arcsec}; give one of the two, above 0"
        )
    tiles = _tiles(image, ext, beside)
    found = read_positions(str(catalog))

    def side(tile: Tile) -> int:
        return max(round(arcsec / _scale(_first(tile), pixel_scale)) if arcsec else pixels or 1, 1)

    if len(tiles) > 1:
        return _of_tiles(str(catalog), found, tiles, side)
    (tile,) = tiles
    x, y = _pixels(found, tile)
    rows = np.arange(len(found.names))
    return Cutouts(
        catalog=str(catalog),
        tiles=tiles,
        sides=[side(tile)],
        names=pa.array(found.names, pa.string()),
        rows=rows,
        tile=np.zeros(len(rows), int),
        x=x,
        y=y,
        sky=_sky(found),
    )


def _of_tiles(catalog: str, found: OnSky | OnMosaic, tiles: Sequence[Tile], side: Callable[[Tile], int]) -> Cutouts:
    if isinstance(found, OnMosaic):
        raise ArgumentError(f"{catalog}: x and y are pixels of one mosaic; {len(tiles)} tiles need ra and dec")
    parts = list(placed(found, tiles, _footprint, _pixels, _shape))
    rows = np.concatenate([there.rows for _, there in parts])
    numbers = np.repeat([*range(len(tiles)), NONE], [len(there.rows) for _, there in parts])
    sides = [side(tile) if tile is not None and len(there.rows) else 0 for tile, there in parts]
    x, y = (np.concatenate([getattr(there, axis) for _, there in parts]) for axis in ("x", "y"))
    names, sky = pa.array(found.names, pa.string()).take(rows), _sky(found)
    return Cutouts(
        catalog=catalog,
        tiles=tiles,
        sides=sides,
        names=names,
        rows=rows,
        tile=numbers,
        x=x,
        y=y,
        sky=None if sky is None else sky[rows],
    )


def _sky(found: OnSky | OnMosaic) -> np.ndarray | None:
    return None if isinstance(found, OnMosaic) else np.stack([found.ra, found.dec], axis=-1)


def _tiles(
    image: StrPath | Sequence[StrPath] | Mapping[str, StrPath], ext: str | int | None, beside: Beside
) -> list[Tile]:
    if not isinstance(image, Mapping):
        return cast(list[Tile], list(find_sources(image, ext=ext, beside=beside)))
    bands = {band: str(path) for band, path in image.items()}
    if any("*" in path and (is_remote(path) or not Path(path).exists()) for path in bands.values()):
        return cast(list[Tile], list(find_sources(bands=bands, ext=ext, beside=beside)))
    files = tuple(FileSource(path, ext, None, beside) for path in bands.values())
    return [PairedSource(files[0].id, tuple(bands), files)]


def _first(tile: Tile) -> FileSource:
    """The first of its bands, which lie on the same pixels."""
    return tile.files[0] if isinstance(tile, PairedSource) else tile


def _footprint(tile: Tile) -> tuple[np.ndarray, float]:
    """Unit vector of the centre, and the chord to the farthest corner with a hundredth to spare for distortions."""
    first = _first(tile)
    with layers_of(first.path) as layers:
        layer = _with_wcs(choose(first.path, layers, first.ext))
    centre, *corners = unit_vectors(*footprint(first.path, layer.number))
    return centre, 1.01 * max(float(np.linalg.norm(corner - centre)) for corner in corners)


def _shape(tile: Tile) -> tuple[int, int]:
    first = _first(tile)
    with layers_of(first.path) as layers:
        height, width = choose(first.path, layers, first.ext).shape[-2:]
    return height, width


def _with_wcs(layer: Layer) -> Layer:
    if layer.header.get("CTYPE1") is None:
        raise ImageReadError(f"{layer.where}: no WCS; RA and Dec need a mosaic in FITS that has one, x and y do not")
    return layer


def _scale(tile: FileSource, stated: float | None) -> float:
    with layers_of(tile.path) as layers:
        scale = stated or scale_of(choose(tile.path, layers, tile.ext).header)
    if scale is None:
        raise PixelScaleError(
            f"{tile.path}: the header gives no pixel scale; pass --pixel-scale, or the size in pixels"
        )
    return scale


def _pixels(found: OnSky | OnMosaic, tile: FileSource | PairedSource) -> tuple[np.ndarray, np.ndarray]:
    """Where the objects are, x and y; NaN where the projection does not reach.

    Raises:
        ImageShapeError: the bands do not lie on the same pixels there.
    """
    if isinstance(found, OnMosaic):
        return found.x, found.y
    files = tile.files if isinstance(tile, PairedSource) else (tile,)
    from astropy.coordinates import SkyCoord  # takes a while, and whole files need none

    sky = SkyCoord(found.ra, found.dec, unit="deg")
    first, *others = (_on_tile(file, sky) for file in files)
    for file, other in zip(files[1:], others, strict=True):
        apart = np.nanmax(np.hypot(other[0] - first[0], other[1] - first[1]), initial=0.0)
        if apart > SAME_PIXEL:
            raise ImageShapeError(
                f"{file.path}: its WCS puts the same position up to {apart:.3g} pixels from where {files[0].path} puts "
                "it; resample the bands to one grid first"
            )
    return first


def _on_tile(tile: FileSource, sky: "SkyCoord") -> tuple[np.ndarray, np.ndarray]:
    with layers_of(tile.path) as layers:
        layer = _with_wcs(choose(tile.path, layers, tile.ext))
    return sky_to_pixels(tile.path, layer.number, sky)
