"""Footprints that are drawn in batches have the distributions of those that are drawn one by one."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from zoo_core.sim.telescope.footprint import CHANCE, draw_footprint, draw_footprints, outside

COUNT, SCALE = 6000, 0.1


@pytest.mark.parametrize("theta_E", [0.4, 2.5])
def test_a_batch_is_distributed_as_single_ones(theta_E):
    single = np.array([draw_footprint(np.random.default_rng([3, i]), theta_E, SCALE) for i in range(COUNT)])
    batch = draw_footprints(torch.Generator().manual_seed(3), torch.full((COUNT,), theta_E), SCALE).numpy()
    for drawn in (single, batch):
        assert np.isfinite(drawn[:, 0]).mean() == pytest.approx(CHANCE, abs=0.03)
    single, batch = (drawn[np.isfinite(drawn[:, 0])] for drawn in (single, batch))
    assert ks_2samp(single[:, 0], batch[:, 0]).pvalue > 1e-4
    assert ks_2samp(single[:, 1] / single[:, 0], batch[:, 1] / batch[:, 0]).pvalue > 1e-4


def test_pixels_within_half_a_side_are_covered():
    half = torch.tensor([[torch.inf, torch.inf], [1.0, 2.0]])
    covered = ~outside(7, half)
    assert covered[0].all() and covered[1].sum() == 3 * 5
    assert covered[1, 1:6, 2:5].all()
