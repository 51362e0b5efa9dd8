"""The critical curve stands where the lens magnifies without bound, in the picture of every lens that is measured."""

import matplotlib.image
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from skimage.measure import find_contours

from zoo_core.fit.mass_model import MassModel
from zoo_core.predict.critical_curves import critical_lines, determinant, draw_critical_curves
from zoo_core.predict.gallery import LENS
from zoo_core.tasks import Heads, task_named

from ..tiny_models import OPERATIONS, SIZE

GRID = np.linspace(-3, 3, 301)


@pytest.mark.parametrize("lens", [MassModel(1.2), MassModel(0.8, 0.1, 0.1, 0.3, -0.2), MassModel(1.5, e1=-0.2)])
def test_the_curve_of_an_isothermal_lens_encloses_the_area_of_its_einstein_radius(lens):
    inside = determinant(lens, GRID) < 0
    area = inside.sum() * (GRID[1] - GRID[0]) ** 2
    assert area == pytest.approx(np.pi * lens.theta_E**2, rel=0.02)  # a grid of 0.02 arcsec
    rows, columns = np.nonzero(inside)
    assert (GRID[columns].mean(), GRID[rows].mean()) == pytest.approx((lens.lens_x, lens.lens_y), abs=0.02)


@pytest.mark.parametrize("lens", [MassModel(0.3), MassModel(0.5, e1=0.3), MassModel(1.0, e1=0.4, gamma_1=-0.12)])
def test_loops_about_the_centre_that_are_of_the_grid_are_no_curves(lens):
    coarse = np.linspace(-5, 5, 121)
    assert len(find_contours(determinant(lens, coarse), 0.0)) > 1

    (curve,) = critical_lines(lens, coarse)

    assert np.ptp(curve, axis=0).min() > lens.theta_E


def test_the_radial_curve_of_a_shallow_lens_stays():
    shallow = MassModel(1.2, slope=0.7)
    radial, tangential = sorted(critical_lines(shallow, np.linspace(-5, 5, 481)), key=lambda line: np.ptp(line[:, 0]))
    assert np.hypot(*radial.T).mean() == pytest.approx(1.2 * 0.3 ** (1 / 0.7), rel=0.1)  # (1 - s) (theta_E / R)^s = 1
    assert np.hypot(*tangential.T).mean() == pytest.approx(1.2, rel=0.02)


def test_it_stands_at_its_place_in_pixels_and_its_bundle_is_as_wide_as_the_posterior():
    heads = Heads(parameters=("theta_E", "lens_x", "lens_y"), units=("arcsec",) * 3)
    output = torch.tensor([[1.0, 0.5, 0.0, *np.log([0.01, 1e-6, 1e-6])]], dtype=torch.float32)
    axes = Figure().subplots()

    draw_critical_curves(axes, task_named("regression").prediction(output, heads), 0.1, 61, LENS)

    *draws, mean = [one.get_xydata() for one in axes.lines]
    np.testing.assert_allclose((mean.min(0) + mean.max(0)) / 2, (35, 30), atol=0.2)  # 0.5 arcsec right of the middle
    assert np.ptp(mean[:, 0]) == pytest.approx(20, abs=0.4)
    widths = [np.ptp(vertices[:, 0]) / 20 for vertices in draws]
    assert np.std(widths) == pytest.approx(0.1, rel=0.5)


def test_the_gallery_of_lenses_shows_it(tiny, tmp_path):
    images = np.random.default_rng(0).normal(size=(2, 1, SIZE, SIZE)).astype(np.float32)
    model = tiny("regression", operations=({"op": "resample", "pixel_scale": 0.1}, *OPERATIONS))
    with_mean_of_half_an_arcsec(model)
    model.predict(images, pixel_scale=0.1, gallery=tmp_path / "lenses.png")
    model.predict(images[:1], pixel_scale=0.1, gallery=tmp_path / "lenses.svg")

    words = (tmp_path / "lenses.svg").read_text()  # which has the text of what it draws in comments
    assert "theta_E +- its error in arcsec" in words and "yellow: critical curves of the mean" in words
    picture = matplotlib.image.imread(tmp_path / "lenses.png")[..., :3]
    curve = np.abs(picture - np.array(to_rgb(LENS))).max(-1) < 0.1
    assert curve[len(curve) // 2 :].sum() > 200


def with_mean_of_half_an_arcsec(model):
    with torch.no_grad():
        model.network.head.weight.zero_()
        model.network.head.bias.copy_(torch.tensor([0.5, 0.7, -8.0, -8.0]))
