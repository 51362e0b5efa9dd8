"""The matched filter for subhalos: it finds the mass that is there, where it is, and nothing in a smooth lens."""

import math

import pytest
import torch
from caustics.lenses import func
from caustics.light.func import brightness_sersic, k_sersic

from zoo_core.fit.macrofit import fit_macro
from zoo_core.fit.macromodel import PARAMETERS, MacroModel, source_image
from zoo_core.fit.macroresponse import CORE, rings, significance

PRIORS = {"theta_E": (10.0, 1.0), "gamma_1": (0.05, 0.1), "x": (0.5, 1.0), "y": (-0.4, 1.0), "log_R": (1.6, 0.2)}
MODEL = MacroModel(40, psf=1.2, priors=PRIORS, noise=0.01)
MASS = 1.0  # Einstein radius of the subhalo, pixels


def observed(position=None):
    """An image (1, 40, 40) by caustics, of unit peak, with a point mass at a position, or with none."""
    axis = MODEL.axis(torch.zeros((), dtype=torch.float64))
    x, y = axis[None, :], axis[:, None]
    value = {name: MODEL.prior(name)[0] for name in PARAMETERS}
    alpha_x, alpha_y = func.reduced_deflection_angle_sis(0.0, 0.0, value["theta_E"], x, y)
    shear_x, shear_y = func.reduced_deflection_angle_external_shear(0.0, 0.0, value["gamma_1"], value["gamma_2"], x, y)
    extra_x, extra_y = 0.0, 0.0
    if position is not None:
        extra_x, extra_y = func.reduced_deflection_angle_point(*position.double(), MASS, x, y, CORE)
    source_x, source_y = x - alpha_x - shear_x - extra_x, y - alpha_y - shear_y - extra_y
    one, n = torch.ones(()), torch.tensor(value["n"])
    R = math.exp(value["log_R"])
    light = brightness_sersic(value["x"], value["y"], one, 0 * one, n, R, 1.0, source_x, source_y, k_sersic(n), 0.1)
    image = (MODEL.blur(light) @ light @ MODEL.blur(light))[None]
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    return image / image.max() + MODEL.noise * noise


def test_a_mass_is_found_where_it_is():
    positions = rings((8.0, 11.0), (8, 12))
    fit = fit_macro(observed(positions[10]), MODEL)

    found = significance(MODEL, fit, positions)[0]

    assert found.argmax() == 10
    assert found.max() > 10


def test_a_smooth_lens_has_no_significant_mass():
    fit = fit_macro(observed(), MODEL)

    found = significance(MODEL, fit, rings((8.0, 11.0), (8, 12)))[0]

    assert found.abs().max() < 4  # of 20 numbers with unit variance


def test_significance_is_a_signal_to_noise():
    parameters = MODEL.means[None]
    image = source_image(MODEL, parameters)
    noise = MODEL.noise * torch.randn(40, 40, 40, generator=torch.Generator().manual_seed(1))
    fit = fit_macro(image / image.max() + noise, MODEL)

    found = significance(MODEL, fit, rings((10.0,), (6,)))

    # 240 correlated numbers: their variance is known to 15 %
    assert found.square().mean().item() == pytest.approx(1.0, abs=0.3)


def test_rings_have_their_radii():
    positions = rings((2.0, 5.0), (3, 4))

    assert positions.shape == (7, 2)
    torch.testing.assert_close(positions.norm(dim=1), torch.tensor([2.0] * 3 + [5.0] * 4))
