"""Lenses with substructure: compensated, so that nothing macroscopic tells their class, and well sampled."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.rays.lens import deflection as macro_deflection
from zoo_core.sim.rays.scene import Lens
from zoo_core.sim.sky.subhalos import SUBHALO, MassFunction, deflection, draw_subhalos
from zoo_core.sim.sky.vortex import VORTEX
from zoo_core.sim.substructure import CLASSES, DIFFICULTIES, PIXEL_SCALE, Difficulty, Scene, draw_scene
from zoo_core.sim.substructure_render import (
    absorbed,
    added_deflection,
    lensed_light,
    render_scenes,
    substructure_deflection,
    total_deflection,
)
from zoo_core.sim.tables import table
from zoo_core.sim.telescope.noise import NOISE
from zoo_core.sim.telescope.survey import Randoms, observe

COARSE = Grid.of(64, PIXEL_SCALE, torch.float32, torch.device("cpu"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def scene(seed: int, kind: str, difficulty: str = "easy") -> Scene:
    return draw_scene(np.random.default_rng(seed), DIFFICULTIES[difficulty], kind)


def smooth(one: Scene) -> Scene:
    return one._replace(halos=np.zeros(0, SUBHALO), vortices=np.zeros(0, VORTEX))


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_only_the_substructure_depends_on_the_class(difficulty):
    twins = [scene(3, kind, difficulty) for kind in CLASSES]
    for field in ("lens", "source", "psf", "noise"):
        assert len({getattr(twin, field) for twin in twins}) == 1
    assert [(len(twin.halos) > 0, len(twin.vortices)) for twin in twins] == [(False, 0), (True, 0), (False, 1)]


def ring_statistics(one: Scene, alpha: Sequence[torch.Tensor] | None = None) -> tuple[float, float]:
    """Radius and shear that the deflection on a thin ring at theta_E has: its mean and its second harmonic."""
    lens, alpha = one.lens, alpha or [part[0] for part in total_deflection(one, COARSE)]
    dx, dy = COARSE.x[0] - lens.x, COARSE.y[0] - lens.y
    radius = torch.hypot(*torch.broadcast_tensors(dx, dy))
    ring = (radius - lens.theta_E).abs() < 0.08
    cos, sin = (dx / radius)[ring], (dy / radius)[ring]
    radial = alpha[0][ring] * cos + alpha[1][ring] * sin
    shear = torch.hypot((radial * (cos**2 - sin**2)).mean(), (radial * 2 * cos * sin).mean())
    return float(radial.mean()), float(shear)


def image_statistics(one: Scene, seed: int) -> dict[str, float]:
    """Of a quick image, a ray a pixel: flux, brightest pixel, radius, ellipticity, and the noise of the corners.

    The noise is that of `seed`. The median of the corners' differences, since a subhalo there has a faint image beside
    it, which is no noise.
    """
    light = lensed_light(one, COARSE)[:, 1:-1, 1:-1] * PIXEL_SCALE**2
    noise = table([one.noise], NOISE)
    randoms = Randoms.from_torch(torch.Generator().manual_seed(seed), 1, 64)
    image = observe(light, torch.zeros_like(light), noise, randoms)[0]
    light, x, y = light[0] / light.sum(), COARSE.x[0, :, 1:-1], COARSE.y[0, 1:-1]
    quadrupole = torch.hypot((light * (x**2 - y**2)).sum(), (light * 2 * x * y).sum())
    corners = torch.stack([image[:12, :12], image[-12:, :12], image[:12, -12:], image[-12:, -12:]])
    return {
        "flux": float(image.sum()),
        "brightest": float(image.max()),
        "radius": float((light * torch.sqrt(x**2 + y**2)).sum()),
        "ellipticity": float(quadrupole / (light * (x**2 + y**2)).sum()),
        "noise": float(corners.diff().abs().median()),
    }


def auroc(negatives: np.ndarray, positives: np.ndarray) -> float:
    ranks = rankdata(np.concatenate([negatives, positives]))[len(negatives) :]
    return (ranks.mean() - (len(positives) + 1) / 2) / len(negatives)


@pytest.mark.slow
@pytest.mark.parametrize("difficulty", ["easy", "real"])
def test_nothing_macroscopic_tells_the_class(difficulty):
    # the same macro-lenses, sources, exposures and noise in every class: no chance hides a difference
    rows = {kind: [] for kind in CLASSES}
    for seed in range(100):
        for kind in CLASSES:
            one = scene(seed, kind, difficulty)
            theta_E, shear = ring_statistics(one)
            rows[kind].append({"theta_E": theta_E, "shear": shear} | image_statistics(one, seed))
    areas = {
        (first, second, name): auroc(*(np.array([row[name] for row in rows[kind]]) for kind in (first, second)))
        for first, second in (("no", "sphere"), ("no", "vort"), ("sphere", "vort"))
        for name in rows["no"][0]
    }
    # without compensation the Einstein radius of a hundred lenses is 0.09 from chance
    assert {key: area for key, area in areas.items() if abs(area - 0.5) >= 0.03} == {}


@pytest.mark.parametrize("kind", ["sphere", "vort"])
def test_without_compensation_the_einstein_radius_tells_the_class(kind):
    scenes = [scene(seed, kind) for seed in range(100)]
    compensated = np.array([ring_statistics(one)[0] - ring_statistics(smooth(one))[0] for one in scenes])
    added = np.array([ring_statistics(one, [*added_deflection(one, COARSE)])[0] for one in scenes])
    assert np.abs(compensated.mean()) < 0.003 < 0.01 < added.mean()


@pytest.mark.parametrize(
    "change", [{"theta_E": 0.03}, {"gamma_1": 0.02, "gamma_2": -0.01}, {"q": -0.02, "phi": 0.02}, {"x": 0.01}]
)
def test_a_change_of_the_macro_lens_is_absorbed(change, lens):
    grid = Grid.of(64, PIXEL_SCALE, torch.float64, torch.device("cpu"))
    before = lens(theta_E=1.0, q=0.95, phi=0.4)
    after = before.copy()
    for name, step in change.items():
        after[name] += step
    difference = torch.cat(macro_deflection(after, grid.x, grid.y))
    difference -= torch.cat(macro_deflection(before, grid.x, grid.y))
    left = difference - absorbed(difference, Lens(*before[0]), grid.x[0], grid.y[0])
    radius = torch.hypot(*torch.broadcast_tensors(grid.x[0], grid.y[0]))
    ring = (radius > 0.7) & (radius < 1.3)
    # what is left is of second order in the change and in 1 - q
    assert left[:, ring].abs().max() < 0.12 * difference[:, ring].abs().max()


def test_deflection_by_many_faint_subhalos_is_interpolated_well():
    halos = draw_subhalos(np.random.default_rng(2), MassFunction(1, -1.9, extended=True).of_mass(1e10))
    one = scene(1, "sphere")._replace(halos=halos)
    grid = Grid.of(128, PIXEL_SCALE / 2, torch.float64, torch.device("cpu"))
    exact = torch.stack(deflection(halos, grid.x[0], grid.y[0]))
    exact -= absorbed(exact, one.lens, grid.x[0], grid.y[0])
    # a hundredth of a pixel, next to the subhalos just below the limit
    assert (substructure_deflection(one, grid) - exact).abs().max() < 5e-4


@pytest.mark.parametrize("kind", CLASSES)
def test_images_hold_what_many_rays_see(kind):
    scenes = [scene(seed, kind) for seed in range(6)]
    images = render_scenes(scenes, 64)
    fine = Grid.of(512, PIXEL_SCALE / 8, torch.float64, torch.device("cpu"))
    for one, image in zip(scenes, images, strict=True):
        light = lensed_light(one, fine)[0, 1:-1, 1:-1] * fine.pixel**2
        # the PSF moves light over the edge of the frame and back
        assert image.sum().item() == pytest.approx(light.sum().item(), rel=0.01)


def test_an_image_is_the_same_alone_and_in_a_batch():
    scenes = [scene(seed, kind, "real") for seed, kind in enumerate(("no", "sphere", "vort"))]
    together = render_scenes(scenes, 48)
    alone = torch.cat([render_scenes([one], 48) for one in scenes])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-4)  # in units of the noise


def test_single_precision_is_close_to_double():
    scenes = [scene(seed, kind) for seed, kind in enumerate(CLASSES)]
    single, double = (render_scenes(scenes, 64, dtype) for dtype in (torch.float32, torch.float64))
    assert (single - double).abs().max() < 0.05  # of the noise, where a ray passes a point mass closely


def test_arcs_have_the_signal_to_noise_of_their_difficulty():
    peaks = {}
    for name in ("easy", "real"):
        scenes = [scene(seed, "no", name) for seed in range(60)]
        light, shot = render_scenes(scenes, 64), torch.tensor([one.noise.shot for one in scenes])[:, None, None]
        peaks[name] = np.median((light / torch.sqrt(1 + shot * light)).amax((1, 2)).numpy())
    assert peaks["easy"] == pytest.approx(25, rel=0.15)
    assert 7 < peaks["real"] < 16


def test_masses_are_those_of_the_difficulty():
    totals = {name: [scene(seed, "sphere", name).halos["mass"].sum() for seed in range(300)] for name in DIFFICULTIES}
    assert np.mean(totals["easy"]) == pytest.approx(25 * 1.51e9, rel=0.1)
    assert np.mean(totals["real"]) == pytest.approx(1e10, rel=0.2)
    assert np.mean(totals["cold"]) == pytest.approx(1e10, rel=0.3)
    assert [scene(1, "vort", name).vortices["mass"][0] for name in DIFFICULTIES] == [3e10, 1e10, 1e10]


def test_a_difficulty_of_ones_own_is_drawn_like_the_others():
    mine = Difficulty(MassFunction(3, -0.9), 1e9, DIFFICULTIES["easy"].expose)
    assert draw_scene(np.random.default_rng(1), mine, "vort").vortices["mass"][0] == 1e9
