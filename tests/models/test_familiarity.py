"""The density of features tells images that are unlike those that a model has learned from."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from zoo_core.catalog.entries import entry_of, model_spec
from zoo_core.catalog.specs import ModelSpec, WeightsSpec
from zoo_core.errors import WeightsError
from zoo_core.models.familiarity import FeatureDensity, fitted, learned_ranges
from zoo_core.predictions import Familiarity

from ..tiny_models import SIZE, tiny_model


def features(images, seed, D=40):
    """Of a Gaussian with three strong directions."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(images, 3)) @ np.random.default_rng(9).normal(size=(3, D))
    return (5 + 3 * mixed + rng.normal(size=(images, D))).astype(np.float32)


def test_of_few_features_it_is_the_distance_of_mahalanobis():
    known = features(900, 1, D=4)
    apart = known - known.mean(0)
    expected = np.sqrt(np.einsum("nj,jk,nk->n", apart, np.linalg.inv(np.cov(known.T, ddof=0)), apart) / 4)
    found = FeatureDensity.of(known).distances(torch.from_numpy(known))
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize("images", [2000, 60])
def test_one_image_in_a_hundred_is_beyond_the_threshold_and_a_stranger_far_beyond(images):
    known, others = features(images, 1), features(2000, 2)
    density, limit = fitted(known, 0.99)
    beyond = float((density.distances(torch.from_numpy(others)) > limit).double().mean())
    assert beyond < (0.02 if images == 2000 else 0.06)  # of few images the quantile is uncertain
    strange = others[:50] + 12 * np.eye(40, dtype=np.float32)[0]
    assert (density.distances(torch.from_numpy(strange)) > 1.2 * limit).all()


def test_features_that_never_vary_do_not_count_unless_they_do():
    known = np.concatenate([features(500, 1), np.zeros((500, 2), np.float32)], 1)
    density = FeatureDensity.of(known)
    assert torch.isfinite(density.distances(torch.from_numpy(known))).all()


def test_ranges_hold_all_targets_in_few_digits():
    targets = np.array([[0.30004, -1.0], [2.99996, 1.0]], np.float32)
    (low, high), other = learned_ranges(targets)
    assert low <= targets[0, 0] and high >= targets[1, 0] and other == (-1.0, 1.0)
    assert (low, high) == (pytest.approx(0.3, abs=2e-3), pytest.approx(3.0, abs=2e-3))


def test_it_is_kept_among_the_weights_and_nothing_else_is(tmp_path):
    density = FeatureDensity.of(features(100, 1))
    read = FeatureDensity.read(density.tensors(), "here")
    given = torch.from_numpy(features(5, 3))
    torch.testing.assert_close(read.distances(given), density.distances(given))
    with pytest.raises(WeightsError, match="no density of features"):
        FeatureDensity.read({"familiarity.mean": torch.zeros(3)}, "here")


def test_an_entry_keeps_it_and_says_nothing_where_there_is_nothing():
    known = Familiarity(distance=1.25, ranges=((0.3, 3.0), (0.0, 1.0)))
    assert model_spec(entry_of(spec(known)), "here").familiarity == known
    assert "familiarity" not in entry_of(spec(Familiarity()))


def test_answers_outside_of_the_training_prior_are_flagged_and_rows_say_so():
    model = tiny_model("regression")
    images = np.random.default_rng(0).normal(size=(3, 1, SIZE, SIZE)).astype(np.float32)
    only = float(model(images).mean[1, 0])
    known = Familiarity(ranges=((only - 1e-4, only + 1e-4), (-9.0, 9.0)))

    table = replace(model, spec=spec(known)).predict(images, workers=0)

    assert list(table["outside"]) == ["theta_E", "", "theta_E"]
    assert list(table["message"]) == [said := "theta_E outside of what it learned from", "", said]
    assert "novelty" not in table.colnames


def spec(known):
    model = tiny_model("regression")
    return ModelSpec(
        id="tiny.test",
        architecture="tiny",
        plugin="zoo-tiny",
        task="regression",
        heads=model.heads,
        bands=model.bands,
        pixel_scale="any",
        preprocess=tuple(model.preprocess.declared()),
        weights=WeightsSpec("0" * 64, 1),
        licence="MIT",
        known_failures=(),
        familiarity=known,
    )
