"""Curves of one class against the rest, of classifiers and of clusters."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from zoo_core.bench.metrics.curves import curve
from zoo_core.bench.metrics.named import core_metrics
from zoo_core.bench.metrics.ranking import one_against_rest, ranking
from zoo_core.tasks import Heads

LABEL = np.arange(90) % 3
TRUTH = {"id": LABEL.astype(str), "label": LABEL}
P = np.random.default_rng(0).dirichlet(np.ones(3), 90) + 0.3 * (LABEL[:, None] == np.arange(3))
P /= P.sum(1, keepdims=True)


def test_a_class_is_ranked_by_its_own_probability():
    scores, positive = one_against_rest("classification", {f"p_{k}": P[:, k] for k in range(3)}, TRUTH, 1)

    assert curve(scores, positive).area()[0] == pytest.approx(roc_auc_score(LABEL == 1, P[:, 1]))


def test_a_cluster_is_ranked_for_the_class_that_it_is_matched_with():
    turned = np.roll(P, 1, axis=1)  # cluster k + 1 is class k
    predictions = {"cluster": turned.argmax(1), **{f"p_{k}": turned[:, k] for k in range(3)}}

    areas = [curve(*one_against_rest("clustering", predictions, TRUTH, k)).area()[0] for k in range(3)]

    assert areas == pytest.approx([roc_auc_score(k == LABEL, P[:, k]) for k in range(3)])
    (metric,) = [m for m in core_metrics("clustering", Heads()) if m.name == "matched_auroc"]
    assert metric.compute(predictions, TRUTH) == pytest.approx(np.mean(areas))


@pytest.mark.parametrize("task", ["regression", "clustering"])
def test_what_has_no_positive_class_ranks_nothing(task):
    assert ranking(task, {"p_0": P[:, 0], "p_1": P[:, 1]}, TRUTH) is None
