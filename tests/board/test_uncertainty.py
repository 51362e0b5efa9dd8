"""Whether doubt tells mistakes, and what the features of a model know: numbers and pictures."""

import numpy as np
import pytest
from PIL import Image

from zoo_core.bench.metrics.uncertainty import error_by_doubt, predictive_entropy, rejection
from zoo_core.board.features import draw_features
from zoo_core.board.pictures import draw_pictures
from zoo_core.board.uncertainty import draw_doubt
from zoo_core.errors import ArgumentError

N = 4000


@pytest.fixture(scope="module")
def calibrated():
    """Probabilities of two classes, and classes that are drawn of them."""
    rng = np.random.default_rng(0)
    p = rng.beta(0.5, 0.5, N)
    return np.stack([1 - p, p], 1), (rng.random(N) < p).astype(int)


def test_entropy_is_largest_where_nothing_is_known_and_nothing_where_all_is():
    entropy = predictive_entropy(np.array([[1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]))
    np.testing.assert_allclose(entropy, [np.log(3), 0, np.log(2)], atol=1e-12)


def test_of_calibrated_probabilities_doubt_tells_mistakes(calibrated):
    probabilities, labels = calibrated
    doubt, wrong = predictive_entropy(probabilities), probabilities.argmax(1) != labels
    curve, bins = rejection(doubt, wrong), error_by_doubt(doubt, wrong)
    assert curve.kept[0] == 1 and curve.error[0] == wrong.mean() > 3 * curve.error[N // 2]
    assert rejection(wrong, wrong).area < curve.area < 0.4 * wrong.mean()
    expected = [np.sort(probabilities.min(1)[np.argsort(doubt)])[k : k + N // 10].mean() for k in range(0, N, N // 10)]
    assert sum(one.low <= share <= one.high for one, share in zip(bins, expected, strict=True)) >= 8  # of ten at 95 %
    assert sum(one.error * one.images for one in bins) == pytest.approx(wrong.sum())


def test_doubt_that_says_nothing_leaves_the_error_as_it_is(calibrated):
    wrong = calibrated[0].argmax(1) != calibrated[1]
    curve = rejection(np.zeros(N), wrong)
    np.testing.assert_allclose(curve.error, wrong.mean())
    assert curve.area == pytest.approx(wrong.mean())


def test_mistakes_that_are_doubted_first_leave_the_least_area():
    wrong = np.array([True, False, False, False])
    best, worst = rejection(wrong.astype(float), wrong), rejection(1 - wrong.astype(float), wrong)
    assert best.area == 0.25 / 4 and worst.area == pytest.approx((1 / 4 + 1 / 3 + 1 / 2 + 1) / 4)


def test_a_classifier_with_features_has_pictures_of_its_doubt_and_of_these(tiny_model, bright, tmp_path):
    drawn = draw_pictures(tiny_model("trivial.one"), bright, tmp_path, count=12)
    names = [path.name.removeprefix("trivial.one-") for path in drawn]
    assert names in (["doubt.png"], ["doubt.png", "features.png"])
    assert all(np.asarray(Image.open(path)).std() > 5 for path in drawn)


def test_features_are_coloured_by_class_and_by_what_is_true(calibrated, tmp_path):
    probabilities, labels = calibrated
    theta_E = np.where(labels == 1, probabilities[:, 1], np.nan)
    draw_doubt(tmp_path / "doubt.png", probabilities, labels)
    draw_features(tmp_path / "both.png", probabilities[:200], labels[:200], ("a", "$b$"), {"theta_E": theta_E[:200]})
    draw_features(tmp_path / "one.png", probabilities[:200], None, (), {"theta_E": theta_E[:200]})
    both, one = (Image.open(tmp_path / f"{name}.png") for name in ("both", "one"))
    assert both.size[0] > 1.8 * one.size[0] and np.asarray(one).std() > 5
    with pytest.raises(ArgumentError, match="neither classes nor columns"):
        draw_features(tmp_path / "none.png", probabilities, None, (), {})
    with pytest.raises(ArgumentError, match=r"features \(5, 1\) make no map"):
        draw_features(tmp_path / "none.png", np.zeros((5, 1)), np.zeros(5, int), ("a",), {})
