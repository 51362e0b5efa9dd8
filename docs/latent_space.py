"""Draws what a bottleneck keeps of images, by class, Einstein radius and S/N of the arcs: docs/pipelines.md.

Run: python docs/latent_space.py

Principal components and UMAP of the means of the latents of `vib.space` and `vib_regression.hst`, of images that
neither has learned from: docs/images/bottleneck-latent.png and bottleneck-latent-regression.png.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

import zoo_core as zoo
from zoo_core.board.colours import COLOURS
from zoo_core.board.pictures import MAPS, spread
from zoo_core.predict.picture import write_picture

PICTURES = Path(__file__).parent / "images"
COUNT, AT_ONCE, NEIGHBOURS = 1000, 50, 10
DRAWN = {
    "bottleneck-latent": ("vib.space", "finding_space", {"n": 2000, "seed": 77, "lens_fraction": 0.5}),
    "bottleneck-latent-regression": ("vib_regression.hst", "modelling_hst", {}),
}

log = logging.getLogger(__name__)


def main() -> None:
    """A picture of each network, and what its latent tells."""
    torch.set_num_threads(1)
    for name, (network, dataset, arguments) in DRAWN.items():
        images = zoo.open_dataset(dataset, **arguments)
        truth = images.truth()
        labels = truth.get("label", np.ones(len(images)))
        rows = spread(labels, COUNT)
        latent = StandardScaler().fit_transform(latents(network, images, rows))
        lens = labels[rows] == 1
        values = {
            "theta_E, arcsec": np.where(lens, truth["theta_E"][rows], np.nan),
            "log10 S/N of the arcs": np.where(lens, np.log10(truth["arc_snr"][rows].clip(1)), np.nan),
        }
        picture(latent, labels[rows], values, PICTURES / f"{name}.png")
        for title, value in values.items():
            log.info("%s, %s: %.2f of its variance is told by the neighbours", network, title, told(latent, value))


def latents(network: str, images: zoo.Dataset, rows: np.ndarray) -> np.ndarray:
    """The mean of the latent of each of these images, (N, D)."""
    model, scale = zoo.load(network, device="cpu"), images.description.pixel_scale
    parts = np.split(rows, range(AT_ONCE, len(rows), AT_ONCE))
    return torch.cat([model.features(images.images(part), scale) for part in parts]).numpy()


def told(latent: np.ndarray, value: np.ndarray) -> float:
    """Share of the variance of a value, NaN where there is none, that its mean over the nearest others tells."""
    known = np.isfinite(value)
    nearest = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(latent[known])
    others = nearest.kneighbors(return_distance=False)[:, :NEIGHBOURS]
    return 1 - float(np.var(value[known] - value[known][others].mean(1)) / np.var(value[known]))


def picture(latent: np.ndarray, labels: np.ndarray, values: Mapping[str, np.ndarray], path: Path) -> None:
    """A row for each map; a column for the classes, where there are two, and one for each value."""
    classes = len(np.unique(labels)) > 1
    columns = len(values) + classes
    figure = Figure(figsize=(3.4 * columns, 6.2), dpi=110, layout="constrained")
    grid = figure.subplots(len(MAPS), columns, squeeze=False)
    for row, (kind, reduce) in zip(grid, MAPS.items(), strict=True):
        places = reduce(latent)
        row[0].set_ylabel(kind.upper() if kind == "umap" else "principal components")
        if classes:
            by_class(row[0], places, labels)
        for axes, value in zip(row[classes:], values.values(), strict=True):
            axes.scatter(*places[labels == 0].T, s=5, linewidths=0, color="0.8")
            shown = axes.scatter(*places[labels == 1].T, s=7, linewidths=0, alpha=0.8, c=value[labels == 1])
            figure.colorbar(shown, ax=axes)
    for axes, title in zip(grid[0], [*["class"] * classes, *values], strict=True):
        axes.set_title(title)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    write_picture(figure, path)


def by_class(axes: Axes, places: np.ndarray, labels: np.ndarray) -> None:
    """Places of each class in a colour of its own."""
    for number, name in enumerate(("no lens", "lens")):
        axes.scatter(*places[labels == number].T, s=6, alpha=0.6, linewidths=0, color=COLOURS[number], label=name)
    axes.legend(frameon=False, markerscale=2)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
