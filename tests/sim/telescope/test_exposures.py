"""Exposures of a batch are drawn on its device, without a look at the values."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from zoo_core.sim.telescope.exposures import BLURRED, defocused, draw_exposures
from zoo_core.sim.telescope.survey import SHIFTED, TRAINING

SIDE = 51


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def exposures(seed=0, count=8, survey=TRAINING):
    light, theta_E = torch.full((count, SIDE, SIDE), 5.0), torch.ones(count)
    return draw_exposures(light, light, theta_E, survey, generator(seed), 0.1)


@pytest.mark.parametrize("survey", [TRAINING, SHIFTED])
def test_the_same_seed_gives_the_same_exposures_and_another_one_others(survey):
    first, again, other = (exposures(seed, survey=survey) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again, rtol=0, atol=0, equal_nan=True)
    assert not torch.equal(first.nan_to_num(), other.nan_to_num())


def test_light_is_kept_and_stamps_are_cut():
    images = exposures(count=400)
    assert float(images.nanmean()) == pytest.approx(10, abs=0.2)  # the zero points scatter by 0.4
    corner = images[:, 0, 0].isnan().float().mean()
    # footprints of two in five stamps are smaller than this frame, some of the blank areas reach the corner
    assert 0.1 < float(corner) < 0.4


def test_defocus_keeps_the_flux_and_blurs_a_third():
    points = torch.zeros(2, 900, 15, 15)
    points[:, :, 7, 7] = 1.0
    blurred = defocused(points, generator())
    torch.testing.assert_close(blurred.sum((2, 3)), torch.ones(2, 900))
    assert float((blurred[0, :, 7, 7] < 1).float().mean()) == pytest.approx(BLURRED, abs=0.06)
    torch.testing.assert_close(blurred[0], blurred[1])


def test_nothing_depends_on_values_or_leaves_the_device():
    with FakeTensorMode():  # raises where a value is asked for, and where devices mix
        light, theta_E = torch.ones(4, SIDE, SIDE), torch.ones(4)
        images = draw_exposures(light, light, theta_E, TRAINING, torch.Generator(), 0.1)
    assert images.shape == (4, SIDE, SIDE)
