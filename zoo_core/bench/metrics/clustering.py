"""Figures of merit of clusters, `cluster` and `p_0`, `p_1` ..., against classes that no one told the network.

There may be more clusters than classes, or fewer. Each class is matched with a cluster of its own so that as many
images as possible agree (Kuhn 1955, the Hungarian method); the images of clusters that are left over count as wrong.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import xlogy

from ...interfaces import Metric
from .contingency import contingency
from .curves import curve
from .figures import Columns, weighted

__all__ = ["cluster_scores", "clustering_metrics", "matched_confusion", "matching"]

TASK = "clustering"


def clustering_metrics() -> list[Metric]:
    """Of any number of clusters."""
    hungarian = "share of images in the cluster of their class, clusters matched 1-1 with classes (Hungarian)"
    mutual = "mutual information of cluster and class over the mean of their entropies"
    return [
        weighted("accuracy", TASK, _accuracy, hungarian),
        weighted("nmi", TASK, _nmi, mutual),
        weighted("ari", TASK, _ari, "adjusted Rand index (Hubert & Arabie 1985)"),
        weighted("majority_accuracy", TASK, _majority, "share of images of the commonest class of their cluster"),
        weighted("matched_auroc", TASK, _auroc, "area under the ROC curve of the matched clusters, mean over classes"),
    ]


def matching(table: np.ndarray) -> np.ndarray:
    """The cluster of each class, -1 where there are too few, for a table (classes, clusters) of counts."""
    matched = np.full(len(table), -1)
    classes, clusters = linear_sum_assignment(table, maximize=True)
    matched[classes] = clusters
    return matched


def matched_confusion(predictions: Columns, truth: Columns, classes: int) -> np.ndarray:
    """Counts (classes, clusters); the matched clusters first, in the order of their classes."""
    table = _tables(predictions, truth, classes)[0]
    matched = matching(table)
    kept = matched[matched >= 0]
    rest = np.setdiff1d(np.arange(table.shape[1]), kept)
    return table[:, np.concatenate([kept, rest])].astype(int)


def cluster_scores(predictions: Columns, truth: Columns, k: int) -> np.ndarray:
    """Probability (N,) of the cluster that is matched with class `k`; zero, which tells nothing, if there is none."""
    cluster = matching(_tables(predictions, truth)[0])[k]
    return predictions[f"p_{cluster}"] if cluster >= 0 else np.zeros(len(truth["label"]))


def _tables(
    predictions: Columns, truth: Columns, classes: int | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Counts (B, classes, clusters)."""
    rows = int(truth["label"].max()) + 1 if classes is None else classes
    weights = np.ones((1, len(truth["label"]))) if weights is None else weights
    return contingency(truth["label"], predictions["cluster"], (rows, _clusters(predictions)), weights)


def _clusters(predictions: Columns) -> int:
    return sum(name.startswith("p_") for name in predictions)


def _accuracy(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    tables = _tables(predictions, truth, weights=weights)
    right = [table[linear_sum_assignment(table, maximize=True)].sum() for table in tables]
    return np.array(right) / tables.sum(axis=(1, 2))


def _majority(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    tables = _tables(predictions, truth, weights=weights)
    return tables.max(axis=1).sum(axis=1) / tables.sum(axis=(1, 2))


def _nmi(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    """One where both have but one group, as scikit-learn has it."""
    joint = _tables(predictions, truth, weights=weights)
    joint = joint / joint.sum(axis=(1, 2), keepdims=True)
    entropies = [-xlogy(share, share).sum(axis=1) for share in (joint.sum(axis=1), joint.sum(axis=2))]
    total = entropies[0] + entropies[1]
    mutual = total + xlogy(joint, joint).sum(axis=(1, 2))
    return np.divide(2 * mutual.clip(min=0), total, out=np.ones_like(total), where=total > 0)


def _ari(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    """One where there is nothing to agree on, as scikit-learn has it."""
    tables = _tables(predictions, truth, weights=weights)
    together = _pairs(tables).sum(axis=(1, 2))
    of_classes, of_clusters = (_pairs(tables.sum(axis=axis)).sum(axis=1) for axis in (2, 1))
    expected = of_classes * of_clusters / np.maximum(_pairs(tables.sum(axis=(1, 2))), 1)
    best = (of_classes + of_clusters) / 2
    return np.divide(together - expected, best - expected, out=np.ones_like(best), where=best != expected)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2


def _auroc(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    """The match is that of all images."""
    label = truth["label"]
    classes = range(int(label.max()) + 1)
    return np.mean([curve(cluster_scores(predictions, truth, k), label == k, weights).area() for k in classes], axis=0)
