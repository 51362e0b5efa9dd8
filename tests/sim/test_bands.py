"""Several bands of one scene: each is what a telescope in that band alone would have seen."""

import numpy as np
import pytest
import torch

from zoo_core.sim.cutouts import draw, expose_in_bands
from zoo_core.sim.cutouts.bands import _arcs, _foreground
from zoo_core.sim.cutouts.components import FAINT, OVERSAMPLE, add_points, deflector
from zoo_core.sim.ground import BANDS, FRAME, GROUND
from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.rays.render import render
from zoo_core.sim.rays.scene import LENS, Scenes
from zoo_core.sim.sky.galaxy import light_table
from zoo_core.sim.tables import table


@pytest.fixture(scope="module")
def made():
    torch.set_num_threads(1)
    return [draw(np.random.default_rng([8, i]), GROUND, is_lens=i > 0) for i in range(2)]


@pytest.mark.parametrize("band", (0, 2))
def test_a_band_is_the_scene_with_each_profile_as_bright_as_it_is_there(made, band):
    fine = FRAME.finer(OVERSAMPLE)
    grid = Grid.of(fine.side, fine.pixel_scale, torch.float64, torch.device("cpu"))
    profiles = [
        sorted((one._replace(flux=one.flux * one.colours[band]) for one in cutout.profiles), key=lambda one: one.lensed)
        for cutout in made
    ]
    scenes = Scenes(table(map(deflector, made), LENS), light_table(profiles))
    alone = render(scenes, FRAME, oversample=OVERSAMPLE, faint=0.0, dtype=torch.float64)
    add_points(alone.foreground, scenes.lights, fine.pixel_scale)
    # profiles end where they add FAINT to a pixel of the first band
    torch.testing.assert_close(_foreground(made, grid)[:, band], alone.foreground, rtol=1e-9, atol=300 * FAINT)
    torch.testing.assert_close(_arcs(made[1:], grid)[:, band], alone.arcs[1:], rtol=1e-9, atol=1e-9)


def test_bands_are_exposed_the_same_in_any_batch(made):
    together, alone = expose_in_bands(made, FRAME), expose_in_bands(made[1:2], FRAME)
    assert together.foreground.shape == (2, 4, 101, 101) and together.noises.shape == (2, 4)
    torch.testing.assert_close(together.arcs[1], alone.arcs[0], rtol=0, atol=1e-4)
    torch.testing.assert_close(together.foreground[1], alone.foreground[0], rtol=1e-5, atol=1e-4)


def test_arcs_have_the_colours_of_their_source(made):
    components, cutout = expose_in_bands(made[1:2], FRAME), made[1]
    behind = [one for one in cutout.profiles if one.lensed]
    low, high = (np.array(pick([one.colours for one in behind], axis=0)) for pick in (np.min, np.max))
    # arcs are blurred out of the frame by some per cent at most
    ratios = (components.arcs[0].sum((1, 2)) / components.arcs[0, 0].sum()).numpy()
    assert (ratios > 0.97 * low).all() and (ratios < 1.03 * high).all()
    assert components.truth["arc_snr"][0] >= 0.999 * cutout.least_snr


def test_the_noise_of_the_survey_is_that_of_its_depth():
    r = BANDS[0]
    # five sigma in an aperture of 2 arcsec, 78.5 pixels
    assert -2.5 * np.log10(5 * r.sky_sigma * np.sqrt(np.pi * 25)) == pytest.approx(r.depth)
    units = np.array([GROUND.survey.draw_noise(np.random.default_rng(i)).unit for i in range(300)]) / r.sky_sigma
    relative = [GROUND.other_surveys[0].draw_noise(np.random.default_rng(i)).unit for i in range(300)]
    assert np.median(units) == pytest.approx(10 ** (-0.4 * 0.15), rel=0.15)
    assert np.median(relative) == pytest.approx(BANDS[1].sky_sigma / r.sky_sigma, rel=0.06)
