"""A picture of the best-ranked images of a run, to look at before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from ..errors import ArgumentError
from ..images.channels import blur
from ..images.sky import sky
from ..tasks import RankingColumn, Regression, Restoration
from ..tasks.posterior import with_error
from .critical_curves import are_of_lenses, draw_critical_curves
from .header import HEADER, draw_header
from .picture import OUTLINED, outline_measured, write_picture
from .ranking import RankedImage
from .reading import readable

if TYPE_CHECKING:
    from ..models.model import Model
    from .finished import Finished
    from .options import Progress
    from .scoring import Scorer

__all__ = [
    "FAINT",
    "INK",
    "LENS",
    "NIGHT",
    "PAPER",
    "bar_of",
    "blue_to_red",
    "draw_colour_bar",
    "draw_gallery",
    "draw_scale_bar",
    "short_name",
    "stretched",
]

SHOWN = 30
COLUMNS = 6  # images beside one another; pairs take the place of two
PANEL = 1.9  # inches
GAP = 3  # pixels between the images of a pair
DPI = 160
BLUE_TO_RED = "ugrizyYJHK"
PAPER, INK, FAINT, LENS = "#0b0e14", "#f2efe6", "#8d94a3", "#ffd166"
NIGHT = LinearSegmentedColormap.from_list("night", ["#05070c", "#2a3350", "#77708a", "#d8b98f", "#fffaf0"])
CURVES = "yellow: critical curves of the mean and, faintly, of draws from the posterior"
NAME_LENGTH = 26
WIDE = 40.0  # arcsec of a field whose bar is ten arcsec long instead of one
NOISELESS = 300  # of the range: the noise that a picture without any, such as one in 8 bits, is given
TINY = 1e-30


def draw_gallery(path: Path, finished: Finished, progress: Progress, most: int = SHOWN) -> None:
    """The best-ranked images with their scores and names, as a picture of the format that the extension names.

    Of images that were restored, each stands beside what it became, in the same stretch; over lenses that were measured
    stands their critical curve.

    Arguments:
        path: of the picture.
        finished: the run.
        progress: told how many images are drawn, and of how many.
        most: images.

    Raises:
        ArgumentError: no image of the run could be used, or the extension is unknown.
    """
    run, model, ranked = finished.run, finished.run.scorer.model, finished.best(most)
    ranking = model.task.ranking(model.heads)
    if not ranked:
        raise ArgumentError(f"{path}: no gallery, because none of the {finished.rows} images could be used")
    pairs = bool(model.task.written)
    prepared = model.preprocess
    scale = prepared.seen_scale
    figure = _figure(len(ranked), 2 if pairs else 1)
    words = _in_words(len(ranked), finished.rows, ranking) + (f", {model.task.beside}" if pairs else "")
    words += "" if pairs else _numbers(model, ranking)
    legend = dict.fromkeys([CURVES] if scale is not None and are_of_lenses(model.heads) else [])
    for place, one in enumerate(ranked):
        axes = figure.axes[place]
        (image,) = readable(run.images.job(one.index, one.index + 1))
        ready = prepared.prepare(image, run.pixel_scale)
        pixels = np.array(ready.pixels)[None]
        shown = stretched(blue_to_red(pixels[0], model.bands))
        if pairs:
            became, span = _became(run.scorer, pixels)
            shown = _beside(shown, became)
            if span is not None and place == 0:
                draw_colour_bar(axes, *span)
        axes.imshow(shown, origin="lower", cmap=NIGHT, vmin=0, vmax=1)
        if outline_measured(axes, ready.measured):
            legend[OUTLINED] = None
        _label(axes, place, one, _number(one, model, ranking))
        if scale is not None and CURVES in legend:
            posterior = cast(Regression, run.scorer.predicted(pixels))
            draw_critical_curves(axes, posterior, scale, prepared.size, LENS)
        progress(place + 1, len(ranked))
    draw_header(figure, model.id, words, " · ".join(legend), INK, FAINT)
    if scale is not None:
        draw_scale_bar(figure.axes[0], scale, prepared.size)
    write_picture(figure, path)


def _in_words(shown: int, images: int, ranking: RankingColumn | None) -> str:
    """Which of so many images are shown."""
    if images == 1:
        return f"1 image; {ranking.column}" if ranking else "1 image"
    which = f"the {shown} highest {ranking.column}" if ranking else f"the first {shown}"
    return f"{which} of {images:,} images"


def _numbers(model: Model, ranking: RankingColumn | None) -> str:
    """What the numbers in the panels are, where nothing ranks: the first parameter, its error and its unit."""
    if ranking is not None or not model.heads.parameters:
        return ""
    name, unit = model.heads.parameters[0], dict(enumerate(model.heads.units)).get(0, "")
    return f"; {name} +- its error" + (f" in {unit}" if unit else "")


def stretched(pixels: np.ndarray, like: np.ndarray | None = None) -> np.ndarray:
    """Bands (B, H, W) as grey (H, W) or, from three bands on, as red, green, blue (H, W, 3) in 0 to 1.

    The brightness is stretched by asinh from the sky's noise to the peak, so that faint arcs show beside their galaxy;
    colours are those of the fluxes (Lupton et al. 2004, PASP 116, 133).

    Arguments:
        like: image whose noise and peak count, (B, H, W); None: its own.
    """
    tensor, measured = (torch.from_numpy(image).float() for image in (pixels, pixels if like is None else like))
    level, sigma = sky(measured)
    noiseless = (measured.amax((-2, -1), keepdim=True) - level).clamp(min=TINY) / NOISELESS
    noise = torch.where(sigma > 1e-3 * noiseless, sigma, noiseless)
    signal = (tensor - sky(tensor)[0]) / noise
    brightness = signal.mean(0, keepdim=True)
    shown = _asinh(brightness, ((measured - level) / noise).mean(0, keepdim=True))
    if len(pixels) < 3:
        return shown[0].numpy()
    chosen = signal[torch.linspace(len(pixels) - 1, 0, 3).round().long()]  # red, green, blue
    colour = chosen.clamp(min=0) / chosen.clamp(min=0).mean(0, keepdim=True).clamp(min=1.0)
    return (shown * colour).clamp(0, 1).permute(1, 2, 0).numpy()


def _asinh(signal: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Images in units of the noise, from a little below the sky to the slightly blurred peak of others, as 0 to 1."""
    peak = blur(like, 1.0).amax((-2, -1), keepdim=True).clamp(min=8.0)
    low, soft = -1.0, 3.0
    top = torch.asinh((peak - low) / soft)
    return (torch.asinh((signal - low) / soft) / top).clamp(0, 1)


def _became(scorer: Scorer, pixels: np.ndarray) -> tuple[np.ndarray, tuple[float, float] | None]:
    """What a prepared image (1, bands, H, W) became, stretched as the image, or by itself where it has another unit.

    What has a range of its own is shown in that, see `Restoration.SHOWN`, which is returned too.
    """
    bands, heads = scorer.model.bands, scorer.model.heads
    prediction = cast(Restoration, scorer.predicted(pixels))
    after = prediction.image[0].cpu().numpy()
    if prediction.SHOWN is not None:
        low, high = prediction.SHOWN
        return ((after[0] - low) / (high - low)).clip(0, 1), prediction.SHOWN
    if any(heads.units) or len(after) != len(bands):
        return stretched(after), None
    return stretched(blue_to_red(after, bands), like=blue_to_red(pixels[0], bands)), None


def _beside(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Two panels with a gap of the lightest sky between them, in colours if one of them is."""
    if before.ndim != after.ndim:
        before, after = (np.stack([one] * 3, axis=-1) if one.ndim == 2 else one for one in (before, after))
    gap = np.zeros((len(before), GAP, *before.shape[2:]), np.float32)
    return np.concatenate([before, gap, after], axis=1)


def _figure(count: int, width: int) -> Figure:
    """A figure with a panel an image, `width` times as wide as high."""
    rows = -(-count * width // COLUMNS)
    columns = -(-count // rows)
    size = max(columns * width, 3) * PANEL, rows * PANEL * 1.12 + HEADER
    figure = Figure(figsize=size, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    top = 1 - HEADER / figure.get_figheight()
    grid = figure.add_gridspec(
        rows, columns, left=0.015, right=0.985, bottom=0.06 / rows + 0.015, top=top, wspace=0.05, hspace=0.16
    )
    for place in range(rows * columns):
        axes = figure.add_subplot(grid[place])
        axes.set_axis_off()
    return figure


def _label(axes: Axes, place: int, one: RankedImage, number: str) -> None:
    outline = [withStroke(linewidth=2.5, foreground=PAPER)]
    axes.text(0.04, 0.95, str(place + 1), transform=axes.transAxes, color=FAINT, size=7, va="top", path_effects=outline)
    axes.text(
        0.96,
        0.95,
        number,
        transform=axes.transAxes,
        color=LENS,
        size=8.5,
        weight="bold",
        va="top",
        ha="right",
        path_effects=outline,
    )
    axes.text(
        0.5,
        -0.035,
        short_name(one.row["id"]),
        transform=axes.transAxes,
        color=INK,
        size=6.5,
        va="top",
        ha="center",
    )


def bar_of(field: float) -> int:
    """Length of the scale bar of an image of so many arcsec a side, arcsec."""
    return 1 if field < WIDE else 10


def draw_scale_bar(axes: Axes, pixel_scale: float, size: int) -> None:
    """A bar of one arcsec, or of ten in wide fields, over an image of so many pixels a side of so many arcsec."""
    arcsec = bar_of(size * pixel_scale)
    length = arcsec / pixel_scale
    axes.plot([0.06 * size, 0.06 * size + length], [0.06 * size] * 2, color=INK, linewidth=1.5)
    axes.text(0.06 * size + length / 2, 0.08 * size, f'{arcsec}"', color=INK, size=6.5, ha="center", va="bottom")


def draw_colour_bar(axes: Axes, low: float, high: float) -> None:
    """The colours from one value to another, in the lower corner of the second image of a pair."""
    bar = axes.inset_axes((0.72, 0.06, 0.24, 0.03))
    bar.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap=NIGHT, extent=(low, high, 0, 1))
    bar.set(yticks=[], xticks=[low, high])
    bar.tick_params(top=True, bottom=False, labeltop=True, labelbottom=False, length=0, pad=1, labelsize=6.5)
    bar.tick_params(labelcolor=INK)
    bar.spines[:].set(color=FAINT, linewidth=0.5)


def _number(one: RankedImage, model: Model, ranking: RankingColumn | None) -> str:
    """The number by which it is ranked, or the first one that the model predicts; empty where it predicts none.

    The name of a parameter stands above all images, see `_numbers`.
    """
    if ranking is not None and one.score is not None:
        return f"{one.score:.3f}" if ranking.is_probability else f"{one.score:.3g}"
    predicted = model.task.empty_columns(model.heads)
    numbers = {name: value for name, value in one.row.items() if name in predicted and isinstance(value, float)}
    name, value = next(iter(numbers.items()), ("", 0.0))
    if error := numbers.get(f"{name}_err"):
        return with_error(value, error)
    return f"{name} {value:.3g}" if name else ""


def short_name(name: str) -> str:
    """A name of at most NAME_LENGTH letters, its middle left out if it is longer."""
    half = NAME_LENGTH // 2 - 1
    return name if len(name) <= NAME_LENGTH else f"{name[:half]}…{name[-half:]}"


def blue_to_red(pixels: np.ndarray, bands: Sequence[str]) -> np.ndarray:
    """Bands from blue to red, where their names tell."""
    places = [BLUE_TO_RED.find(band) for band in bands]
    return pixels[np.argsort(places, kind="stable")] if min(places) >= 0 else pixels
