"""Predictions for any number of images: one row each, in input order, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pyarrow as pa
import torch
from astropy.table import Table
from torch import Tensor

from ..errors import SpecError
from ..images.cutouts import find_cutouts
from ..images.inputs import find_sources
from ..images.source import NOTHING, Beside, Source
from ..interfaces import Dataset
from ..models.devices import device_named
from . import effort
from .inputs import Arrays, DatasetImages, Files, Images
from .ranking import Ranked, best
from .run import Progress, Run
from .scoring import Scorer, score_column, units_of
from .shards import Shards
from .tables import check_format, to_astropy, write_table

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["Finished", "images_of", "predict", "scored"]

T = TypeVar("T")
Inputs = str | Path | Iterable[str | Path | Source] | np.ndarray | Tensor | Dataset


def predict(
    model: Model,
    inputs: Inputs = (),
    *,
    ext: str | int | None = None,
    stack: bool = False,
    bands: Mapping[str, str] | None = None,
    from_file: str | Path | None = None,
    beside: Beside = NOTHING,
    catalog: str | Path | None = None,
    image: str | Path | Mapping[str, str | Path] | None = None,
    cutout: float | None = None,
    pixel_scale: float | None = None,
    out: str | Path | None = None,
    out_dir: str | Path | None = None,
    gallery: str | Path | None = None,
    device: str | torch.device | None = None,
    batch_size: int | None = None,
    workers: int | None = None,
    views: int | None = None,
    precision: str = "float32",
    resume: bool = False,
    progress: Progress | None = None,
) -> Table:
    """A table with one row for each image, in input order: id, path, status, message, and the task's columns.

    Arguments:
        model: trained.
        inputs: files, folders or globs; sources of `zoo_core.images`; an array (N, bands, H, W); or a data set.
        ext, stack, bands, from_file, beside: of files, see `zoo_core.images.find_sources`.
        catalog, image: instead of inputs, cutouts about these positions from this mosaic (or one for each band); see
            `zoo_core.images.cutouts.find_cutouts`.
        cutout: side of the cutouts, arcsec; None: what the network sees.
        pixel_scale: arcsec; overrides the header.
        out: a file to write as well, csv, ecsv, parquet or fits.
        out_dir: where restored images go.
        gallery: a picture of the best-ranked images to write as well.
        device: where to run; None: where the model is.
        batch_size: images at once; halved for a batch that the memory does not hold.
        workers: processes that read and prepare; None: as many as help, 0: none.
        views: 1 or 8; None: as published.
        precision: "float32" or "bf16".
        resume: keep what an earlier, killed run into the same `out` has done.
        progress: called with (images done, images in all).

    Raises:
        UntrainedError: the weights are random.
        ImageReadError, SpecError: no images, or options that exclude one another. An image that can't be used is a row.
    """
    images = images_of(
        model,
        inputs,
        ext=ext,
        stack=stack,
        bands=bands,
        from_file=from_file,
        beside=beside,
        catalog=catalog,
        image=image,
        cutout=cutout,
        pixel_scale=pixel_scale,
    )
    model = model.with_views(views)
    model = model if device is None else model.to(device_named(device))
    scorer = Scorer(model, precision, None if out_dir is None else Path(out_dir))
    run = scored(
        scorer,
        images,
        out=None if out is None else Path(out),
        pixel_scale=pixel_scale,
        batch_size=batch_size,
        workers=workers,
        resume=resume,
        progress=progress,
    )
    with run as finished:
        if gallery is not None:
            finished.draw(Path(gallery))
        return finished.table()


def images_of(
    model: Model,
    inputs: Inputs = (),
    *,
    ext: str | int | None = None,
    stack: bool = False,
    bands: Mapping[str, str] | None = None,
    from_file: str | Path | None = None,
    beside: Beside = NOTHING,
    catalog: str | Path | None = None,
    image: str | Path | Mapping[str, str | Path] | None = None,
    cutout: float | None = None,
    pixel_scale: float | None = None,
) -> Images:
    """The images that `inputs` names for this model; the arguments of `predict`."""
    if isinstance(inputs, np.ndarray | Tensor):
        return Arrays.of(inputs)
    if isinstance(inputs, Dataset):
        return DatasetImages(inputs)
    named = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    sources = [one for one in named if isinstance(one, Source)]
    names = [one for one in named if not isinstance(one, Source)]
    if sources and names:
        raise SpecError("inputs are sources or names of files, not both")
    if sources:
        return Files(sources, len(model.bands))
    if catalog is None and image is None:
        bands = None if bands is None else _in_order(model, bands)
        found = find_sources(names, ext=ext, stack=stack, bands=bands, from_file=from_file, beside=beside)
        return Files(tuple(found), len(model.bands))
    if catalog is None or image is None or names or stack or bands or from_file:
        raise SpecError("cutouts need --catalog and --image, and no files, --stack, --bands or --from-file beside them")
    return Files(tuple(_cutouts(model, catalog, image, cutout, pixel_scale, ext, beside)), len(model.bands))


@dataclass(frozen=True)
class Finished:
    """All rows of a run, a thousand of them in memory at a time.

    Arguments:
        scorer: what made them.
        images: in the order of the rows.
        pixel_scale: that was passed.
        pieces: each call passes over all rows once.
        rows, failed: how many; how many of them have status `error`.
    """

    scorer: Scorer
    images: Images
    pixel_scale: float | None
    pieces: Callable[[], Iterator[pa.Table]]
    rows: int
    failed: int

    def table(self) -> Table:
        """All of them."""
        return to_astropy(pa.concat_tables(self.pieces(), promote_options="permissive"), units_of(self.scorer.model))

    def write(self, out: Path) -> None:
        """As a file of the format that its extension names."""
        write_table(out, self.pieces, units_of(self.scorer.model))

    def draw(self, path: Path) -> None:
        """A picture of the best-ranked images."""
        from .gallery import draw_gallery

        draw_gallery(path, self.scorer.model, self.images, self.pieces(), self.pixel_scale, self.rows)

    def best(self, count: int) -> list[Ranked]:
        """The best-ranked images."""
        return best(self.pieces(), score_column(self.scorer.model), count)


@contextmanager
def scored(
    scorer: Scorer,
    images: Images,
    *,
    out: Path | None = None,
    pixel_scale: float | None = None,
    batch_size: int | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> Iterator[Finished]:
    """The rows of all images, at hand inside the `with` block and written to `out`; the arguments of `predict`."""
    model = scorer.model
    model.require_trained()
    batch = effort.batch_size(model, batch_size)
    with _shards(out, resume) as shards:
        reading, computing = effort.workers(model, images, workers), effort.threads(model, images, batch)
        run = Run(scorer, images, shards, pixel_scale, batch, reading, computing)
        run.finish(progress)
        finished = Finished(scorer, images, pixel_scale, run.pieces, len(images), run.failed())
        if out is not None:
            finished.write(out)
        yield finished


@contextmanager
def _shards(out: Path | None, resume: bool) -> Iterator[Shards]:
    """Beside `out`, where they stay if the run fails; else in a temporary folder."""
    if out is None:
        if resume:
            raise SpecError("nothing to resume: a run without an output file leaves nothing behind; pass out (-o)")
        with TemporaryDirectory(prefix="zoo-") as folder:
            yield Shards(Path(folder))
        return
    check_format(out)
    shards = Shards.beside(out)
    shards.start(resume)
    yield shards
    shards.remove()


def _in_order(model: Model, of_bands: Mapping[str, T]) -> dict[str, T]:
    """The same in the order of the model's bands."""
    if set(of_bands) != set(model.bands):
        raise SpecError(f"bands {', '.join(of_bands)} were named; {model.id} takes {', '.join(model.bands)}")
    return {band: of_bands[band] for band in model.bands}


def _cutouts(
    model: Model,
    catalog: str | Path,
    mosaic: str | Path | Mapping[str, str | Path],
    arcsec: float | None,
    pixel_scale: float | None,
    ext: str | int | None,
    beside: Beside,
) -> Iterator[Source]:
    """As large as asked, or as what the network sees: in arcsec if it resamples to a pixel scale, else in pixels."""
    size, scale = model.preprocess.field, model.preprocess.pixel_scale
    if arcsec is None and scale is not None:
        arcsec = size * scale
    pixels = size if arcsec is None else None
    image = _in_order(model, mosaic) if isinstance(mosaic, Mapping) else mosaic
    return find_cutouts(catalog, image, pixels=pixels, arcsec=arcsec, pixel_scale=pixel_scale, ext=ext, beside=beside)
