"""A result with the predictions that it was measured from, and how well each single image was answered."""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from scipy.stats import rankdata

from ..bench.metrics.clustering import cluster_scores
from ..bench.metrics.ranking import ranking
from ..bench.results import Result, scores_of
from ..board.folders import Folders
from ..board.tables import Table
from ..scores import AnomalyScores, ClassScores, ClusterScores, ParameterScores, Scores, Truth

__all__ = ["Measured", "measured_of", "merit"]


@dataclass(frozen=True)
class Measured:
    """One model on one benchmark, image by image."""

    result: Result
    scores: Scores
    truth: Truth

    @property
    def model(self) -> str:
        """Id of the model."""
        return self.result.model


def measured_of(table: Table, folders: Folders) -> list[Measured]:
    """The rows of a table that have numbers, in its order; they are read from these folders."""
    paths = [folders.path(result.benchmark, result.model) for result in table.results]
    return [Measured(one, *scores_of(path, one)) for one, path in zip(table.results, paths, strict=True)]


@singledispatch
def merit(scores: Scores, truth: Truth) -> np.ndarray | None:
    """How well each image was answered, (N,), higher is better; None where nothing says so.

    What ranks images: the share of all images that a positive is ranked above, and one minus it for a negative. Several
    classes: the probability of the true one. Clusters: the probability of the cluster that is matched with the true
    class. Parameters: minus the distance of the first one from the truth.

    Example:
        >>> import numpy as np
        >>> from zoo_core.web.measured import merit
        >>> from zoo_core.scores import AnomalyScores
        >>> merit(AnomalyScores(np.array([0.1, 0.9, 0.5])), {"label": np.array([0, 0, 1])}).round(2)
        array([1. , 0. , 0.5])
    """
    return None


@merit.register(ClassScores)
def _(scores: ClassScores, truth: Truth) -> np.ndarray:
    if scores.is_binary:
        return _share_of_rank(scores, truth)
    return scores.probabilities[np.arange(len(truth["label"])), truth["label"]]


@merit.register(AnomalyScores)
def _(scores: AnomalyScores, truth: Truth) -> np.ndarray:
    return _share_of_rank(scores, truth)


def _share_of_rank(scores: ClassScores | AnomalyScores, truth: Truth) -> np.ndarray:
    ranked = ranking(scores, truth)
    assert ranked is not None  # two classes and anomalies are always ranked
    share = (rankdata(ranked.scores) - 1) / max(1, len(ranked.scores) - 1)
    return np.where(ranked.positive, share, 1 - share)


@merit.register(ClusterScores)
def _(scores: ClusterScores, truth: Truth) -> np.ndarray:
    by_class = np.stack([cluster_scores(scores, truth, k) for k in range(int(truth["label"].max()) + 1)])
    return by_class[truth["label"], np.arange(len(truth["label"]))]


@merit.register(ParameterScores)
def _(scores: ParameterScores, truth: Truth) -> np.ndarray:
    name = next(iter(scores.means))
    return -np.abs(scores.means[name] - truth[name])
