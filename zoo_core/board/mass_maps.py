"""Maps of the convergence beside the images that they were made of, and beside the true ones.

<folder>/<benchmark>/<model>-maps.png     image, map, truth, and what is wrong in units of the stated error
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ..interfaces import Dataset
from ..models.model import Model
from ..predict.picture import write_picture
from ..tasks import Convergence
from .restored import SHOWN, draw_colours, draw_error, draw_scale, panels_of

__all__ = ["draw_mass_maps"]

ERROR = 0.1  # dex, that stands for sigma where none is stated
TITLES = ("image", "log10 kappa, line: kappa = 1", "true", "error / sigma")


def draw_mass_maps(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Some images, their maps and the true ones, with the line of convergence 1, and the error over the stated one.

    Arguments:
        model: that maps the convergence.
        dataset: that knows the mass.
        rows: of it; the first ones are drawn.
        stem: beginning of the file's name.
    """
    shown = rows[:SHOWN]
    images, truth = dataset.images(shown), dataset.mass_maps(shown)
    prediction = model(images, dataset.description.pixel_scale)
    assert isinstance(prediction, Convergence)
    maps = prediction.image.cpu().numpy()
    sigma = np.full_like(maps, ERROR) if prediction.sigma is None else prediction.sigma.cpu().numpy()
    figure, grid = panels_of(len(shown), TITLES)
    for k, panels in enumerate(grid):
        _draw_image(panels[0], images[k, 0])
        for panel, one in zip(panels[1:], (maps[k, 0], truth.log10_kappa[k, 0]), strict=False):
            coloured = _draw_map(panel, one)
        errors = draw_error(panels[3], (maps[k, 0] - truth.log10_kappa[k, 0]) / sigma[k, 0])
    draw_scale(grid, dataset, images.shape[-1])
    draw_colours(figure, grid[:, 1:3], coloured)
    draw_colours(figure, grid[:, 3], errors)
    return [write_picture(figure, stem.with_name(f"{stem.name}-maps.png"))]


def _draw_image(panel: Axes, image: np.ndarray) -> None:
    """Stretched so that the noise and bright galaxies are both seen."""
    low, middle, high = np.nanpercentile(image, [15.87, 50, 84.13])
    panel.imshow(np.arcsinh((image - middle) / max(high - low, 1e-30)), vmin=-1, vmax=4, cmap="inferno", origin="lower")


def _draw_map(panel: Axes, log10_kappa: np.ndarray) -> AxesImage:
    """A map with its line of convergence 1; returned is what has its colours."""
    low, high = Convergence.SHOWN
    panel.contour(np.nan_to_num(log10_kappa, nan=low), levels=[0.0], colors="white", linewidths=0.6)
    return panel.imshow(log10_kappa, vmin=low, vmax=high, cmap="viridis", origin="lower")
