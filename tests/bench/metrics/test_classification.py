"""Metrics of classifiers, against scikit-learn and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from zoo_core.bench.metrics.classification import binary_metrics, purity

from ..conftest import finder_scores

BINARY = {metric.name: metric for metric in binary_metrics()}


def table(scores, labels):
    ids = np.arange(len(labels)).astype(str)
    return finder_scores(scores), {"id": ids, "label": np.asarray(labels)}


def test_metrics_at_half_are_those_of_scikit_learn(finder):
    scores, truth = finder
    called, label = scores.positive >= 0.5, truth["label"]

    expected = {
        "accuracy": sk.accuracy_score(label, called),
        "precision": sk.precision_score(label, called),
        "recall": sk.recall_score(label, called),
        "fpr": 1 - sk.recall_score(label, called, pos_label=0),
        "f1": sk.f1_score(label, called),
        "auroc": sk.roc_auc_score(label, scores.positive),
        "brier": sk.brier_score_loss(label, scores.positive),
    }
    assert {name: BINARY[name].value(scores, truth) for name in expected} == pytest.approx(expected)


def test_tpr0_and_tpr10_by_hand():
    scores = np.concatenate([np.linspace(0.99, 0.90, 10), [0.995, 0.95, 0.5, 0.05]])
    scores, truth = table(scores, [0] * 10 + [1, 1, 1, 1])

    assert BINARY["tpr0"].value(scores, truth) == 0.25  # only 0.995 is above all non-lenses
    assert BINARY["tpr10"].value(scores, truth) == 0.5  # at 0.91 there are nine false positives, at 0.90 ten


def test_no_metric_changes_when_every_image_is_scored_by_another_monotonous_scale(finder):
    scores, truth = finder
    squeezed = finder_scores(scores.positive**8)  # the product of eight views

    for name in ("auroc", "tpr0", "tpr10", "tpr_at_fpr_1e-2", "tpr_at_fpr_1e-3"):
        assert BINARY[name].value(squeezed, truth) == BINARY[name].value(scores, truth)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_resample_is_the_metric_of_the_rows_that_were_drawn(seed):
    rng = np.random.default_rng(seed)
    scores, truth = table(rng.integers(0, 12, 60) / 12, rng.integers(0, 2, 60))
    scores = replace(scores, prior=(0.5, 0.5))
    rows = rng.integers(0, 60, 60)
    weights = np.bincount(rows, minlength=60)[None]

    drawn = {name: values[rows] for name, values in truth.items()}
    for metric in binary_metrics():
        expected = metric.value(scores.at(rows), drawn)
        resampled = metric.interval.resampled(scores, truth, weights)[0]
        assert resampled == pytest.approx(expected, nan_ok=True), metric.name


def test_purity_follows_from_bayes():
    # FACTS: with one lens in 1000 and TPR 0.75, FPR 1e-4 leaves 88 % purity; TPR 0.9 with FPR 1e-2 leaves 8 %
    assert purity(np.array(0.75), np.array(1e-4), 1e-3) == pytest.approx(0.88, abs=0.005)
    assert purity(np.array(0.9), np.array(1e-2), 1e-3) == pytest.approx(0.08, abs=0.005)


@pytest.mark.parametrize("false_positives", [0, 1, 2])
def test_survey_purity_takes_three_false_positives_where_there_are_fewer(false_positives):
    negatives = [0.9] * false_positives + [0.1] * (1000 - false_positives)
    scores, truth = table([0.8] * 10 + negatives, [1] * 10 + [0] * 1000)

    bound = 1e-3 / (1e-3 + 0.003 * 0.999)
    assert BINARY["purity_1e-3"].value(scores, truth) == pytest.approx(bound)


def test_without_any_call_precision_and_purity_are_not_defined_or_zero():
    scores, truth = table([0.1, 0.2, 0.3], [0, 1, 1])

    assert np.isnan(BINARY["precision"].value(scores, truth))
    assert BINARY["recall"].value(scores, truth) == 0.0
    assert BINARY["purity_1e-3"].value(scores, truth) == 0.0


def test_the_threshold_for_one_percent_is_right_in_the_median_though_few_galaxies_are_known():
    rng = np.random.default_rng(3)

    shares = []
    for _ in range(2000):
        galaxies = rng.exponential(0.8, 34) - 2.0  # log odds
        scores, truth = table(1 / (1 + np.exp(-np.append(galaxies, 3.0))), [0] * 34 + [1])
        threshold = BINARY["p_at_fpr_1e-2"].value(scores, truth)
        shares.append(np.exp(-(np.log(threshold / (1 - threshold)) + 2.0) / 0.8))

    assert np.median(shares) == pytest.approx(0.0116, abs=0.001)  # eleven galaxies tell the slope


def test_two_galaxies_tell_no_tail_and_certain_ones_no_infinity():
    certain, truth = table([1.0] * 5 + [0.0] * 5 + [0.5], [0] * 10 + [1])

    assert np.isnan(BINARY["p_at_fpr_1e-2"].value(*table([0.9], [0])))
    assert 0.99 < BINARY["p_at_fpr_1e-2"].value(certain, truth) <= 1
