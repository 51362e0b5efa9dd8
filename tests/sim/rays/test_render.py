"""Pixels against lenstronomy, converged integrals and conservation laws."""

import numpy as np
import pytest
import torch
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.LightModel.light_model import LightModel
from numpy.polynomial.legendre import leggauss
from scipy.special import gamma, gammaincinv

from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.lens import deflection
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, LIGHT, POINT, Scenes

PIXELS, SCALE = 41, 0.1


def random_scenes(count: int, slope: float | None = None, seed: int = 3) -> Scenes:
    """Each with two galaxies before a lens and three behind it."""
    rng = np.random.default_rng(seed)
    lenses, lights = np.zeros(count, LENS), np.zeros(5 * count, LIGHT)
    lenses["theta_E"], lenses["q"], lenses["phi"] = rng.uniform(0.7, 1.2, count), rng.uniform(0.5, 0.9, count), 0.5
    lenses["slope"], lenses["gamma_1"] = slope or rng.normal(1, 0.1, count), 0.04
    lights["scene"], lights["lensed"] = np.repeat(np.arange(count), 5), np.tile([0, 0, 1, 1, 1], count)
    lights["x"], lights["y"] = rng.normal(0, 0.3, (2, 5 * count))
    lights["R"], lights["n"] = rng.uniform(0.1, 0.5, 5 * count), rng.uniform(0.5, 4, 5 * count)
    lights["q"], lights["phi"] = rng.uniform(0.4, 1, 5 * count), rng.uniform(0, 3, 5 * count)
    lights["flux"] = rng.uniform(1, 10, 5 * count)
    return Scenes(lenses, lights)


def as_lenstronomy_sersic(galaxy: np.ndarray) -> dict[str, float]:
    """The same profile written with lenstronomy's own b_n: only b / R^(1/n) and the brightness at the centre count."""
    n, b = galaxy["n"], gammaincinv(2 * galaxy["n"], 0.5)
    their_b, e = 1.9992 * n - 0.3271, (1 - galaxy["q"]) / (1 + galaxy["q"])
    peak = galaxy["flux"] / (2 * np.pi * galaxy["R"] ** 2 * n * gamma(2 * n) / b ** (2 * n))
    shape = {"R_sersic": galaxy["R"] * (their_b / b) ** n, "n_sersic": n, "amp": peak * np.exp(-their_b)}
    ellipse = {"e1": e * np.cos(2 * galaxy["phi"]), "e2": e * np.sin(2 * galaxy["phi"])}
    return shape | ellipse | {"center_x": galaxy["x"], "center_y": galaxy["y"]}


def lenstronomy_image(scene: Scenes, supersampling: int) -> np.ndarray:
    """Flux per pixel of a scene of one profile, from rays on a grid inside each pixel."""
    lens, galaxy = scene.lenses[0], scene.lights[0]
    e = (1 - lens["q"]) / (1 + lens["q"])
    mass = {"theta_E": lens["theta_E"], "gamma": lens["slope"] + 1, "center_x": lens["x"], "center_y": lens["y"]}
    ellipse = {"e1": e * np.cos(2 * lens["phi"]), "e2": e * np.sin(2 * lens["phi"])}
    shear = {"gamma1": lens["gamma_1"], "gamma2": lens["gamma_2"], "ra_0": lens["x"], "dec_0": lens["y"]}
    x, y = (part.ravel() for part in positions(supersampling))
    if galaxy["lensed"]:
        x, y = LensModel(["EPL", "SHEAR"]).ray_shooting(x, y, [mass | ellipse, shear])
    light = LightModel(["SERSIC_ELLIPSE"]).surface_brightness(x, y, [as_lenstronomy_sersic(galaxy)])
    return light.reshape(PIXELS, supersampling, PIXELS, supersampling).mean((1, 3)) * SCALE**2


def positions(supersampling: int) -> tuple[np.ndarray, np.ndarray]:
    width = PIXELS * supersampling
    axis = (np.arange(width) - (width - 1) / 2) * SCALE / supersampling
    return tuple(np.meshgrid(axis, axis))


def far_from_centre(scene: Scenes) -> np.ndarray:
    """Pixels two or more pixels away from the centre of the profile, or from any of its images."""
    galaxy = scene.lights[0]
    x, y = (torch.as_tensor(part)[None] for part in positions(5))
    alpha_x, alpha_y = deflection(scene.lenses, x, y) if galaxy["lensed"] else (0 * x, 0 * y)
    distance_2 = (x - alpha_x - galaxy["x"]) ** 2 + (y - alpha_y - galaxy["y"]) ** 2
    images = (distance_2 < (0.05) ** 2)[0].nonzero().numpy()
    column, row = np.meshgrid(*[np.arange(PIXELS) * 5 + 2] * 2)
    gap = np.hypot(row[..., None] - images[:, 0], column[..., None] - images[:, 1])
    return gap.min(-1) > 2 * 5


@pytest.mark.parametrize("slope", [1.0, 0.85, 1.2])
@pytest.mark.parametrize("profile", range(5))
@pytest.mark.parametrize("oversample", [1, 3])
def test_images_are_those_of_lenstronomy(profile, slope, oversample):
    scenes = random_scenes(1, slope)
    scene = Scenes(scenes.lenses, scenes.lights[profile : profile + 1])
    ours = render(scene, CutoutFrame(PIXELS, SCALE), oversample=oversample, dtype=torch.float64)
    image = (ours.foreground + ours.arcs)[0].view(PIXELS, oversample, PIXELS, oversample).sum((1, 3)).numpy()
    theirs = lenstronomy_image(scene, supersampling=10)  # even: no ray through the centre, where it has no deflection
    pixels = far_from_centre(scene)
    assert pixels.any()
    assert np.abs(image - theirs)[pixels].max() < 1e-3 * theirs.max()


def converged_flux(galaxy: np.ndarray, left: float, bottom: float, pixel: float) -> float:
    """Flux of a Sersic profile in one pixel: split at its point nearest to the centre, nodes crowded there."""
    nodes, weights = leggauss(48)
    t, dt = ((nodes + 1) / 2) ** 6, 6 * ((nodes + 1) / 2) ** 5 * weights / 2
    n, b = galaxy["n"], gammaincinv(2 * galaxy["n"], 0.5)
    peak = galaxy["flux"] / (2 * np.pi * galaxy["R"] ** 2 * n * gamma(2 * n) / b ** (2 * n))
    x0, y0 = np.clip(galaxy["x"], left, left + pixel), np.clip(galaxy["y"], bottom, bottom + pixel)
    flux = 0.0
    for width in (left - x0, left + pixel - x0):
        for height in (bottom - y0, bottom + pixel - y0):
            dx, dy = x0 + width * t[None, :] - galaxy["x"], y0 + height * t[:, None] - galaxy["y"]
            u = np.cos(galaxy["phi"]) * dx + np.sin(galaxy["phi"]) * dy
            v = np.cos(galaxy["phi"]) * dy - np.sin(galaxy["phi"]) * dx
            radius = np.sqrt(galaxy["q"] * u**2 + v**2 / galaxy["q"]) / galaxy["R"]
            light = peak * np.exp(-b * radius ** (1 / n))
            flux += abs(width * height) * (dt[:, None] * dt[None, :] * light).sum()
    return flux


POSITIONS = [(0.0, 0.0), (0.05, 0.05), (0.05, 0.0), (0.0499, 0.0501), (0.013, -0.031), (-0.04, 0.02)]


@pytest.mark.parametrize("n", [0.5, 1.0, 2.0, 4.0, 6.0])
@pytest.mark.parametrize("q", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("pixel", [0.05, 0.1])
def test_pixels_at_a_centre_are_converged_wherever_it_falls(light, scene, n, q, pixel):
    for i, (x, y) in enumerate(POSITIONS):
        galaxy = light(n=n, q=q, phi=0.5 * i, R=(0.1, 0.2, 0.5)[i % 3], x=x, y=y)
        image = render(scene(galaxy), CutoutFrame(21, pixel), dtype=torch.float64).foreground[0].numpy()
        edges = (np.arange(8, 13) - 10.5) * pixel
        exact = np.array([[converged_flux(galaxy[0], left, bottom, pixel) for left in edges] for bottom in edges])
        # a pixel many scale lengths out holds nothing; it is held to the peak instead
        np.testing.assert_allclose(image[8:13, 8:13], exact, rtol=0.02, atol=1e-5 * exact.max())
        assert image[8:13, 8:13].sum() == pytest.approx(exact.sum(), rel=0.01)


@pytest.mark.parametrize("n", [0.5, 1.0, 4.0, 6.0])
def test_all_flux_of_an_unlensed_galaxy_is_in_the_image(light, scene, n):
    galaxy = light(n=n, R=0.02, q=0.4, phi=1.0, flux=5.0, x=0.13, y=-0.21)
    image = render(scene(galaxy), CutoutFrame(101, 0.1), oversample=2).foreground
    # the frame's edge is at 250 half-light radii: beyond it are 0.3 % of the steepest profile
    assert image.sum().item() == pytest.approx(5.0, rel=0.01)


@pytest.mark.parametrize("beta", [0.1, 0.3, 0.6])
def test_an_isothermal_sphere_magnifies_a_small_source_by_twice_theta_E_over_beta(lens, light, scene, beta):
    one = scene(light(lensed=True, R=0.02, n=0.5, x=beta), lens=lens(theta_E=1.0))
    flux = render(one, CutoutFrame(101, 0.05), dtype=torch.float64).arcs.sum().item()
    # the mean of 1 / beta over a source of radius 0.02 is larger by up to (0.02 / beta)^2
    assert flux == pytest.approx(2.0 / beta, rel=2e-3 + (0.02 / beta) ** 2)


def test_lensing_conserves_surface_brightness(lens, light, scene):
    wide = light(lensed=True, R=3.0, n=0.5, flux=1.0, x=0.2)
    arcs = render(scene(wide, lens=lens(theta_E=1.0, q=0.7)), CutoutFrame(41, 0.1), dtype=torch.float64).arcs
    brightest = np.log(2) / (np.pi * 3.0**2)  # of a Gaussian of half-light radius 3
    assert arcs.max().item() / 0.1**2 == pytest.approx(brightest, rel=1e-3)


@pytest.mark.parametrize("n", [1.0, 2.0, 4.0])
def test_images_of_a_steep_source_hold_what_many_rays_see(lens, light, scene, n):
    one = scene(light(lensed=True, R=0.1, n=n, q=0.6, x=0.11, y=0.04), lens=lens(theta_E=0.7, q=0.8, x=0.02))
    width, rays = 40, 24
    ours = render(one, CutoutFrame(width, 0.05), dtype=torch.float64).arcs[0]
    fine = render(one, CutoutFrame(width * rays, 0.05 / rays), dtype=torch.float64).arcs[0]
    converged = fine.view(width, rays, width, rays).sum((1, 3))
    # pixels that hold the image of a de Vaucouleurs cusp are the worst
    worst = {1.0: 2e-3, 2.0: 5e-3, 4.0: 0.03}[n] * converged.max().item()
    torch.testing.assert_close(ours, converged, rtol=0, atol=worst)
    assert ours.sum().item() == pytest.approx(converged.sum().item(), rel=2e-3)


def test_a_source_without_a_lens_is_seen_as_it_is(light, lens, scene):
    shape = {"R": 0.3, "n": 3.0, "x": 0.21, "q": 0.5, "arms": 2, "contrast": 0.3}
    before = render(scene(light(**shape)), CutoutFrame(31, 0.1))
    behind = render(scene(light(lensed=True, **shape), lens=lens(gamma_1=0.1)), CutoutFrame(31, 0.1))
    torch.testing.assert_close(behind.arcs, before.foreground)
    assert not behind.foreground.any()


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_pixels_do_not_depend_on_the_batch(chunk):
    scenes = random_scenes(7)
    together = render(scenes, CutoutFrame(PIXELS, SCALE), oversample=2, chunk=chunk)
    alone = [render(scenes[i : i + 1], CutoutFrame(PIXELS, SCALE), oversample=2) for i in range(7)]
    for name in ("foreground", "arcs"):
        expected = torch.cat([getattr(one, name) for one in alone])
        # a peak is at most some thousand times the noise: 1e-4 of the noise is 1e-7 of such a peak, float32's rounding
        torch.testing.assert_close(getattr(together, name), expected, rtol=1e-5, atol=2e-7 * expected.max().item())


def test_pixels_do_not_depend_on_the_number_of_threads():
    scenes, threads = random_scenes(2), torch.get_num_threads()
    images = []
    for count in (1, 2):
        torch.set_num_threads(count)
        images.append(render(scenes, CutoutFrame(PIXELS, SCALE)))
    torch.set_num_threads(threads)
    for name in ("foreground", "arcs"):
        torch.testing.assert_close(getattr(images[0], name), getattr(images[1], name), rtol=1e-5, atol=1e-6)


def test_single_precision_is_close_to_double():
    scenes = random_scenes(4)
    single, double = (render(scenes, CutoutFrame(PIXELS, SCALE), dtype=d) for d in (torch.float32, torch.float64))
    for name in ("foreground", "arcs"):
        expected = getattr(double, name)
        torch.testing.assert_close(getattr(single, name).double(), expected, rtol=0, atol=1e-4 * expected.max().item())


def test_x_runs_along_columns_and_y_along_rows(light, scene):
    image = render(scene(light(x=1.0, y=-0.5, R=0.1)), CutoutFrame(41, 0.1)).foreground[0]
    row, column = divmod(int(image.argmax()), 41)
    assert (row, column) == (15, 30)


def test_points_are_left_to_the_survey(light, scene):
    rendered = render(scene(light(profile=POINT), light(profile=POINT, lensed=True)), CutoutFrame(11, 0.1))
    assert not rendered.foreground.any() and not rendered.arcs.any()


def test_a_galaxy_at_or_beyond_the_edge_leaves_its_part(light, scene):
    whole = render(scene(light(x=0.55, y=0.02, R=0.2, n=4.0)), CutoutFrame(33, 0.1), dtype=torch.float64)
    part = render(scene(light(x=0.55, y=0.02, R=0.2, n=4.0)), CutoutFrame(11, 0.1), dtype=torch.float64)
    torch.testing.assert_close(part.foreground, whole.foreground[:, 11:22, 11:22])
    outside = render(scene(light(x=9.0, R=0.2)), CutoutFrame(11, 0.1))
    assert outside.foreground.isfinite().all()


def test_no_scenes_are_no_images(light, scene):
    rendered = render(scene(light())[0:0], CutoutFrame(11, 0.1), oversample=2)
    assert rendered.foreground.shape == rendered.arcs.shape == (0, 22, 22)
