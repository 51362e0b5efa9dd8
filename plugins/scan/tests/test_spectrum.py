"""The steps of the power know the scales of a disturbance, and neither its strength nor its place."""

from itertools import pairwise

import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Generator
from zoo_scan.spectrum import SCALES, Spectrum, power

from zoo_core.errors import SpecError
from zoo_core.images.augmentation import dihedral

SIDE = 64


def noise(count, seed=0):
    return torch.randn(count, SIDE, SIDE, generator=Generator().manual_seed(seed))


def gaussian_blur(images, scale):
    return torch.from_numpy(gaussian_filter(images.numpy(), scale, mode="wrap", axes=(1, 2)))


def bump(width, x=0.0):
    axis = torch.arange(SIDE) - (SIDE - 1) / 2
    return torch.exp(-((axis[:, None] ** 2) + (axis - x) ** 2) / (2 * width**2))[None]


def beside(residual, peak):
    """With a map whose extreme is `peak`."""
    masses = torch.zeros_like(residual)
    masses[:, 3, 5] = peak
    return torch.stack([residual, masses], dim=1)


@pytest.mark.parametrize("strength", [1.0, 7.0])
def test_of_white_noise_little_is_left_in_any_octave_whatever_its_strength(strength):
    images = strength * noise(200)
    blurred = [images, *(gaussian_blur(images, scale) for scale in SCALES)]
    plain = torch.stack([(fine - coarse).square().mean() for fine, coarse in pairwise(blurred)])

    left = power(images).mean(0) / plain

    assert (left < 0.2).all()  # the floor is 0.09, and what exceeds it scatters by up to 0.13


def test_noise_does_not_change_the_power_of_what_lies_under_it():
    signal = 20 * bump(2.0)

    found = power(signal + noise(200)).mean(0)

    loud = power(signal)[0] > 0.02  # elsewhere the least power stands
    assert loud.sum() >= 2
    torch.testing.assert_close(found[loud], power(signal)[0, loud], rtol=0.1, atol=0.003)  # 3 standard errors


@pytest.mark.parametrize("octave", range(len(SCALES)))
def test_wider_bumps_have_their_power_in_wider_octaves(octave):
    found = power(bump(SCALES[octave]))[0]

    assert abs(int(found.argmax()) - octave) <= 1


def test_steps_do_not_depend_on_strength_place_or_direction():
    one = bump(2.0) + 0.5 * bump(1.0, x=8.0)
    steps = Spectrum(2).steps

    plain = steps(beside(one, 20.0))

    torch.testing.assert_close(steps(beside(10 * one, 20.0)), plain)
    torch.testing.assert_close(steps(beside(dihedral(one, 5), 20.0)), plain, atol=1e-3, rtol=0)
    torch.testing.assert_close(steps(beside(one.roll(6, 2), 20.0)), plain, atol=1e-3, rtol=0)


def test_what_is_not_significant_has_no_shape():
    steps = Spectrum(2).steps(beside(bump(2.0), 1.0))

    assert steps.abs().max() < 0.01


def test_it_takes_a_residual_and_a_map():
    with pytest.raises(SpecError, match="got 1 channels"):
        Spectrum(1)
