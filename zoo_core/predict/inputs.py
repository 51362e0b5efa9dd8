"""What users name to be predicted on: files, positions on a mosaic, arrays, or a data set."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Union

import numpy as np
from torch import Tensor

from ..errors import ArgumentError, ImageError
from ..images.catalog_sources import Cutouts
from ..images.cutouts import find_cutouts
from ..images.given import in_arcsec
from ..images.hats import is_hats, margin_threshold
from ..images.held import held
from ..images.inputs import find_sources
from ..images.pairs import PairedSource
from ..images.positions import read_columns
from ..images.source import Beside, FileSource, Source
from ..images.wcs import has_sky
from ..interfaces import Dataset
from .images import ArrayImages, DatasetImages, HeldImages, Images, SourceImages

if TYPE_CHECKING:
    from astropy.units import Quantity

    from ..images.held import Held
    from ..models.model import Model

__all__ = ["Files", "Inputs", "Mosaic", "Named", "images_of"]

T = TypeVar("T")
StrPath = str | os.PathLike[str]


class Named(ABC):
    """Images that are named and not passed."""

    @abstractmethod
    def sources(self, model: Model, pixel_scale: float | None) -> Iterable[Source]:
        """The images for that model, in order; `pixel_scale` (arcsec) overrides the headers."""


Inputs = Union[StrPath, Iterable[StrPath | Source], Named, np.ndarray, Tensor, Dataset, "Held"]


@dataclass(frozen=True)
class Files(Named):
    """Images in files, one a file unless something else is chosen.

    Arguments:
        paths: files, folders (their image files) and globs; with `bands` at most one folder.
        ext: layer of each file, by name or number (--ext); "all" gives a row for each.
        stack: the first axis counts images (--stack).
        bands: file pattern of each band, `{"g": "*_g.fits", "r": "*_r.fits"}` (--bands); `*` is what pairs them. Of
            files with a layer for each band, `{"g": "*.fits[G]", "r": "*.fits[R]"}`.
        mask: bad pixels (--mask): a layer of the same file, a file name with `*` for the image's stem, or one file.
        weight: inverse variance (--weight), likewise.
        noise_map: standard deviation of the noise (--noise-map), instead of `weight`.
        psf: image of the PSF in pixels of the image (--psf), likewise; fits (`refine`) use it, networks do not.
        from_file: a list of further paths, one a line (--from-file); "-" is the standard input.

    Example:
        >>> Files("tiles/*.fits", ext="SCI", mask="DQ").ext
        'SCI'
    """

    paths: StrPath | Iterable[StrPath] = ()
    ext: str | int | None = None
    stack: bool = False
    bands: Mapping[str, str] | None = None
    mask: str | None = None
    weight: str | None = None
    from_file: StrPath | None = None
    noise_map: str | None = None
    psf: str | None = None

    def sources(self, model: Model, pixel_scale: float | None) -> Iterable[Source]:
        """See `zoo_core.images.find_sources`."""
        return find_sources(
            self.paths,
            ext=self.ext,
            stack=self.stack,
            bands=None if self.bands is None else _in_order(model, self.bands),
            from_file=self.from_file,
            beside=Beside(self.mask, self.weight, self.noise_map, self.psf),
        )


@dataclass(frozen=True)
class Mosaic(Named):
    """Cutouts about the positions of a catalogue.

    Arguments:
        catalog: a table with ra and dec, or x and y (--catalog); see `zoo_core.images.cutouts.find_cutouts`.
        image: the mosaic they are cut out of (--image), or one for each band: `{"g": "tile_g.fits", ...}`; a list, a
            folder or a glob for tiles, which become rows one after the other.
        cutout: side of the cutouts, arcsec (--cutout); None: that of the network's input.
        ext: layer of the mosaic (--ext).
        mask, weight, noise_map, psf: as in `Files`.
        columns: of the catalogue, that the rows keep (--columns).

    Example:
        >>> Mosaic("positions.csv", "tile.fits", cutout=10).cutout
        10
    """

    catalog: StrPath
    image: StrPath | Sequence[StrPath] | Mapping[str, StrPath]
    cutout: float | Quantity | None = None
    ext: str | int | None = None
    mask: str | None = None
    weight: str | None = None
    columns: Sequence[str] = ()
    noise_map: str | None = None
    psf: str | None = None

    def sources(self, model: Model, pixel_scale: float | None) -> Cutouts:
        """Cutouts as large as asked, or as the network's input: in arcsec if it resamples, else in pixels."""
        size, scale = model.preprocess.field, model.preprocess.pixel_scale
        arcsec = in_arcsec("cutout= (--cutout)", self.cutout)
        if arcsec is None and scale is not None:
            arcsec = size * scale
        return find_cutouts(
            self.catalog,
            _in_order(model, self.image) if isinstance(self.image, Mapping) else self.image,
            pixels=size if arcsec is None else None,
            arcsec=arcsec,
            pixel_scale=pixel_scale,
            ext=self.ext,
            beside=Beside(self.mask, self.weight, self.noise_map, self.psf),
        )

    def images(self, model: Model, pixel_scale: float | None) -> SourceImages:
        """The images with the columns that are kept, and the margin of a HATS catalogue.

        Raises:
            ArgumentError: a column has the name of one of the result.
        """
        _check_free(self.columns, model)
        cutouts = self.sources(model, pixel_scale)
        table = read_columns(str(self.catalog), self.columns).take(cutouts.rows) if self.columns else None
        folder = Path(self.catalog)
        margin = margin_threshold(folder) if is_hats(folder) else None
        return SourceImages(cutouts, model.bands, cutouts.sky is not None, table, margin)


def _check_free(columns: Sequence[str], model: Model) -> None:
    predicted = (*model.task.empty_columns(model.heads), *model.familiarity.columns)
    own = ("id", "path", "status", "message", "ra", "dec", *predicted)
    for number, name in enumerate(columns):
        if name in own or name in columns[:number]:
            raise ArgumentError(f"columns= (--columns) has {name!r}, which the result has already; leave it out")


def images_of(model: Model, inputs: Inputs, pixel_scale: float | None = None) -> Images:
    """The images that are passed or named, for this model; a string, a path or a list of them is `Files`.

    Raises:
        ArgumentError: they are not of one kind.
    """
    if isinstance(inputs, np.ndarray | Tensor):
        return ArrayImages.of(inputs)
    if isinstance(inputs, Dataset):
        return DatasetImages(inputs)
    listed = list(inputs) if isinstance(inputs, Iterator) else inputs
    if (one_by_one := held(listed)) is not None:
        return HeldImages.of(one_by_one, len(model.bands))
    if isinstance(listed, Mosaic):
        return listed.images(model, pixel_scale)
    sources = listed.sources(model, pixel_scale) if isinstance(listed, Named) else _sources(model, listed)
    found = tuple(sources)
    return SourceImages(found, model.bands, any(source.position is not None for source in found) or _has_sky(found))


def _has_sky(sources: Sequence[Source]) -> bool:
    """Whether the header of the first image says where on the sky it is: then those of the others will."""
    first = sources[0].files[0] if sources and isinstance(sources[0], PairedSource) else next(iter(sources), None)
    try:
        return isinstance(first, FileSource) and has_sky(first.header())
    except ImageError:
        return False


def _sources(model: Model, inputs: object) -> Iterable[Source]:
    named = list(inputs) if isinstance(inputs, Iterable) and not isinstance(inputs, str) else [inputs]
    sources = [one for one in named if isinstance(one, Source)]
    if sources and len(sources) == len(named):
        return sources
    names = [one for one in named if isinstance(one, str | os.PathLike)]
    for one in named:
        if not isinstance(one, str | os.PathLike):
            raise ArgumentError(
                f"inputs= hold {type(one).__name__}; pass names of files, arrays, objects of astropy (NDData, CCDData, "
                "Cutout2D, HDU), a data set or sources, all of one kind"
            )
    return Files(names).sources(model, None)


def _in_order(model: Model, of_bands: Mapping[str, T]) -> dict[str, T]:
    """The patterns in the order of the model's bands."""
    if set(of_bands) != set(model.bands):
        raise ArgumentError(
            f"bands= (--bands, --image) are {', '.join(of_bands)}; {model.id} takes {', '.join(model.bands)}"
        )
    return {band: of_bands[band] for band in model.bands}
