"""What a network makes of images before its last layer, on a plane: a colour a class, or the colours of what is true.

<folder>/<benchmark>/<model>-features.png
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from ..errors import ArgumentError
from ..interfaces import Dataset
from ..models.model import Model
from ..predict.picture import write_picture
from .colours import COLOURS

__all__ = ["draw_features", "draw_features_of"]

BATCH = 64
DPI = 130
PANEL = 3.0  # inches
FEWEST = 3  # images on a map
COLOURED = {"theta_E": "theta_E, arcsec", "arc_snr": "log10 S/N of the arcs"}
"""Columns of the truth that say what an image shows, besides its class and the parameters of a regressor."""


def draw_features_of(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """The features of some images by all that is true of these; nothing of a network without; see `Task.pictures`."""
    if not hasattr(model.network, "features"):
        return []
    truth, scale = dataset.truth_of(rows), dataset.description.pixel_scale
    parts = np.array_split(rows, max(1, len(rows) // BATCH))
    features = np.concatenate([model.features(dataset.images(part), scale).float().cpu().numpy() for part in parts])
    names = {name: name for name in dataset.description.heads.parameters} | COLOURED
    columns = {words: _shown(name, truth[name]) for name, words in names.items() if name in truth}
    path = stem.with_name(f"{stem.name}-features.png")
    labels = truth["label"] if dataset.description.heads.classes else None
    draw_features(path, features.reshape(len(rows), -1), labels, dataset.description.heads.classes, columns)
    return [path]


def draw_features(
    path: Path,
    features: np.ndarray,
    labels: np.ndarray | None,
    classes: Sequence[str],
    columns: Mapping[str, np.ndarray],
) -> None:
    """The first two principal components of features, a panel for the classes and one for each column.

    Arguments:
        path: of the picture.
        features: (N, D); every dimension counts alike.
        labels: index of the class of each image, (N,); None: there are no classes.
        classes: their names.
        columns: what is true of the images, (N,) each, by its name with unit; grey where it is NaN.

    Raises:
        ArgumentError: fewer than two dimensions or three images, or nothing to colour them by.
    """
    if features.shape[1] < 2 or len(features) < FEWEST:
        raise ArgumentError(f"{path}: features {features.shape} make no map; it takes {FEWEST} images and 2 dimensions")
    if labels is None and not columns:
        raise ArgumentError(f"{path}: neither classes nor columns are given to colour the images by")
    pca = PCA(2, random_state=0)
    places = pca.fit_transform(StandardScaler().fit_transform(features))
    panels = len(columns) + (labels is not None)
    figure = Figure(figsize=(PANEL * panels + 0.4, PANEL + 0.4), dpi=DPI, layout="constrained")
    axes = list(figure.subplots(1, panels, squeeze=False)[0])
    first, second = pca.explained_variance_ratio_
    axes[0].set(xlabel=f"first component, {first:.0%} of the variance", ylabel=f"second, {second:.0%}")
    if labels is not None:
        _draw_classes(axes.pop(0), places, labels, classes)
    for panel, (words, values) in zip(axes, columns.items(), strict=True):
        _draw_values(figure, panel, places, words, values)
    write_picture(figure, path)


def _draw_classes(axes: Axes, places: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    for number, name in enumerate(classes):
        of_class = places[labels == number]
        axes.scatter(*of_class.T, s=6, alpha=0.6, linewidths=0, color=COLOURS[number % len(COLOURS)], label=name)
    axes.set(xticks=[], yticks=[], title="class")
    axes.legend(frameon=False, markerscale=2, fontsize=7)


def _draw_values(figure: Figure, axes: Axes, places: np.ndarray, words: str, values: np.ndarray) -> None:
    known = np.isfinite(values)
    axes.scatter(*places[~known].T, s=4, alpha=0.3, linewidths=0, color="grey")
    points = axes.scatter(*places[known].T, s=6, alpha=0.8, linewidths=0, c=values[known], cmap="viridis")
    axes.set(xticks=[], yticks=[], title=words)
    if known.any():
        figure.colorbar(points, ax=axes)


def _shown(name: str, values: np.ndarray) -> np.ndarray:
    """A column as it is drawn: S/N as its logarithm, and nothing of images without arcs."""
    values = values.astype(float)
    if name not in COLOURED:
        return values
    positive = np.where(values > 0, values, np.nan)
    return np.log10(positive) if name == "arc_snr" else positive
