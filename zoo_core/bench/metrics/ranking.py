"""What images are ranked by, where positives are separated from negatives."""

from functools import singledispatch

from ...scores import AnomalyScores, ClassScores, ClusterScores, Scores, Truth
from .clustering import cluster_scores
from .curves import Ranking

__all__ = ["one_against_rest", "ranking"]


@singledispatch
def ranking(scores: Scores, truth: Truth) -> Ranking | None:
    """How the scores rank all images; None for what ranks nothing.

    Two classes: the second is positive. Anomalies: every class but the first is.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.ranking import ranking
        >>> from zoo_core.scores import AnomalyScores, ParameterScores
        >>> ranking(AnomalyScores(np.array([0.2, 3.0, 1.0])), {"label": np.array([0, 2, 1])}).positive
        array([False,  True,  True])
        >>> ranking(ParameterScores({}, {}), {}) is None
        True
    """
    return None


@ranking.register(ClassScores)
def _(scores: ClassScores, truth: Truth) -> Ranking | None:
    return Ranking(scores.positive, truth["label"] == 1, probable=True) if scores.is_binary else None


@ranking.register(AnomalyScores)
def _(scores: AnomalyScores, truth: Truth) -> Ranking:
    return Ranking(scores.score, truth["label"] > 0, probable=False)


@singledispatch
def one_against_rest(scores: Scores, truth: Truth, k: int) -> Ranking | None:
    """How they rank class `k` against all others: by its probability, or by that of the cluster matched with it."""
    return None


@one_against_rest.register(ClassScores)
def _(scores: ClassScores, truth: Truth, k: int) -> Ranking:
    return Ranking(scores.probabilities[:, k], truth["label"] == k, probable=True)


@one_against_rest.register(ClusterScores)
def _(scores: ClusterScores, truth: Truth, k: int) -> Ranking:
    return Ranking(cluster_scores(scores, truth, k), truth["label"] == k, probable=True)
