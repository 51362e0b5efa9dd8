"""Metrics of anomaly detectors on images of several classes."""

import numpy as np
import pytest
from sklearn import metrics as sk

from zoo_core.bench.summary import summarise
from zoo_core.scores import AnomalyScores
from zoo_core.tasks import Heads, task_named

THREE = Heads(classes=("no", "sphere", "vort"))
METRICS = {metric.name: metric for metric in task_named("anomaly").metrics(THREE)}


@pytest.fixture
def scored():
    """Scores N(0, 1), N(1, 1) and N(2, 1) of three classes."""
    rng = np.random.default_rng(0)
    label = np.arange(600) % 3
    return AnomalyScores(rng.normal(label)), {"id": label.astype(str), "label": label}


def test_every_class_but_the_first_is_an_anomaly(scored):
    scores, truth = scored

    expected = sk.roc_auc_score(truth["label"] > 0, scores.score)
    assert METRICS["auroc"].value(scores, truth) == pytest.approx(expected)


@pytest.mark.parametrize(("kind", "name"), [(1, "sphere"), (2, "vort")])
def test_each_kind_is_told_from_normal_images_alone(scored, kind, name):
    scores, truth = scored
    rows = np.isin(truth["label"], (0, kind))

    expected = sk.roc_auc_score(truth["label"][rows] == kind, scores.score[rows])
    assert METRICS[f"auroc[{name}]"].value(scores, truth) == pytest.approx(expected)


def test_tpr_at_fpr_by_hand():
    label = np.array([0] * 100 + [1] * 4)
    scores = AnomalyScores(np.concatenate([np.arange(100.0), [98.5, 97.5, 89.5, 88.5]]))
    truth = {"id": label, "label": label}

    assert METRICS["tpr_at_fpr_1e-2"].value(scores, truth) == 0.25  # above 98.5 there is one normal image
    assert METRICS["tpr_at_fpr_1e-1"].value(scores, truth) == 0.75  # above 89.5 there are ten


def test_two_classes_have_no_metric_a_kind():
    assert not [m for m in task_named("anomaly").metrics(Heads(classes=("no_sub", "sub"))) if "[" in m.name]


def test_a_score_is_no_probability_so_that_no_purity_is_stated(scored):
    summary = summarise(*scored, list(METRICS.values()), THREE, {})

    assert summary.images == {"no": 200, "sphere": 200, "vort": 200}
    assert not summary.confusion
    assert [point.name for point in summary.operating_points] == ["fpr<=1e-2", "fpr<=1e-3", "fp<10", "fp<1"]
    assert not any(point.purity for point in summary.operating_points)
    point = summary.operating_points[0]
    assert (point.rates.false_positives, point.rates.positives) == (2, 400)


def test_the_interval_of_the_auroc_holds_its_value(scored):
    estimate = summarise(*scored, [METRICS["auroc"]], THREE, {}).metrics["auroc"]

    # Hanley & McNeil's standard error of this AUROC is 0.016
    assert estimate.low < estimate.value < estimate.high
    assert estimate.high - estimate.low == pytest.approx(4 * 0.016, rel=0.25)


def test_a_stratum_of_one_kind_is_ranked_against_normal_images_alone(scored):
    scores, truth = scored
    truth = truth | {"mass": np.where(truth["label"] == 1, 9.0, np.nan)}

    (part,) = summarise(scores, truth, [METRICS["auroc"]], THREE, {"mass": (8.0, 10.0)}).strata

    assert part.metrics["auroc"].value == pytest.approx(METRICS["auroc[sphere]"].value(scores, truth))
    assert part.rates["fpr<=1e-2"].positives == 200
