"""Whether what a classifier doubts is what it calls wrongly, as a picture.

<folder>/<benchmark>/<model>-doubt.png        error rate of what is kept, and of images by their doubt
<folder>/<benchmark>/<model>-features.png     features by class and by what is true of the images
"""

from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..bench.metrics.uncertainty import error_by_doubt, predictive_entropy, rejection
from ..interfaces import Dataset
from ..models.model import Model
from ..predict.picture import write_picture
from ..tasks import Classification
from .colours import COLOURS
from .features import draw_features_of
from .pictures import predicted

__all__ = ["draw_classified", "draw_doubt"]

DPI = 130


def draw_classified(model: Model, dataset: Dataset, rows: np.ndarray, stem: Path) -> list[Path]:
    """Doubt and mistakes of a classifier, and its features if it has some; arguments as of `Task.pictures`."""
    _, prediction = predicted(model, dataset, rows)
    path, labels = stem.with_name(f"{stem.name}-doubt.png"), dataset.truth_of(rows)["label"]
    draw_doubt(path, cast(Classification, prediction).probabilities.double().cpu().numpy(), labels)
    return [path, *draw_features_of(model, dataset, rows, stem)]


def draw_doubt(path: Path, probabilities: np.ndarray, labels: np.ndarray) -> None:
    """The rejection curve and the error rate against the predictive entropy.

    Arguments:
        path: of the picture.
        probabilities: (N, K) of the classes.
        labels: index of the true class of each image, (N,).
    """
    doubt, wrong = predictive_entropy(probabilities), probabilities.argmax(1) != labels
    figure = Figure(figsize=(7.4, 3.3), dpi=DPI, layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_rejection(left, doubt, wrong)
    _draw_error(right, doubt, wrong)
    write_picture(figure, path)


def _draw_rejection(axes: Axes, doubt: np.ndarray, wrong: np.ndarray) -> None:
    found, best = rejection(doubt, wrong), rejection(wrong.astype(float), wrong)
    left_out = 1 - found.kept
    axes.plot(left_out, found.error, color=COLOURS[0], label=f"by entropy, mean {found.area:.3g}")
    axes.plot(left_out, best.error, color=COLOURS[1], linestyle="--", label=f"mistakes first, {best.area:.3g}")
    axes.axhline(wrong.mean(), color="grey", linestyle=":", label=f"at random, {wrong.mean():.3g}")
    axes.set(xlabel="share of images left out", ylabel="error rate of the others", xlim=(0, 1), ylim=(0, None))
    axes.legend(frameon=False, fontsize=7)


def _draw_error(axes: Axes, doubt: np.ndarray, wrong: np.ndarray) -> None:
    bins = error_by_doubt(doubt, wrong)
    errors = np.array([[one.error - one.low, one.high - one.error] for one in bins]).T
    places = [one.doubt for one in bins], [one.error for one in bins]
    axes.errorbar(*places, yerr=errors, fmt="o", markersize=4, linewidth=1, color=COLOURS[0])
    axes.set(xlabel="predictive entropy, nats", ylabel="error rate, 95 % intervals", ylim=(0, None))
