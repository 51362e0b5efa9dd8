"""What a task ranks images by, where it tells positives from negatives."""

import numpy as np

from .classification import positive_scores, probabilities
from .clustering import cluster_scores
from .figures import Columns

__all__ = ["one_against_rest", "ranking"]


def ranking(task: str, predictions: Columns, truth: Columns) -> tuple[np.ndarray, np.ndarray] | None:
    """The scores (N,) and which images are positive (N,); None for what ranks nothing.

    Two classes: the second is positive. Anomalies: every class but the first is.
    """
    if task == "anomaly":
        return predictions["anomaly_score"], truth["label"] > 0
    if task == "classification" and probabilities(predictions).shape[1] == 1:
        return positive_scores(predictions), truth["label"] == 1
    return None


def one_against_rest(task: str, predictions: Columns, truth: Columns, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for class `k` against all others: its probability, or that of the cluster that is matched with it."""
    scores = cluster_scores(predictions, truth, k) if task == "clustering" else probabilities(predictions)[:, k]
    return scores, truth["label"] == k
