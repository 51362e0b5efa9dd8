"""Curves of one class against the rest, of classifiers and of clusters."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.bench.metrics.curves import area
from zoo_core.bench.metrics.ranking import one_against_rest, ranking
from zoo_core.scores import ClassScores, ClusterScores, ParameterScores
from zoo_core.tasks import Heads, task_named

LABEL = np.arange(90) % 3
TRUTH = {"id": LABEL.astype(str), "label": LABEL}
P = np.random.default_rng(0).dirichlet(np.ones(3), 90) + 0.3 * (LABEL[:, None] == np.arange(3))
P /= P.sum(1, keepdims=True)


def area_of(scores, k):
    ranked = one_against_rest(scores, TRUTH, k)
    return area(ranked.scores, ranked.positive)[0]


def test_a_class_is_ranked_by_its_own_probability():
    assert area_of(ClassScores(P), 1) == pytest.approx(roc_auc_score(LABEL == 1, P[:, 1]))


def test_a_cluster_is_ranked_for_the_class_that_it_is_matched_with():
    turned = np.roll(P, 1, axis=1)  # cluster k + 1 is class k
    scores = ClusterScores(turned.argmax(1), turned)

    areas = [area_of(scores, k) for k in range(3)]

    assert areas == pytest.approx([roc_auc_score(k == LABEL, P[:, k]) for k in range(3)])
    (metric,) = [m for m in task_named("clustering").metrics(Heads()) if m.name == "matched_auroc"]
    assert metric.value(scores, TRUTH) == pytest.approx(np.mean(areas))


@pytest.mark.parametrize("scores", [ClusterScores(P.argmax(1), P), ClassScores(P), ParameterScores({}, {})])
def test_what_has_no_positive_class_ranks_nothing(scores):
    assert ranking(scores, TRUTH) is None
