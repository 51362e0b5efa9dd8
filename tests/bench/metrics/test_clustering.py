"""Metrics of clusters, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from zoo_core.bench.metrics.clustering import matching
from zoo_core.bench.summary import summarise
from zoo_core.scores import ClusterScores
from zoo_core.tasks import Heads, task_named

THREE = Heads(classes=("no", "sphere", "vort"))
METRICS = {metric.name: metric for metric in task_named("clustering").metrics(THREE)}


def clustered(cluster, label, clusters):
    """Scores of clusters that are certain, and the truth."""
    cluster, label = np.asarray(cluster), np.asarray(label)
    certain = (cluster[:, None] == np.arange(clusters)).astype(float)
    return ClusterScores(cluster, certain), {"id": np.arange(len(label)).astype(str), "label": label}


def noisy(clusters, images=300, seed=0):
    """Clusters that follow the class in half of the images."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, images)
    return clustered(
        np.where(rng.random(images) < 0.5, (label + 1) % 3, rng.integers(0, clusters, images)), label, clusters
    )


@pytest.mark.parametrize("clusters", [3, 5, 10])
def test_nmi_and_ari_are_those_of_scikit_learn(clusters):
    scores, truth = noisy(clusters)

    pair = truth["label"], scores.cluster
    assert METRICS["nmi"].value(scores, truth) == pytest.approx(sk.normalized_mutual_info_score(*pair))
    assert METRICS["ari"].value(scores, truth) == pytest.approx(sk.adjusted_rand_score(*pair))


def test_clusters_that_are_the_classes_under_other_numbers_are_perfect():
    scores, truth = clustered([2, 2, 0, 0, 1, 1], [0, 0, 1, 1, 2, 2], 3)

    assert {name: metric.value(scores, truth) for name, metric in METRICS.items()} == pytest.approx(
        dict.fromkeys(METRICS, 1.0)
    )


def test_images_of_a_cluster_that_is_left_over_are_wrong():
    scores, truth = clustered([0, 0, 1, 2, 2, 2, 3, 3], [0, 0, 0, 1, 1, 1, 2, 2], 4)

    assert METRICS["accuracy"].value(scores, truth) == pytest.approx(7 / 8)
    assert METRICS["majority_accuracy"].value(scores, truth) == 1.0


def test_with_fewer_clusters_than_classes_a_class_is_lost():
    scores, truth = clustered([0, 0, 1, 1, 0, 1], [0, 0, 1, 1, 2, 2], 2)

    assert METRICS["accuracy"].value(scores, truth) == pytest.approx(4 / 6)
    assert METRICS["matched_auroc"].value(scores, truth) == pytest.approx((0.875 + 0.875 + 0.5) / 3)


def test_one_cluster_for_all_agrees_with_nothing():
    scores, truth = clustered([1] * 6, [0, 0, 1, 1, 2, 2], 3)

    assert METRICS["accuracy"].value(scores, truth) == pytest.approx(1 / 3)
    assert METRICS["nmi"].value(scores, truth) == pytest.approx(0.0, abs=1e-12)
    assert METRICS["ari"].value(scores, truth) == pytest.approx(0.0, abs=1e-12)


def test_the_match_is_the_best_one_and_not_the_greedy_one():
    table = np.array([[10, 9], [9, 0]])

    assert matching(table).tolist() == [1, 0]


@pytest.mark.parametrize("name", ["accuracy", "nmi", "ari", "majority_accuracy"])
def test_a_resample_is_the_metric_of_the_rows_that_were_drawn(name):
    scores, truth = noisy(4, 60)
    rows = np.random.default_rng(1).integers(0, 60, 60)
    drawn = {key: values[rows] for key, values in truth.items()}

    value = METRICS[name].interval.resampled(scores, truth, np.bincount(rows, minlength=60)[None])[0]
    assert value == pytest.approx(METRICS[name].value(scores.at(rows), drawn))


def test_the_confusion_matrix_shows_matched_clusters_first():
    scores, truth = clustered([3, 3, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2, 2], 4)

    confusion = summarise(scores, truth, [], THREE, {}).confusion

    assert confusion == [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 1]]
