"""PSFs have the width, the shape and the flux of their row."""

import numpy as np
import pytest
import torch

from zoo_core.sim.telescope import psf
from zoo_core.sim.telescope.psf import PSF, RADIAL_PROFILES, psf_images

PIXEL = 0.02  # fine enough that the pixels do not broaden what is measured
SHAPES = {"gaussian": 0.0, "moffat": 3.0, "airy": 0.3, "double_gaussian": 0.0, "exponential": 0.3}


def row(name, **values):
    names = [profile.__name__ for profile in RADIAL_PROFILES]
    fields = {"profile": names.index(name), "fwhm": 0.18, "shape": SHAPES[name], "q": 1.0, "struts": 4} | values
    rows = np.zeros(1, PSF)
    for field, value in fields.items():
        rows[field] = value
    return rows


def second_moments(image):
    axis = (torch.arange(image.shape[-1]) - image.shape[-1] // 2) * PIXEL
    near = image * ((axis[None] ** 2 + axis[:, None] ** 2) < 0.3**2)
    return float((near * axis[None] ** 2).sum() / near.sum()), float((near * axis[:, None] ** 2).sum() / near.sum())


@pytest.mark.parametrize("name", list(SHAPES))
def test_flux_is_one_and_the_peak_is_in_the_middle(name):
    image = psf_images(row(name, wing=0.05, spikes=0.02), 128, PIXEL)[0]
    assert float(image.sum()) == pytest.approx(1, abs=1e-5)
    assert np.unravel_index(int(image.argmax()), image.shape) == (64, 64)


@pytest.mark.parametrize("name", list(SHAPES))
def test_half_of_the_peak_is_reached_at_half_the_width(name):
    image = psf_images(row(name), 128, PIXEL, torch.float64)[0]
    profile = (image[64, 64:] / image[64, 64]).numpy()
    half = np.interp(-0.5, -profile, np.arange(64) * PIXEL)
    # the obstructed and the broad-band Airy pattern is a little narrower or wider than the formula's
    assert 2 * half == pytest.approx(0.18, rel=0.08)


def test_elongation_is_along_the_position_angle():
    wide, high = second_moments(psf_images(row("gaussian", q=0.7, phi=0.0), 128, PIXEL, torch.float64)[0])
    assert high / wide == pytest.approx(0.7**2, rel=0.03)  # moments go with the square of the axes


def test_wings_carry_their_share_outwards():
    bare, winged = (psf_images(row("gaussian", wing=wing), 128, PIXEL)[0] for wing in (0.0, 0.1))
    axis = (torch.arange(128) - 64) * PIXEL
    outside = (axis[None] ** 2 + axis[:, None] ** 2) > 0.5**2
    assert float(bare[outside].sum()) < 1e-5 and 0.005 < float(winged[outside].sum()) < 0.05


def test_spikes_stand_in_the_directions_of_the_struts():
    image = psf_images(row("gaussian", spikes=0.05), 256, PIXEL)[0]
    assert float(image[128, 200]) > 20 * float(image[128 + 51, 128 + 51])  # on the axis, and between


@pytest.mark.parametrize("draw", [psf.draw_training_psf, psf.draw_shifted_psf])
def test_drawn_widths_cover_undersampled_to_resolved(draw):
    rows = np.array([draw(np.random.default_rng(i), 0.4) for i in range(400)], dtype=PSF)
    assert rows["fwhm"].min() < 0.08 and rows["fwhm"].max() > 0.3
    assert ((rows["q"] > 0.6) & (rows["q"] <= 1)).all()


def test_training_and_shifted_profiles_are_other_families():
    drawn = [
        {draw(np.random.default_rng(i), 0.4)[0] for i in range(60)}
        for draw in (psf.draw_training_psf, psf.draw_shifted_psf)
    ]
    assert not drawn[0] & drawn[1]
