"""Calibration: probabilities that are frequencies have no error."""

import numpy as np
import pytest

from zoo_core.bench.metrics.calibration import expected_calibration_error, prior_weights, reliability


def ones(rows):
    return np.ones((1, rows))


def calibrated(rows=200_000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.random(rows)
    return np.stack([1 - p, p], axis=1), (rng.random(rows) < p).astype(int)


def test_calibrated_probabilities_have_a_small_error():
    p, labels = calibrated()

    assert expected_calibration_error(p, labels, ones(len(p)))[0] < 0.006  # 15 bins of noise 0.5 / sqrt(13000)


def test_a_constant_excess_is_the_error():
    p, labels = calibrated()

    shifted = np.clip(p + np.array([-0.1, 0.1]), 0, 1)
    assert expected_calibration_error(shifted, labels, ones(len(p)))[0] == pytest.approx(0.1, abs=0.01)


def test_by_hand_in_two_bins():
    p = np.array([[0.95, 0.05], [0.95, 0.05], [0.05, 0.95], [0.05, 0.95]])
    labels = np.array([0, 1, 1, 1])

    # |0.05 - 0.5| and |0.95 - 1|, half of the images each
    assert expected_calibration_error(p, labels, ones(4))[0] == pytest.approx(0.5 * 0.45 + 0.5 * 0.05)


def test_several_classes_are_judged_by_the_most_probable_one():
    p = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]])

    assert expected_calibration_error(p, np.array([0, 0]), ones(2))[0] == pytest.approx(0.2)  # 0.7 against 1 in 2


def test_probabilities_for_another_lens_fraction_are_right_at_their_own():
    rng = np.random.default_rng(1)
    labels = (rng.random(200_000) < 0.1).astype(int)
    logit = rng.normal(2.0 * labels - 1.0)
    p = 1 / (1 + np.exp(-2.0 * logit))  # exact for equal classes: the log odds of N(1, 1) and N(-1, 1)
    half = prior_weights((0.5, 0.5), labels, ones(len(p)))

    assert expected_calibration_error(np.stack([1 - p, p], axis=1), labels, ones(len(p)))[0] > 0.1
    assert expected_calibration_error(np.stack([1 - p, p], axis=1), labels, half)[0] < 0.01


def test_prior_weights_bring_each_class_to_its_share():
    labels = np.array([0, 0, 0, 0, 1])
    weights = prior_weights((0.3, 0.7), labels, np.array([[1, 1, 1, 1, 1], [2, 1, 0, 1, 1]]))

    for row in weights:
        assert row[labels == 1].sum() / row.sum() == pytest.approx(0.7)


def test_the_reliability_diagram_holds_every_image_once():
    p, labels = calibrated(5000)
    diagram = reliability(p, labels, np.ones(5000))

    assert diagram.images.sum() == 5000
    assert np.abs(diagram.confidence - diagram.frequency).max() < 0.12  # 0.5 / sqrt(333), times four
