"""What a clustering calls alike: the most confident images of each cluster."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..interfaces import Dataset
from ..predict.gallery import stretched
from ..predict.picture import write_picture

__all__ = ["draw_prototypes", "prototypes"]

SHOWN = 8  # images of a cluster
PANEL = 1.2  # inches
DPI = 160
PAPER, INK, FAINT = "#0b0e14", "#f2efe6", "#8d94a3"


def prototypes(probabilities: np.ndarray, count: int = SHOWN) -> list[np.ndarray]:
    """Rows of the most confident members of each cluster, the most confident first.

    Arguments:
        probabilities: (N, K).
        count: of rows, fewer where the cluster has fewer members.
    """
    cluster = probabilities.argmax(1)
    order = np.argsort(-probabilities.max(1), kind="stable")
    return [order[cluster[order] == k][:count] for k in range(probabilities.shape[1])]


def draw_prototypes(path: Path, dataset: Dataset, probabilities: np.ndarray, count: int = SHOWN) -> None:
    """A row of prototypes for each cluster, with their probability and, where the data set knows it, their class.

    Arguments:
        path: of the picture; the extension names its format.
        dataset: that was clustered.
        probabilities: (N, K), a row an image.
        count: of prototypes in a row.
    """
    rows = prototypes(probabilities, count)
    members, names = np.bincount(probabilities.argmax(1), minlength=len(rows)), _classes(dataset)
    figure = Figure(figsize=(count * PANEL + 0.9, len(rows) * PANEL * 1.15 + 0.2), dpi=DPI, facecolor=PAPER)
    grid = figure.subplots(len(rows), count, squeeze=False)
    figure.subplots_adjust(left=0.9 / figure.get_figwidth(), right=0.99, top=0.99, bottom=0.01, wspace=0.05)
    for panel in grid.flat:
        panel.set_axis_off()
    for cluster, (panels, shown) in enumerate(zip(grid, rows, strict=True)):
        _title(panels[0], cluster, int(members[cluster]))
        for panel, row in zip(panels, shown, strict=False):
            _draw(panel, dataset.images([row])[0], f"{probabilities[row, cluster]:.3f}  {names[row]}")
    write_picture(figure, path)


def _classes(dataset: Dataset) -> list[str]:
    """Name of the class of each image, empty where the data set knows none."""
    labels = dataset.truth().get("label")
    if labels is None or not dataset.description.heads.classes:
        return [""] * len(dataset)
    return [dataset.description.heads.classes[int(label)] for label in labels]


def _title(axes: Axes, cluster: int, members: int) -> None:
    caption = f"cluster {cluster}\n{members:,} images"
    axes.text(-0.08, 0.5, caption, transform=axes.transAxes, color=INK, size=7, ha="right", va="center")


def _draw(axes: Axes, pixels: np.ndarray, caption: str) -> None:
    axes.imshow(stretched(pixels), origin="lower", cmap="magma", vmin=0, vmax=1)
    axes.text(0.5, -0.02, caption, transform=axes.transAxes, color=FAINT, size=6, ha="center", va="top")
