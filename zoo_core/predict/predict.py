"""Predictions for any number of images: one row each, in input order, whatever happens on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from astropy.table import Table

from ..errors import ArgumentError
from ..files import check_place, make_folder, sole
from ..models.compiled import for_run
from ..models.devices import precision_on
from .at_once import AtOnce
from .finished import Finished, facts_of
from .hats import check_hats, is_hats_name
from .images import Images
from .inputs import Files, Inputs, Mosaic, images_of
from .options import Options, Progress
from .outputs import Outputs
from .posteriors import PosteriorScorer
from .run import Run
from .scoring import Scorer
from .shards import Shards
from .tables import check_format, is_folder

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["Inputs", "draw", "predict", "remark_on_psf", "scored"]

logger = logging.getLogger("zoo")


def predict(model: Model, inputs: Inputs, options: Options) -> Table:
    """What `Model.predict` returns."""
    images = images_of(model, inputs, options.pixel_scale)
    remark_on_psf(model, inputs, options)
    with scored(model, images, options) as finished:
        draw(finished, options)
        return finished.table()


def remark_on_psf(model: Model, inputs: Inputs, options: Options) -> None:
    """Warns who names a PSF for a prediction that makes no use of it; networks take none, fits do."""
    if options.refine or not isinstance(inputs, Files | Mosaic) or inputs.psf is None:
        return
    fitted = (
        "; refine= (--refine) goes on from them with a fit through it" if "theta_E" in model.heads.parameters else ""
    )
    shown = "; the model that picture= (--picture) shows is drawn through it" if options.picture is not None else ""
    logger.warning("%s takes no PSF: psf= (--psf) changes none of its numbers%s%s", model.id, shown, fitted)


def draw(
    finished: Finished, options: Options, most: int | None = None, progress: Progress = lambda done, total: None
) -> None:
    """The pictures that were asked for.

    Arguments:
        finished: the run.
        options: with the paths of the pictures.
        most: images of each; None: as many as each shows.
        progress: told how many images of a picture are drawn, and of how many.
    """
    shown = {} if most is None else {"most": most}
    # matplotlib takes longer to import than few images to score
    if options.gallery is not None:
        from .gallery import draw_gallery

        draw_gallery(options.gallery, finished, progress, **shown)
    if options.picture is not None:
        from .lens_pictures import draw_lenses

        draw_lenses(options.picture, finished, progress, **shown)


@contextmanager
def scored(model: Model, images: Images, options: Options, scorer: Scorer | None = None) -> Iterator[Finished]:
    """The rows of all images, at hand inside the `with` block, and written to `options.out`.

    Arguments:
        model: trained.
        images: in the order of the rows.
        options: how the run is made.
        scorer: makes the rows; None: predictions of the model.
    """
    model.require_trained()
    scorer = scorer or _scorer(model, images, options)
    at_once = AtOnce.chosen(model, images, options)
    _check_places(options)
    if options.picture is not None:
        from .lens_pictures import check_measures_lenses

        check_measures_lenses(model)
    with _shards(options.out, options.resume) as folder:
        facts = facts_of(model, options.pixel_scale, options.command)
        shards = replace(folder, units=model.task.units(model.heads), facts=facts)
        run = Run(scorer, images, shards, options.pixel_scale, at_once)
        _finish(run, options)
        finished = Finished(run, run.failed())
        if options.out is not None:
            shards.keep(run.count)
            finished.write(options.out)
        yield finished


def _finish(run: Run, options: Options) -> None:
    if options.scheduler is None:
        run.finish(options.progress)
    else:
        from .spread import finish_spread  # Dask is an extra

        finish_spread(run, options)


def _scorer(model: Model, images: Images, options: Options) -> Scorer:
    precision = precision_on(model.device, options.precision)
    model = _for_run(model, len(images), precision, options)
    if options.refine:
        return _refining(model, precision, options)
    if options.samples:
        outputs = None if options.out_dir is None else Outputs.of(options.out_dir, images)
        return PosteriorScorer(model, precision, outputs, options.samples)
    if options.out_dir is None or not model.task.written:
        return Scorer(model, precision)
    outputs = Outputs.of(options.out_dir, images)
    if hasattr(model.network, "deblended"):
        from .deblended import DeblendingScorer  # likewise

        return DeblendingScorer(model, precision, outputs)
    return Scorer(model, precision, outputs)


def _for_run(model: Model, images: int, precision: str, options: Options) -> Model:
    if options.scheduler is None:
        return for_run(model, images, precision, options.compile)
    if options.compile:
        raise ArgumentError("compile= (--compile) is not for the workers of scheduler= (--scheduler)")
    return model


def _refining(model: Model, precision: str, options: Options) -> Scorer:
    if options.samples:
        raise ArgumentError("refine= (--refine) and samples= (--samples) do not go together: a fit has no draws")
    from .refined import RefiningScorer  # rooms of the fit, which other runs do not need

    return RefiningScorer(model, precision)


def _check_places(options: Options) -> None:
    """Raise before anything is read where something could not be written in the end; then make what is a folder."""
    if options.resume and options.out is None:
        raise ArgumentError("resume= (--resume) goes with out= (-o): without a table, a run leaves nothing behind")
    if options.scheduler is not None:
        from .cluster import check_scheduler

        check_scheduler(options.scheduler)
    for picture in (options.gallery, options.picture):
        if picture is not None:
            from .picture import check_picture

            check_picture(picture)
            check_place(picture)
    if options.out is not None:
        _check_table(options.out)
    for folder in (options.out, options.out_dir):
        if folder is not None and (folder == options.out_dir or is_folder(folder)):
            make_folder(folder)


def _check_table(out: Path) -> None:
    if is_folder(out):
        return
    if is_hats_name(out):
        check_hats(out)
    else:
        check_format(out)
        check_place(out)


@contextmanager
def _shards(out: Path | None, resume: bool) -> Iterator[Shards]:
    """Beside `out`, where they stay if the run fails; else in a temporary folder."""
    if out is None:
        with TemporaryDirectory(prefix="zoo-") as folder:
            yield Shards(Path(folder))
        return
    with sole(out):
        shards = Shards.beside(out)
        shards.start(resume)
        try:
            yield shards
        except KeyboardInterrupt:
            logger.warning("%s: the rows that are finished are kept; --resume (resume=True) goes on from there", out)
            raise
        if not is_folder(out):
            shards.remove()
