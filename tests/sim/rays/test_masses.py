"""Several deflectors together, and their convergence on pixels."""

import numpy as np
import pytest
import torch
from lenstronomy.LensModel.lens_model import LensModel

from zoo_core.images.augmentation import dihedral
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.rays.masses import bent, centre_of, pixel_convergence, total_deflection, within_einstein_radius
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, SERSIC, Lens, Profile, Scenes
from zoo_core.sim.sky.galaxy import light_table
from zoo_core.sim.tables import table

FRAME = CutoutFrame(side=41, pixel_scale=0.1)
MAIN = Lens(theta_E=0.9, q=0.7, phi=0.4, slope=1.1, x=0.03, y=-0.02, gamma_1=0.05, gamma_2=-0.02)
OTHER = Lens(theta_E=0.5, q=0.9, phi=2.0, x=0.8, y=0.6)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def kwargs_of(lens):
    e = (1 - lens.q) / (1 + lens.q)
    return {
        "theta_E": lens.theta_E,
        "gamma": lens.slope + 1,
        "e1": e * np.cos(2 * lens.phi),
        "e2": e * np.sin(2 * lens.phi),
        "center_x": lens.x,
        "center_y": lens.y,
    }


def test_convergence_of_two_deflectors_is_that_of_lenstronomy():
    model = LensModel(["EPL", "EPL"])
    fine = (np.arange(FRAME.side * 10) + 0.5) / 10 * FRAME.pixel_scale - FRAME.half_width
    x, y = np.meshgrid(fine, fine)
    expected = model.kappa(x.ravel(), y.ravel(), [kwargs_of(MAIN), kwargs_of(OTHER)]).reshape(x.shape)
    expected = expected.reshape(FRAME.side, 10, FRAME.side, 10).mean((1, 3))
    difference = np.log10(pixel_convergence(table([MAIN, OTHER], LENS), FRAME).numpy() / expected)
    assert np.quantile(np.abs(difference), 0.99) < 1e-3  # what ten points along a pixel leave of its mean
    assert np.abs(difference).max() < 0.05  # of the pixels of the centres, where the convergence has no end


def test_no_mass_is_lost_between_pixels():
    lens = Lens(theta_E=0.8, x=0.013, y=0.041)  # isothermal: pi theta_E r within r
    kappa = pixel_convergence(table([lens], LENS), FRAME)
    axis = (torch.arange(FRAME.side) - (FRAME.side - 1) / 2) * FRAME.pixel_scale
    inside = torch.hypot(axis[None, :] - lens.x, axis[:, None] - lens.y) < 1.5
    mass = float(kappa[inside].sum()) * FRAME.pixel_area
    area = float(inside.sum()) * FRAME.pixel_area
    assert mass == pytest.approx(np.pi * lens.theta_E * np.sqrt(area / np.pi), rel=2e-3)  # the edge of the disc


@pytest.mark.parametrize("element", [1, 5])
def test_a_map_turns_with_its_lens(element):
    before = pixel_convergence(table([MAIN], LENS), FRAME)[None]
    x, y, phi = (MAIN.y, MAIN.x, np.pi / 2 - MAIN.phi) if element == 5 else (-MAIN.y, MAIN.x, MAIN.phi + np.pi / 2)
    candidates = [pixel_convergence(table([MAIN._replace(x=s * x, y=s * y, phi=phi)], LENS), FRAME) for s in (1, -1)]
    turned = dihedral(before, element)[0]
    assert min(float((turned / one).log10().abs().max()) for one in candidates) < 1e-6


def test_shear_has_no_convergence():
    plain = MAIN._replace(gamma_1=0.0, gamma_2=0.0)
    pair = [pixel_convergence(table([one], LENS), FRAME) for one in (MAIN, plain)]
    torch.testing.assert_close(*pair, rtol=1e-9, atol=1e-9)


def test_deflections_add_up():
    x, y = torch.linspace(-1, 1, 5)[None, :], torch.linspace(-1, 1, 4)[:, None]
    together = total_deflection(table([MAIN, OTHER], LENS), x, y)
    apart = [total_deflection(table([one], LENS), x, y) for one in (MAIN, OTHER)]
    for component in (0, 1):
        torch.testing.assert_close(together[component], apart[0][component] + apart[1][component])


def test_rays_through_one_lens_make_the_arcs_of_the_renderer():
    source = Profile(lensed=True, profile=SERSIC, flux=1.0, x=0.1, y=0.05, R=0.15, n=1.0, q=0.8, phi=0.3)
    lights, frame = light_table([[source]]), FRAME.finer(2)
    expected = render(Scenes(table([MAIN], LENS), lights), FRAME, oversample=2).arcs[0]
    grid = Grid.of(frame.side, frame.pixel_scale, torch.float32, torch.device("cpu"))
    found = bent(table([MAIN], LENS), lights, grid)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02 * float(expected.max()))
    assert float(found.sum()) == pytest.approx(float(expected.sum()), rel=2e-3)


def test_the_circle_of_mean_convergence_one_is_that_of_the_einstein_radius():
    lens = table([Lens(theta_E=0.8, x=0.2)], LENS)
    inside = within_einstein_radius(pixel_convergence(lens, FRAME).numpy(), centre_of(lens), FRAME)
    assert np.sqrt(inside.sum() * FRAME.pixel_area / np.pi) == pytest.approx(0.8, abs=0.02)  # a fifth of a pixel
    columns = np.flatnonzero(inside.any(0))
    assert (columns.min() + columns.max()) / 2 == pytest.approx((FRAME.side - 1) / 2 + 2, abs=0.5)
