"""Metrics of clusters against classes that the network was not trained on.

There may be more clusters than classes, or fewer. Each class is matched with a cluster of its own so that as many
images as possible agree; the images of clusters that are left over count as wrong. Below, n_kj of n images are of class
k and in cluster j, n_k. and n_.j are the sums over either.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import xlogy

from ...metric import Metric, WeightedBootstrap
from ...scores import ClusterScores, Truth
from .contingency import contingency
from .curves import area

__all__ = ["cluster_scores", "clustering_metrics", "matched_confusion", "matching"]

TASK = "clustering"

Weighted = Callable[[ClusterScores, Truth, np.ndarray], np.ndarray]


def clustering_metrics() -> list[Metric]:
    """Metrics of any number of clusters.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.clustering import clustering_metrics
        >>> from zoo_core.scores import ClusterScores
        >>> scores = ClusterScores(np.array([1, 1, 0, 0]), np.eye(2)[[1, 1, 0, 0]])
        >>> truth = {"id": np.arange(4), "label": np.array([0, 0, 1, 1])}
        >>> {metric.name: metric.value(scores, truth) for metric in clustering_metrics()}
        {'accuracy': 1.0, 'nmi': 1.0, 'ari': 1.0, 'majority_accuracy': 1.0, 'matched_auroc': 1.0}
    """
    hungarian = "share of images in the cluster of their class, clusters matched 1-1 with classes (Hungarian)"
    mutual = "mutual information of cluster and class over the mean of their entropies"
    return [
        _metric("accuracy", _accuracy, hungarian),
        _metric("nmi", _nmi, mutual),
        _metric("ari", _ari, "adjusted Rand index (Hubert & Arabie 1985)"),
        _metric("majority_accuracy", _majority, "share of images of the commonest class of their cluster"),
        _metric("matched_auroc", _auroc, "area under the ROC curve of the matched clusters, mean over classes"),
    ]


def matching(table: np.ndarray) -> np.ndarray:
    """The cluster m(k) of each class, -1 where there are too few: the one-to-one m that maximises sum_k n_k,m(k).

    Arguments:
        table: n_kj, (classes, clusters).

    Source: the Hungarian method, Kuhn (1955), Naval Res. Logist. Q. 2, 83.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.clustering import matching
        >>> matching(np.array([[10, 9], [9, 0]])).tolist()
        [1, 0]
    """
    matched = np.full(len(table), -1)
    classes, clusters = linear_sum_assignment(table, maximize=True)
    matched[classes] = clusters
    return matched


def matched_confusion(scores: ClusterScores, truth: Truth, classes: int) -> np.ndarray:
    """Counts (classes, clusters); the matched clusters first, in the order of their classes."""
    table = _tables(scores, truth, classes)[0]
    matched = matching(table)
    kept = matched[matched >= 0]
    rest = np.setdiff1d(np.arange(table.shape[1]), kept)
    return table[:, np.concatenate([kept, rest])].astype(int)


def cluster_scores(scores: ClusterScores, truth: Truth, k: int) -> np.ndarray:
    """Probability (N,) of the cluster that is matched with class `k`; zero, which tells nothing, if there is none."""
    cluster = matching(_tables(scores, truth)[0])[k]
    return scores.probabilities[:, cluster] if cluster >= 0 else np.zeros(len(truth["label"]))


def _metric(name: str, compute: Weighted, summary: str) -> Metric:
    return Metric(name, TASK, WeightedBootstrap(compute), summary=summary)


def _tables(
    scores: ClusterScores, truth: Truth, classes: int | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Counts (B, classes, clusters)."""
    rows = int(truth["label"].max()) + 1 if classes is None else classes
    weights = np.ones((1, len(truth["label"]))) if weights is None else weights
    return contingency(truth["label"], scores.cluster, (rows, scores.probabilities.shape[1]), weights)


def _accuracy(scores: ClusterScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """sum_k n_k,m(k) / n, matched anew in each resample (Xie, Girshick & Farhadi 2016, ICML)."""
    tables = _tables(scores, truth, weights=weights)
    right = [table[linear_sum_assignment(table, maximize=True)].sum() for table in tables]
    return np.array(right) / tables.sum(axis=(1, 2))


def _majority(scores: ClusterScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """sum_j max_k n_kj / n (Manning, Raghavan & Schuetze 2008, Information Retrieval: purity)."""
    tables = _tables(scores, truth, weights=weights)
    return tables.max(axis=1).sum(axis=1) / tables.sum(axis=(1, 2))


def _nmi(scores: ClusterScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """2 I(class; cluster) / (H(class) + H(cluster)) (Vinh, Epps & Bailey 2010, J. Mach. Learn. Res. 11, 2837).

        I = sum_kj n_kj/n  ln(n n_kj / (n_k. n_.j)),   H = -sum_k n_k./n  ln(n_k./n)

    One where both have but one group, as scikit-learn has it.
    """
    joint = _tables(scores, truth, weights=weights)
    joint = joint / joint.sum(axis=(1, 2), keepdims=True)
    entropies = [-xlogy(share, share).sum(axis=1) for share in (joint.sum(axis=1), joint.sum(axis=2))]
    total = entropies[0] + entropies[1]
    mutual = total + xlogy(joint, joint).sum(axis=(1, 2))
    return np.divide(2 * mutual.clip(min=0), total, out=np.ones_like(total), where=total > 0)


def _ari(scores: ClusterScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """The adjusted Rand index (Hubert & Arabie 1985, J. Classif. 2, 193), with C(x) = x (x - 1) / 2.

        E = sum_k C(n_k.)  sum_j C(n_.j) / C(n)
        ARI = (sum_kj C(n_kj) - E) / ((sum_k C(n_k.) + sum_j C(n_.j)) / 2 - E)

    One where there is nothing to agree on, as scikit-learn has it.
    """
    tables = _tables(scores, truth, weights=weights)
    together = _pairs(tables).sum(axis=(1, 2))
    of_classes, of_clusters = (_pairs(tables.sum(axis=axis)).sum(axis=1) for axis in (2, 1))
    expected = of_classes * of_clusters / np.maximum(_pairs(tables.sum(axis=(1, 2))), 1)
    best = (of_classes + of_clusters) / 2
    return np.divide(together - expected, best - expected, out=np.ones_like(best), where=best != expected)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2


def _auroc(scores: ClusterScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """The match is that of all images."""
    label = truth["label"]
    classes = range(int(label.max()) + 1)
    return np.mean([area(cluster_scores(scores, truth, k), label == k, weights) for k in classes], axis=0)
