"""Predictions and truth of a classifier of known quality."""

import numpy as np
import pytest


def lens_finder(images=400, lens_fraction=0.25, separation=2.0, seed=0):
    """Predictions and truth of a finder whose logits are N(0, 1) and N(separation, 1)."""
    rng = np.random.default_rng(seed)
    label = (rng.random(images) < lens_fraction).astype(int)
    logit = rng.normal(separation * label - separation / 2)
    predictions = {"id": np.arange(images).astype(str), "p_lens": 1 / (1 + np.exp(-logit))}
    return predictions, {"id": predictions["id"], "label": label, "theta_E": rng.uniform(0.3, 3, images) * label}


@pytest.fixture
def finder():
    return lens_finder()
