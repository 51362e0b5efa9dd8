"""Restored images beside what they were made of, and the stages of pipelines.

<folder>/<benchmark>/<model>-restored.png     observed, restored, without noise, and what is wrong
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ..interfaces import Dataset
from ..models.model import Model
from ..predict.gallery import draw_scale_bar
from ..predict.picture import write_picture
from ..tasks import Restoration

__all__ = ["SHOWN", "draw_colours", "draw_error", "draw_restored", "draw_scale", "draw_stages", "panels_of"]

SHOWN = 8  # images
SIDE = 1.5  # inches, of a panel
DPI = 130
LARGEST = 3.0  # sigma, where the colours of the error end


def draw_restored(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Some images as observed, restored and without noise, and the error in units of the noise.

    Arguments:
        model: that restores images.
        dataset: that knows them without noise.
        rows: of it; the first ones are drawn.
        stem: beginning of the file's name.
    """
    shown = rows[:SHOWN]
    observed, truth = dataset.images(shown), dataset.noise_free(shown)
    prediction = model(observed, dataset.description.pixel_scale)
    assert isinstance(prediction, Restoration)
    restored = prediction.image.cpu().numpy()
    figure, grid = panels_of(len(shown), ("observed", "restored", "without noise", "error / noise"))
    for k, panels in enumerate(grid):
        for panel, image in zip(panels, (observed[k, 0], restored[k, 0], truth.target[k, 0]), strict=False):
            _draw(panel, image, float(truth.sigma[k].min()))
        error = np.where(np.isfinite(observed[k, 0]), restored[k, 0] - truth.target[k, 0], np.nan)
        errors = draw_error(panels[3], error / truth.sigma[k, 0])
    draw_scale(grid, dataset, observed.shape[-1])
    draw_colours(figure, grid[:, 3], errors)
    path = stem.with_name(f"{stem.name}-restored.png")
    write_picture(figure, path)
    return [path]


def draw_stages(path: str | Path, model: Model, images: np.ndarray, pixel_scale: float | None = None) -> None:
    """Images and what each stage of a pipeline that restores images makes of them; the last stage in words.

    Arguments:
        path: of the picture.
        model: the pipeline.
        images: raw, (N, 1, H, W).
        pixel_scale: arcsec.
    """
    *stages, answer = model.stages(images, pixel_scale)
    restored = [stage for stage in (*stages, answer) if isinstance(stage, Restoration)]
    names = model.spec.members if model.spec is not None else ()
    figure, grid = panels_of(len(images), ("observed", *names[: len(restored)]))
    words = [
        ", ".join(f"{name} {column[k]:.3g}" for name, column in answer.to_table().items()) for k in range(len(images))
    ]
    for k, panels in enumerate(grid):
        noise = float(restored[0].noise[k, 0]) if restored[0].noise is not None else float(np.nanstd(images[k]))
        for panel, image in zip(
            panels, (images[k], *(stage.image[k].cpu().numpy() for stage in restored)), strict=True
        ):
            _draw(panel, image[0], noise)
        panels[0].set_ylabel(words[k], fontsize=6)
    write_picture(figure, Path(path))


def panels_of(rows: int, titles: tuple[str, ...]) -> tuple[Figure, np.ndarray]:
    """A figure, and its panels, (rows, titles), with a title above each column."""
    figure = Figure(figsize=(SIDE * len(titles), SIDE * rows + 0.2), dpi=DPI, layout="constrained")
    grid = figure.subplots(rows, len(titles), squeeze=False)
    for panel in grid.flat:
        panel.set(xticks=[], yticks=[])
    for panel, title in zip(grid[0], titles, strict=True):
        panel.set_title(title, fontsize=7)
    return figure, grid


def draw_error(panel: Axes, error: np.ndarray) -> AxesImage:
    """An error in units of the stated one, (H, W): red where it is too much; returned is what has its colours."""
    return panel.imshow(error, vmin=-LARGEST, vmax=LARGEST, cmap="RdBu_r", origin="lower")


def draw_scale(grid: np.ndarray, dataset: Dataset, size: int) -> None:
    """A bar of one arcsec in the first image, where the data set knows its pixels."""
    if dataset.description.pixel_scale is not None:
        draw_scale_bar(grid[0, 0], dataset.description.pixel_scale, size)


def draw_colours(figure: Figure, columns: np.ndarray, coloured: AxesImage) -> None:
    """A colour bar below columns of panels, whose images all have the range and the colours of this one."""
    bar = figure.colorbar(coloured, ax=list(columns.flat), location="bottom", shrink=0.8, aspect=30, pad=0.02)
    bar.ax.tick_params(labelsize=6)
    bar.outline.set_linewidth(0.5)  # pyright: ignore[reportCallIssue]


def _draw(panel: Axes, image: np.ndarray, noise: float) -> None:
    """Stretched so that the noise and bright galaxies are both seen."""
    panel.imshow(np.arcsinh(image / noise / 2), vmin=-1, vmax=4, cmap="inferno", origin="lower")
