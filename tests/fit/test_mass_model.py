"""A lens is the same in the words of every code, and comes back from them."""

from dataclasses import astuple

import numpy as np
import pytest
import torch
from caustics.lenses import func
from lenstronomy.LensModel.lens_model import LensModel

from zoo_core.errors import ArgumentError
from zoo_core.fit.mass_model import MassModel
from zoo_core.sim.rays.lens import deflection
from zoo_core.sim.rays.scene import LENS
from zoo_core.tasks import Heads, task_named

LENSES = [
    MassModel(1.3, 0.12, -0.2, 0.05, -0.1, 0.03, -0.06, 1.0),
    MassModel(0.7, -0.3, 0.05, gamma_2=0.02, slope=1.2),
    MassModel(2.0, slope=0.8),
]
X, Y = np.array([1.1, -0.4, 0.2, -2.0]), np.array([0.3, 1.0, -0.9, 1.5])


@pytest.mark.parametrize("lens", LENSES)
def test_it_comes_back_from_every_code(lens):
    for code in ("lenstronomy", "caustics", "coolest", "pyautolens"):
        back = getattr(MassModel, f"from_{code}")(getattr(lens, f"to_{code}")())
        assert astuple(back) == pytest.approx(astuple(lens), abs=1e-12), code


@pytest.mark.parametrize("lens", LENSES)
def test_lenstronomy_and_caustics_deflect_as_the_simulator_does(lens):
    row = np.zeros(1, LENS)
    numbers = {"theta_E": lens.theta_E, "q": lens.q, "phi": lens.phi, "x": lens.lens_x, "y": lens.lens_y}
    for name, value in (numbers | {"gamma_1": lens.gamma_1, "gamma_2": lens.gamma_2, "slope": lens.slope}).items():
        row[name] = value
    x, y = (torch.from_numpy(axis)[None] for axis in (X, Y))
    ours = torch.cat(deflection(row, x, y)).numpy()

    np.testing.assert_allclose(LensModel(["EPL", "SHEAR"]).alpha(X, Y, lens.to_lenstronomy()), ours, atol=1e-6)
    law, shear = lens.to_caustics().values()
    numbers = {name: torch.tensor(value, dtype=torch.float64) for name, value in law.items()}
    bent = func.reduced_deflection_angle_epl(**numbers, x=x[0], y=y[0], n_iter=100)
    sheared = func.reduced_deflection_angle_external_shear(**shear, x=x[0], y=y[0])
    np.testing.assert_allclose(torch.stack(bent) + torch.stack(sheared), ours, atol=1e-6)


@pytest.mark.parametrize("lens", LENSES)
def test_convergence_after_the_formulas_of_coolest_and_pyautolens_is_that_of_lenstronomy(lens):
    expected = LensModel(["EPL"]).kappa(X, Y, lens.to_lenstronomy()[:1])

    law = lens.to_coolest()["PEMD"]
    along, across = turned(law["center_x"], law["center_y"], np.deg2rad(law["phi"] + 90))  # from +y to +x
    radius = np.sqrt(law["q"] * along**2 + across**2 / law["q"])
    np.testing.assert_allclose((3 - law["gamma"]) / 2 * (law["theta_E"] / radius) ** (law["gamma"] - 1), expected)

    law = lens.to_pyautolens()["PowerLaw"]
    second, first = law["ell_comps"]  # (size sin 2 phi, size cos 2 phi)
    size, phi = np.hypot(first, second), np.arctan2(second, first) / 2
    q = (1 - size) / (1 + size)
    along, across = turned(law["centre"][1], law["centre"][0], phi)
    rescaled = (3 - law["slope"]) / (1 + q) * law["einstein_radius"] ** (law["slope"] - 1)
    np.testing.assert_allclose(rescaled * np.sqrt(along**2 + across**2 / q**2) ** (1 - law["slope"]), expected)


def turned(x, y, phi):
    """Positions along the major axis and across it."""
    dx, dy = X - x, Y - y
    return dx * np.cos(phi) + dy * np.sin(phi), dy * np.cos(phi) - dx * np.sin(phi)


def test_angles_of_coolest_are_above_minus_90_degrees():
    for e1, e2, degrees in ((0.2, 0.0, 90.0), (-0.2, 0.0, 0.0), (0.0, 0.2, -45.0)):
        assert MassModel(1.0, e1, e2).to_coolest()["PEMD"]["phi"] == pytest.approx(degrees, abs=1e-9)


def test_a_posterior_gives_the_lens_of_each_image():
    heads = Heads(parameters=("theta_E", "e1", "e2"), units=("arcsec", "", ""))
    output = torch.tensor([[1.2, 0.1, -0.1, 0.0, 0.0, 0.0], [0.8, 0.0, 0.2, 0.0, 0.0, 0.0]])
    posterior = task_named("regression").prediction(output, heads)
    (law, shear), second = posterior.to_lenstronomy()
    assert law["theta_E"] == pytest.approx(1.2) and law["gamma"] == 2.0 and shear["gamma1"] == 0.0
    assert second[0]["e2"] == pytest.approx(0.2)


def test_what_is_no_lens_is_refused():
    with pytest.raises(ArgumentError, match=r"e1 = 0\.9, e2 = 0\.9"):
        MassModel(1.0, 0.9, 0.9)
    heads = Heads(parameters=("log10_mass",), units=("dex",))
    with pytest.raises(ArgumentError, match="log10_mass are not the parameters of a lens: theta_E is missing"):
        task_named("regression").prediction(torch.zeros(1, 2), heads).mass_models()
