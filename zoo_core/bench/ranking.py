"""What a task ranks images by, where it tells positives from negatives."""

import numpy as np

from .classification import positive_scores, probabilities
from .figures import Columns

__all__ = ["ranking"]


def ranking(task: str, predictions: Columns, truth: Columns) -> tuple[np.ndarray, np.ndarray] | None:
    """The scores (N,) and which images are positive (N,); None for what ranks nothing.

    Two classes: the second is positive. Anomalies: every class but the first is.
    """
    if task == "anomaly":
        return predictions["anomaly_score"], truth["label"] > 0
    if task == "classification" and probabilities(predictions).shape[1] == 1:
        return positive_scores(predictions), truth["label"] == 1
    return None
