"""What a detector or a clustering sees, as pictures: reconstructions, and the map of its latent space.

<folder>/<benchmark>/<model>-strips.png       original, reconstruction, residual
<folder>/<benchmark>/<model>-latent-pca.png   latent space by class; also -latent-umap.png
<folder>/<benchmark>/<model>-prototypes.png   the most confident images of each cluster
"""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..errors import ArgumentError, NotInstalledError
from ..files import make_folder
from ..interfaces import Dataset
from ..models.model import Model
from ..predict.picture import write_picture
from ..predictions import joined
from ..tasks import Anomaly, Clustering, Prediction, task_named, tasks
from .colours import COLOURS
from .prototypes import draw_prototypes

__all__ = [
    "MAPS",
    "draw_anomalies",
    "draw_clusters",
    "draw_latent",
    "draw_maps",
    "draw_pictures",
    "draw_strips",
    "predicted",
    "spread",
]

log = logging.getLogger("zoo")

SHOWN = 3  # strips a class
NEIGHBOURS = 15  # that UMAP keeps near each image
FEWEST = 3  # images on a map
BATCH = 64
DPI = 130


def draw_pictures(model: Model, spec: BenchmarkSpec, folder: str | Path, count: int = 600) -> list[Path]:
    """All pictures of a model on a benchmark.

    Arguments:
        model: of anomalies or clusters.
        spec: of the benchmark.
        folder: to write into.
        count: of images that are looked at, evenly spaced over those of each class, so that classes keep their shares.

    Raises:
        ArgumentError: the model's task has no such pictures.
    """
    draw = model.task.pictures
    if draw is None:
        drawn = " and ".join(name for name in tasks() if task_named(name).pictures)
        raise ArgumentError(f"{model.id} is for {model.task.name}; pictures are of {drawn}")
    dataset = open_dataset(spec.dataset, **spec.arguments)
    rows = spread(dataset.truth().get("label", np.zeros(len(dataset))), count)
    stem = Path(folder) / spec.id / model.id
    make_folder(stem.parent)
    return draw(model, dataset, rows, stem)


def spread(labels: np.ndarray, count: int) -> np.ndarray:
    """Rows (count,) in their order, evenly spaced over those of each class, which has its share of them.

    Example:
        >>> import numpy as np
        >>> from zoo_core.board.pictures import spread
        >>> spread(np.array([0, 1, 0, 1, 0, 1, 0, 1]), 4)
        array([0, 1, 4, 7])
    """
    by_class, last = np.argsort(labels, kind="stable"), len(labels) - 1
    return np.sort(by_class[np.unique(np.linspace(0, last, min(count, len(labels))).astype(int))])


def draw_strips(path: Path, originals: np.ndarray, reconstructions: np.ndarray, titles: Sequence[str]) -> None:
    """Original, reconstruction and residual of some images side by side; the residual has a scale of its own.

    Arguments:
        path: of the picture.
        originals, reconstructions: (N, H, W).
        titles: of each row.
    """
    figure = Figure(figsize=(5.4, 1.75 * len(originals)), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(originals), 3, squeeze=False)
    largest = max(np.quantile(np.abs(originals - reconstructions), 0.999), np.finfo(np.float32).tiny)
    for panels, original, again, title in zip(grid, originals, reconstructions, titles, strict=True):
        span = {"vmin": original.min(), "vmax": original.max(), "cmap": "inferno"}
        panels[0].imshow(original, **span)
        panels[1].imshow(again, **span)
        panels[2].imshow(original - again, vmin=-largest, vmax=largest, cmap="RdBu_r")
        panels[0].set_ylabel(title, fontsize=7)
    for panel, name in zip(grid[0], ("original", "reconstruction", "residual"), strict=True):
        panel.set_title(name, fontsize=8)
    for panel in grid.flat:
        panel.set(xticks=[], yticks=[])
    write_picture(figure, path)


def draw_latent(path: Path, latent: np.ndarray, labels: np.ndarray, classes: Sequence[str], kind: str = "pca") -> None:
    """The latent space in two dimensions, a colour a class.

    Arguments:
        path: of the picture.
        latent: (N, D); every dimension counts alike.
        labels: index of the class of each, (N,).
        classes: their names.
        kind: one of `MAPS`.

    Raises:
        ArgumentError: fewer than two dimensions or three images.
        NotInstalledError: the map needs an extra.
    """
    if latent.shape[1] < 2 or len(latent) < FEWEST:
        raise ArgumentError(
            f"a map needs two latent dimensions and {FEWEST} images, or more; got {latent.shape[1]} and {len(latent)}"
        )
    places = MAPS[kind](StandardScaler().fit_transform(latent))
    figure = Figure(figsize=(4.8, 4.2), dpi=DPI, layout="constrained")
    axes = figure.subplots()
    for number, name in enumerate(classes):
        of_class = places[labels == number]
        axes.scatter(*of_class.T, s=6, alpha=0.6, linewidths=0, color=COLOURS[number % len(COLOURS)], label=name)
    axes.set(xticks=[], yticks=[], title=kind.upper())
    axes.legend(frameon=False, markerscale=2)
    write_picture(figure, path)


def draw_maps(stem: Path, latent: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> list[Path]:
    """A picture of every map of `MAPS`, `<stem>-latent-<kind>.png`; the log names those whose extra is missing.

    Arguments:
        stem: folder and beginning of the names.
        latent, labels, classes: as for `draw_latent`.
    """
    drawn = []
    for kind in MAPS:
        path = _beside(stem, f"latent-{kind}")
        try:
            draw_latent(path, latent, labels, classes, kind)
        except NotInstalledError as error:
            log.warning("no %s: %s", path.name, error)
        else:
            drawn.append(path)
    return drawn


def draw_anomalies(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Strips and maps of a detector; arguments as of `Task.pictures`."""
    channels, prediction = predicted(model, dataset, rows)
    answer = cast(Anomaly, prediction)
    score, again = answer.score.numpy(), answer.reconstruction[:, 0].numpy()
    labels = dataset.truth()["label"][rows]
    chosen = np.concatenate([np.flatnonzero(labels == label)[:SHOWN] for label in np.unique(labels)])
    titles = [f"{dataset.description.heads.classes[labels[row]]}\nscore {score[row]:.3g}" for row in chosen]
    strips = _beside(stem, "strips")
    draw_strips(strips, channels[chosen, 0], again[chosen], titles)
    return [strips, *draw_maps(stem, answer.latent.flatten(1).numpy(), labels, dataset.description.heads.classes)]


def draw_clusters(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Prototypes and maps of a clustering; arguments as of `Task.pictures`."""
    answer = cast(Clustering, predicted(model, dataset, np.arange(len(dataset)))[1])
    best, latent = _beside(stem, "prototypes"), answer.embedding.numpy()[rows]
    draw_prototypes(best, dataset, answer.probabilities.numpy())
    return [best, *draw_maps(stem, latent, dataset.truth()["label"][rows], dataset.description.heads.classes)]


def predicted(model: Model, dataset: Dataset, rows: np.ndarray) -> tuple[np.ndarray, Prediction]:
    """The channels (N, C, size, size) that the network sees of these rows, and its prediction."""
    channels, predictions = [], []
    for part in np.array_split(rows, max(1, len(rows) // BATCH)):
        images = dataset.images(part)
        inputs = model.preprocess.images(images, dataset.description.pixel_scale)
        channels.append(inputs.numpy())
        predictions.append(model.prediction(inputs))
    return np.concatenate(channels), joined(predictions)


def _beside(stem: Path, name: str) -> Path:
    return stem.with_name(f"{stem.name}-{name}.png")


def _pca(latent: np.ndarray) -> np.ndarray:
    return PCA(2, random_state=0).fit_transform(latent)


def _umap(latent: np.ndarray) -> np.ndarray:
    """McInnes, Healy & Melville (2018), arXiv 1802.03426; started from the principal components."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of its networks, which need TensorFlow, and of Numba's cache
            from umap import UMAP  # seconds: it compiles itself
    except ImportError as error:
        raise NotInstalledError(f"UMAP can't be imported ({error}); pip install 'zoo-core[umap]'") from error
    reducer = UMAP(min(NEIGHBOURS, len(latent) - 1), init="pca", random_state=0, n_jobs=1)
    threads = torch.get_num_threads()
    try:
        return np.asarray(reducer.fit_transform(latent))
    finally:
        torch.set_num_threads(threads)  # Numba has set those of OpenMP, which torch computes with


Mapping2D = Callable[[np.ndarray], np.ndarray]
MAPS: Mapping[str, Mapping2D] = {"pca": _pca, "umap": _umap}
