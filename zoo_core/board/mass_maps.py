"""Maps of the convergence beside the images that they were made of, and beside the true ones.

<folder>/<benchmark>/<model>-maps.png     image, map, truth, and what is wrong in units of the stated error
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..interfaces import Dataset
from ..models.model import Model
from ..predict.picture import write_picture
from ..tasks import Convergence
from ..tasks.convergence import SHOWN

__all__ = ["draw_mass_maps"]

MOST = 8  # images
SIDE = 1.5  # inches, of a panel
DPI = 130
LARGEST = 3.0  # sigma, where the colours of the error end
ERROR = 0.1  # dex, that stands for sigma where none is stated
TITLES = ("image", "log10 kappa", "true", "error / sigma")


def draw_mass_maps(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Some images, their maps and the true ones, with the line of convergence 1, and the error over the stated one.

    Arguments:
        model: that maps the convergence.
        dataset: that knows the mass.
        rows: of it; the first ones are drawn.
        stem: beginning of the file's name.
    """
    shown = rows[:MOST]
    images, truth = dataset.images(shown), dataset.mass_maps(shown)
    prediction = model(images, dataset.description.pixel_scale)
    assert isinstance(prediction, Convergence)
    maps = prediction.image.cpu().numpy()
    sigma = np.full_like(maps, ERROR) if prediction.sigma is None else prediction.sigma.cpu().numpy()
    figure = Figure(figsize=(SIDE * len(TITLES), SIDE * len(shown) + 0.2), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(shown), len(TITLES), squeeze=False)
    for k, panels in enumerate(grid):
        _draw_image(panels[0], images[k, 0])
        for panel, one in zip(panels[1:], (maps[k, 0], truth.log10_kappa[k, 0]), strict=False):
            _draw_map(panel, one)
        error = (maps[k, 0] - truth.log10_kappa[k, 0]) / sigma[k, 0]
        panels[3].imshow(error, vmin=-LARGEST, vmax=LARGEST, cmap="RdBu_r", origin="lower")
    for panel in grid.flat:
        panel.set(xticks=[], yticks=[])
    for panel, title in zip(grid[0], TITLES, strict=True):
        panel.set_title(title, fontsize=7)
    return [write_picture(figure, stem.with_name(f"{stem.name}-maps.png"))]


def _draw_image(panel: Axes, image: np.ndarray) -> None:
    """Stretched so that the noise and bright galaxies are both seen."""
    low, middle, high = np.nanpercentile(image, [15.87, 50, 84.13])
    panel.imshow(np.arcsinh((image - middle) / max(high - low, 1e-30)), vmin=-1, vmax=4, cmap="inferno", origin="lower")


def _draw_map(panel: Axes, log10_kappa: np.ndarray) -> None:
    panel.imshow(log10_kappa, vmin=SHOWN[0], vmax=SHOWN[1], cmap="viridis", origin="lower")
    panel.contour(np.nan_to_num(log10_kappa, nan=SHOWN[0]), levels=[0.0], colors="white", linewidths=0.6)
