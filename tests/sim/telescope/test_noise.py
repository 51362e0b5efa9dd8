"""Recipes that are drawn in batches have the distributions of those that are drawn one by one."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from zoo_core.sim.telescope.noise import NOISE
from zoo_core.sim.telescope.survey import SHIFTED, TRAINING
from zoo_core.sim.versions import VERSIONS

COUNT = 4000
SURVEYS = {"training": TRAINING, "shifted": SHIFTED, "version 2": VERSIONS[2].survey}


@pytest.mark.parametrize("name", SURVEYS)
@pytest.mark.parametrize("field", NOISE.names or ())
def test_each_field_is_distributed_as_in_the_frozen_sets(name, field):
    survey = SURVEYS[name]
    one_by_one = np.array([survey.draw_noise(np.random.default_rng([7, i])) for i in range(COUNT)], NOISE)[field]
    batch = survey.draw_noises(torch.Generator().manual_seed(7), COUNT)[field].numpy()
    assert batch.shape == (COUNT,)
    assert ks_2samp(one_by_one, batch).pvalue > 1e-4
    assert (one_by_one == 0).mean() == pytest.approx((batch == 0).mean(), abs=0.04)  # four standard errors


def test_kernels_of_the_two_weights_are_drawn_together():
    batch = TRAINING.draw_noises(torch.Generator().manual_seed(1), COUNT)
    wide = batch["lag_1"] > 0.3
    assert (batch["lag_2"][~wide].abs() <= 0.6 * 0.3**2).all() and batch["lag_2"][wide].abs().max() > 0.1
