"""The steps of the power know the scales of a disturbance, and neither its strength nor its place."""

import pytest
import torch
from torch import Generator
from zoo_scan.spectrum import SCALES, Spectrum, power

from zoo_core.errors import SpecError
from zoo_core.images.augmentation import dihedral

SIDE = 64


def noise(count, seed=0):
    return torch.randn(count, SIDE, SIDE, generator=Generator().manual_seed(seed))


def bump(width, x=0.0):
    axis = torch.arange(SIDE) - (SIDE - 1) / 2
    return torch.exp(-((axis[:, None] ** 2) + (axis - x) ** 2) / (2 * width**2))[None]


def beside(residual, peak):
    """With a map whose extreme is `peak`."""
    masses = torch.zeros_like(residual)
    masses[:, 3, 5] = peak
    return torch.stack([residual, masses], dim=1)


def test_white_noise_has_hardly_any_power_whatever_its_strength():
    for strength in (1.0, 7.0):
        found = power(strength * noise(200)) / strength**2

        plain = (strength * noise(200)).var() / strength**2
        assert (found.mean(0) < 0.1 * plain).all()


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
