"""A picture of lenses that were measured: each with its critical curve, and beside it what is known of its mass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from ..errors import ArgumentError
from ..tasks import Regression
from ..tasks.posterior import with_error
from .critical_curves import are_of_lenses, draw_critical_curves
from .gallery import FAINT, INK, LENS, NIGHT, PAPER, blue_to_red, draw_scale_bar, short_name, stretched
from .lens_models import LensImage, modelled
from .picture import OUTLINED, outline_measured, write_picture
from .ranking import RankedImage
from .reading import readable
from .refined import Exposed, RefiningScorer, exposed, refined

if TYPE_CHECKING:
    from ..models.model import Model
    from .finished import Finished
    from .options import Progress

__all__ = ["check_measures_lenses", "draw_corner", "draw_lenses"]

SHOWN = 6
HEIGHT = 4.4  # inches of each lens
SHARES = (1.08, 0.52, 1.0)  # of it: width of the image, of model and residual, and of the posterior
HEADER = 0.5  # inches
DPI = 150
MAIN = ("theta_E", "e1", "e2", "gamma_1", "gamma_2")  # parameters of the corner plot
DRAWS = 4000  # of each posterior
LEVELS = (0.683, 0.955)  # of the posterior inside the contours
RESIDUALS, BEYOND = "RdBu_r", 4.0  # colours of residuals, up to so many sigma
LONGEST_NOTE = 96  # letters of the message
WORDS = "critical curve of the mean, and of draws; contours hold 68 and 95 % of the posterior"


def check_measures_lenses(model: Model) -> None:
    """Raise ArgumentError unless the model measures an Einstein radius with its error."""
    if not (model.task.states_errors and are_of_lenses(model.heads)):
        raise ArgumentError(
            f"picture= (--picture) shows lenses that were measured; {model.id} gives no theta_E, "
            "gallery= (--gallery) shows images of any model"
        )


def draw_lenses(path: Path, finished: Finished, progress: Progress, most: int = SHOWN) -> None:
    """The first lenses of a run, one below the other, as a picture of the format that the extension names.

    Of each: the image in the stretch of galleries, with its critical curve; the model of it with the mean mass, and the
    residual; and draws of its posterior, two parameters at a time.

    Arguments:
        path: of the picture.
        finished: the run.
        progress: told how many lenses are drawn, and of how many; each takes seconds, since its light is fitted.
        most: lenses.

    Raises:
        ArgumentError: the model measures no lenses, no image of the run could be used, or the extension is unknown.
    """
    model, ranked = finished.run.scorer.model, finished.best(most)
    check_measures_lenses(model)
    if not ranked:
        raise ArgumentError(f"{path}: no picture, because none of the {finished.rows} images could be used")
    figure = _figure(len(ranked))
    heights = [HEADER, *[HEIGHT] * len(ranked)]
    header, *rows = np.ravel(figure.subfigures(len(heights), 1, height_ratios=heights))  # pyright: ignore
    header.text(0.02, 0.5, model.id, color=INK, size=13, weight="bold", va="center")
    header.text(0.98, 0.5, WORDS, color=FAINT, size=9, va="center", ha="right")
    for done, (row, one) in enumerate(zip(rows, ranked, strict=True), 1):
        _draw_lens(row, finished, one)
        progress(done, len(ranked))
    write_picture(figure, path)


def _figure(count: int) -> Figure:
    figure = Figure(figsize=(HEIGHT * sum(SHARES), HEADER + HEIGHT * count), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def _draw_lens(row: SubFigure, finished: Finished, one: RankedImage) -> None:
    """The image on the left, the posterior on the right, the model between them."""
    row.set_facecolor(PAPER)
    left, middle, right = np.ravel(row.subfigures(1, 3, width_ratios=SHARES))  # pyright: ignore
    shown = _Shown.of(finished, one)
    posterior = shown.posterior
    _draw_image(left.add_axes((0.03, 0.1, 0.94, 0.82)), shown)
    if shown.lens is not None:
        _draw_model(middle, shown.lens)
    left.text(0.5, 0.95, short_name(one.row["id"]), color=INK, size=9, ha="center", va="center")
    left.text(0.5, 0.05, _einstein_radius(posterior), color=LENS, size=11, weight="bold", ha="center", va="center")
    left.text(0.5, 0.01, _clipped(one.row["message"]), color=FAINT, size=6.5, ha="center", va="center")
    draw_corner(right, posterior)


def _clipped(words: str) -> str:
    return words if len(words) <= LONGEST_NOTE else f"{words[: LONGEST_NOTE - 1]}…"


@dataclass(frozen=True, eq=False)
class _Shown:
    """A prepared image (bands, size, size), with what was measured of it and what is said of it.

    Arguments:
        lens: its model; None where there is none: of several bands, or of pixels whose size is not known.
    """

    pixels: np.ndarray
    measured: np.ndarray | None
    bands: tuple[str, ...]
    scale: float | None
    posterior: Regression
    lens: LensImage | None

    @classmethod
    def of(cls, finished: Finished, one: RankedImage) -> _Shown:
        run = finished.run
        prepared = run.scorer.model.preprocess
        (image,) = readable(run.images.job(one.index, one.index + 1))
        ready = prepared.prepare(image, run.pixel_scale)
        pixels = np.array(ready.pixels)
        said = cast(Regression, run.scorer.predicted(pixels[None]))
        whole = exposed(image, ready, run.pixel_scale)
        if isinstance(run.scorer, RefiningScorer):
            (found,) = refined(said, [whole], prepared)
            lens = None if found.fit is None or found.reason else LensImage.of(found.fit)
            return cls(pixels, ready.measured, prepared.bands, prepared.seen_scale, found.posterior, lens)
        lens = modelled(whole, said, prepared) if _has_model(whole, said) else None
        return cls(pixels, ready.measured, prepared.bands, prepared.seen_scale, said, lens)


def _has_model(image: Exposed, posterior: Regression) -> bool:
    """One band, whose pixels have a known size, and an Einstein radius of a pixel or more."""
    assert image.image is not None
    theta_E = float(posterior.mean[0, posterior.parameters.index("theta_E")])
    return len(image.image.pixels) == 1 and image.pixel_scale is not None and theta_E > image.pixel_scale


def _draw_image(axes: Axes, shown: _Shown) -> None:
    """The image with its critical curve, where its pixels have a known size."""
    axes.set_axis_off()
    axes.imshow(stretched(blue_to_red(shown.pixels, shown.bands)), origin="lower", cmap=NIGHT, vmin=0, vmax=1)
    if outline_measured(axes, shown.measured):
        axes.set_title(OUTLINED, color=FAINT, size=6.5, y=-0.045)
    if shown.scale is not None:
        side = shown.pixels.shape[-1]
        draw_critical_curves(axes, shown.posterior, shown.scale, side, LENS)
        draw_scale_bar(axes, shown.scale, side)


def _draw_model(figure: SubFigure, lens: LensImage) -> None:
    """Model above residual."""
    upper, lower = (figure.add_axes((0.03, bottom, 0.94, 0.40)) for bottom in (0.52, 0.07))
    for axes, words in ((upper, "model"), (lower, f"residual, chi^2 / dof {lens.chi_square:.2f}")):
        axes.set_axis_off()
        axes.set_title(words, color=FAINT, size=7, pad=3)
    upper.imshow(stretched(lens.model[None], like=lens.pixels[None]), origin="lower", cmap=NIGHT, vmin=0, vmax=1)
    lower.imshow(lens.residual, origin="lower", cmap=RESIDUALS, vmin=-BEYOND, vmax=BEYOND)


def _einstein_radius(posterior: Regression) -> str:
    place = posterior.parameters.index("theta_E")
    return f"theta_E = {_with_error(posterior, place)} {posterior.units[place]}"


def _with_error(posterior: Regression, place: int) -> str:
    """A parameter of the one image."""
    return with_error(float(posterior.mean[0, place]), float(posterior.covariance[0, place, place]) ** 0.5)


def draw_corner(figure: SubFigure, posterior: Regression) -> None:
    """The main parameters of a posterior of one image: each alone on the diagonal, two at a time below it.

    Arguments:
        figure: where it is drawn, with nothing in it.
        posterior: of one image.

    Source: Foreman-Mackey (2016), "corner.py: scatterplot matrices in Python", JOSS 1, 24, whose code draws it.
    """
    from corner import corner  # imports pyplot

    places = [posterior.parameters.index(name) for name in MAIN if name in posterior.parameters]
    draws = posterior.samples(DRAWS)[:, 0, places].double().cpu().numpy()
    corner(
        draws,
        fig=cast(Any, figure),
        labels=[_labelled(posterior, place) for place in places],
        label_kwargs={"size": 7, "color": INK},
        labelpad=0.12,
        color=LENS,
        bins=30,
        smooth=1.0,
        smooth1d=1.0,
        levels=LEVELS,
        plot_datapoints=False,
        plot_density=False,
        no_fill_contours=True,
        max_n_ticks=3,
    )
    _darken(figure)
    for k, place in enumerate(places):
        title = _with_error(posterior, place)
        figure.axes[k * (len(places) + 1)].set_title(title, size=6.5, color=LENS, pad=3)


def _labelled(posterior: Regression, place: int) -> str:
    name, unit = posterior.parameters[place], posterior.units[place]
    return f"{name} ({unit})" if unit else name


def _darken(figure: SubFigure) -> None:
    """Axes as the rest of the picture is."""
    figure.subplots_adjust(left=0.14, bottom=0.14, right=0.97, top=0.93, wspace=0.06, hspace=0.06)
    for axes in figure.axes:
        axes.set_facecolor(PAPER)
        axes.tick_params(colors=FAINT, labelsize=5.5, length=2)
        for spine in axes.spines.values():
            spine.set_color(FAINT)
