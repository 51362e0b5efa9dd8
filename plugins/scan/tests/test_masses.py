"""The map of masses has its peak where a mass is."""

import pytest
import torch
from caustics.lenses.func import reduced_deflection_angle_point
from zoo_scan.masses import CORE, mass_map

from zoo_core.fit.macrofit import MacroFit
from zoo_core.fit.macromodel import MacroModel, source_gradient
from zoo_core.fit.macroresponse import significance

MODEL = MacroModel(40, psf=0.8, priors={"theta_E": (11.0, 1.0), "x": (2.0, 1.0), "log_R": (1.2, 0.3)}, noise=0.02)
MASSES = [(9.0, 6.0), (-11.0, 3.0), (0.0, -12.0)]


def fitted(residual):
    """A fit that left this residual."""
    parameters = MODEL.means[None]
    sigma = torch.full_like(residual, MODEL.noise)
    one, two = torch.ones(1, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    return MacroFit(parameters, two, torch.zeros_like(residual), residual, sigma, one, one > 0)


def response(x, y, strength):
    """What a point mass does to the image, to first order."""
    axis = MODEL.axis(torch.zeros(1, dtype=torch.float64))
    place = (torch.tensor(value, dtype=torch.float64) for value in (x, y, strength**0.5))
    alpha_x, alpha_y = reduced_deflection_angle_point(*place, axis[None, :], axis[:, None], CORE)
    by_x, by_y = source_gradient(MODEL, fitted(torch.zeros(1, 40, 40, dtype=torch.float64)).parameters)
    blur = MODEL.blur(by_x)
    return -(blur @ (by_x * alpha_x + by_y * alpha_y) @ blur)


@pytest.mark.parametrize("place", MASSES)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_extreme_is_at_the_mass_and_has_its_sign(place, sign):
    fit = fitted(sign * response(*place, 0.1))

    found = mass_map(MODEL, fit, fit.sigma)[0] * sign

    row, column = divmod(int(found.argmax()), 40)
    assert column - 19.5 == pytest.approx(place[0], abs=1.5) and row - 19.5 == pytest.approx(place[1], abs=1.5)


def test_it_follows_the_exact_filter_that_also_takes_the_macro_lens_out():
    fit = fitted(response(*MASSES[0], 0.1))
    axis = torch.arange(-15, 16, 3) + 0.5
    places = torch.cartesian_prod(axis, axis)

    exact = significance(MODEL, fit, places)[0]
    rough = mass_map(MODEL, fit, fit.sigma)[0][(places[:, 1] + 19.5).long(), (places[:, 0] + 19.5).long()]

    assert torch.corrcoef(torch.stack([exact, rough]))[0, 1] > 0.7
