import numpy as np
import pytest
import torch

from zoo_core.images import channels
from zoo_core.images.sky import sky


def image_of(level: float, sigma: float, peak: float, seed: int = 0) -> torch.Tensor:
    """Forty images of a galaxy on sky."""
    y, x = np.mgrid[:101, :101] - 50
    noise = np.random.default_rng(seed).normal(level, sigma, (40, 1, 101, 101))
    return torch.from_numpy(noise + peak * np.exp(-np.hypot(y, x) / 5))


@pytest.mark.parametrize(("peak", "lifted", "widened"), [(0.0, 0.03, 0.02), (100.0, 0.2, 0.07), (3000.0, 0.55, 0.15)])
@pytest.mark.parametrize(("level", "sigma"), [(0.0, 1.0), (50.0, 2.0), (-3e-12, 1e-12)])
def test_level_and_sigma_of_the_sky_are_found_beside_a_galaxy(level, sigma, peak, lifted, widened):
    """The wings lift both: those of the brightest galaxy here still have 0.1 sigma at the border."""
    found_level, found_sigma = sky(image_of(level, sigma, peak * sigma))

    assert float(found_level.mean()) == pytest.approx(level, abs=lifted * sigma)
    assert float(found_sigma.mean()) == pytest.approx(sigma, rel=widened)


def test_the_estimate_is_the_same_with_gradients():
    image = image_of(1.0, 2.0, 50.0)

    with_gradients = sky(image.clone().requires_grad_())

    for found, expected in zip(with_gradients, sky(image), strict=True):
        torch.testing.assert_close(found.detach(), expected)


def test_asinh_is_that_of_torch():
    x = torch.cat([torch.logspace(-30, 17, 2000), torch.zeros(1)])
    x = torch.cat([x, -x])

    torch.testing.assert_close(channels.asinh(x, 1.0), torch.asinh(x), rtol=3e-7, atol=0.0)  # float32
