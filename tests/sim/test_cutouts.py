"""Cutouts have the arcs that were drawn, and their truth is what the pixels hold."""

import numpy as np
import pytest
import torch

from zoo_core.sim import cutouts
from zoo_core.sim.brightness import ARCS, arc_snr, gain
from zoo_core.sim.cutouts import FINE, FRAME, draw, expose
from zoo_core.sim.sky.field import star
from zoo_core.sim.sky.galaxy import light_table
from zoo_core.sim.versions import SHIFTED, VERSIONS

TRAINING = VERSIONS[1]


def drawn(recipe, count, is_lens, seed=1):
    return [draw(np.random.default_rng([seed, i]), recipe, is_lens) for i in range(count)]


@pytest.fixture(scope="module")
def lenses():
    torch.set_num_threads(1)
    made = drawn(TRAINING, 12, True) + drawn(SHIFTED, 8, True)
    return made, expose(made)


@pytest.fixture(scope="module")
def others():
    made = drawn(TRAINING, 8, False) + drawn(SHIFTED, 6, False)
    return made, expose(made)


def test_components_are_finite_and_of_the_frame(lenses, others):
    for _, components in (lenses, others):
        for images in (components.foreground, components.arcs):
            assert images.shape[1:] == (FRAME.side, FRAME.side) and bool(images.isfinite().all())


def test_only_lenses_have_arcs(lenses, others):
    assert (lenses[1].arcs.amax((1, 2)) > 0).all() and (lenses[1].truth["label"] == 1).all()
    assert (others[1].arcs == 0).all() and (others[1].truth["label"] == 0).all()
    assert (others[1].truth["theta_E"] == 0).all()


def test_arcs_can_be_seen(lenses):
    made, components = lenses
    for row, cutout in enumerate(made):
        found = components.truth[row]
        assert found["arc_snr"] > 0.999 * cutout.least_snr >= 0.999 * ARCS.least_snr[0]
        assert found["arc_contrast"] > 0.999 * cutout.least_contrast
        assert found["magnification"] > 1.5


def test_truth_is_measured_on_the_pixels(lenses):
    _, components = lenses
    for row, found in enumerate(components.truth):
        foreground, arcs = components.foreground[row].double(), components.arcs[row].double()
        sigma = (1 + components.noise["shot"][row] * (foreground + arcs)).clamp(min=1).sqrt()
        assert found["arc_snr"] == pytest.approx(float((arcs / sigma).square().sum().sqrt()), rel=1e-3)
        assert found["arc_flux"] == pytest.approx(float(arcs.sum()), rel=1e-4)


def test_twins_are_drawn_like_lenses(others):
    made = drawn(TRAINING, 400, False, seed=5)
    twins = [cutout for cutout in made if cutout.kind == "twin"]
    hosts = np.log([cutout.host.light.flux for cutout in twins])
    lens_hosts = np.log([cutout.host.light.flux for cutout in drawn(TRAINING, 60, True, seed=5)])
    spread = np.std(lens_hosts) * np.hypot(len(twins) ** -0.5, 60**-0.5)
    assert abs(hosts.mean() - lens_hosts.mean()) < 4 * spread
    assert all(cutout.source is None and cutout.profiles for cutout in twins)


def test_every_column_of_the_truth_is_drawn_or_measured(lenses, others):
    for cutout in (lenses[0][0], others[0][0]):
        assert set(cutouts.facts(cutout)) == set(cutouts.TRUTH.names or ())


def test_truth_holds_what_was_drawn_under_its_name(lenses, others):
    (made, components), (kinds, without) = lenses, others
    drawn, found = made[0], components.truth[0]
    assert (found["theta_E"], found["lens_q"], found["psf_fwhm"]) == (drawn.host.theta_E, drawn.host.q, drawn.psf.fwhm)
    assert (found["kind"], found["source_R"]) == (drawn.source.kind, drawn.source.R)
    assert without.truth["kind"].tolist() == [cutout.kind for cutout in kinds]


def test_chunks_do_not_change_the_pixels(lenses):
    made, components = lenses
    alone = expose(made[3:4])
    # in units of the sky noise, which is one
    torch.testing.assert_close(alone.foreground[0], components.foreground[3], rtol=0, atol=1e-4)
    torch.testing.assert_close(alone.arcs[0], components.arcs[3], rtol=0, atol=1e-4)


def test_points_keep_their_flux_and_place():
    images = torch.zeros(1, FINE.side, FINE.side, dtype=torch.float64)
    lights = light_table([[star(0.512, -1.234, 50.0)]])
    cutouts.add_points(images, lights, FINE.pixel_scale)
    axis = (torch.arange(FINE.side) - (FINE.side - 1) / 2) * FINE.pixel_scale
    assert float(images.sum()) == pytest.approx(50)
    assert float((images[0] * axis[None]).sum() / 50) == pytest.approx(0.512)
    assert float((images[0] * axis[:, None]).sum() / 50) == pytest.approx(-1.234)


def test_gain_gives_the_signal_to_noise_that_was_asked_for(lenses):
    _, components = lenses
    foreground, arcs, noise = components.foreground, components.arcs, components.noise
    for wanted in (12.0, 80.0):
        factor = gain(torch.tensor(wanted), foreground, arcs, noise)
        reached = arc_snr(foreground, arcs * factor[:, None, None], noise)
        torch.testing.assert_close(reached, torch.full_like(reached, wanted), rtol=0.02, atol=0)
