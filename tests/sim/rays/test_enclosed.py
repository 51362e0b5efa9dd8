"""The incomplete gamma function of many arguments against that of SciPy, one by one."""

import numpy as np
import pytest
import scipy.special
import torch

from zoo_core.sim.rays.enclosed import enclosed

INDICES = [0.1, 0.4, 0.5, 1.0, 1.4, 2.6, 4.0, 6.0, 10.0, 14.0]


@pytest.mark.parametrize("farthest", [1e-3, 3.0, 7.0, 15.9, 16.1, 1e4])
def test_enclosed_light_is_that_of_scipy(farthest):
    n = torch.tensor(INDICES, dtype=torch.float64)[:, None, None]
    x = torch.tensor(np.geomspace(farthest * 1e-5, farthest, 200)).expand(len(INDICES), 1, 200)
    expected = scipy.special.gammainc(2 * n.numpy(), x.numpy())
    np.testing.assert_allclose(enclosed(n[:9], x[:9]).numpy(), expected[:9], rtol=1e-11)
    # the last index is too steep for the expansions: that of torch is taken, which is no better
    np.testing.assert_allclose(enclosed(n, x).numpy(), expected, rtol=1e-8)


def test_the_two_expansions_meet():
    n, x = torch.full((1, 1, 1), 3.3, dtype=torch.float64), torch.tensor([[[16.0, np.nextafter(16.0, 17.0)]]])
    below, above = enclosed(n, x.double()).flatten().tolist()
    assert below == pytest.approx(above, abs=1e-13)
