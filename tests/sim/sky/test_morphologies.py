"""Every morphology holds the flux and the place it was given."""

import numpy as np
import pytest

from zoo_core.sim.rays.scene import LIGHT, SERSIC
from zoo_core.sim.sky import morphologies
from zoo_core.sim.sky.galaxy import Galaxy, light_table

BUILDERS = [
    morphologies.barred,
    morphologies.clumpy,
    morphologies.compact,
    morphologies.edge_on,
    morphologies.elliptical,
    morphologies.flocculent,
    morphologies.grand_design,
    morphologies.irregular,
    morphologies.lenticular,
    morphologies.merger,
    morphologies.ringed,
    morphologies.shells,
    morphologies.smooth_disc,
]
GALAXY = Galaxy(flux=100.0, R=0.8, x=0.3, y=-0.5, q=0.6, phi=0.7)
DRAWS = 40


def draws(build):
    return [build(np.random.default_rng(seed), GALAXY) for seed in range(DRAWS)]


@pytest.mark.parametrize("build", BUILDERS)
def test_components_add_up_to_the_flux(build):
    totals = [sum(profile.flux for profile in profiles) for profiles in draws(build)]
    # shells, dust, knots of irregulars and tidal tails add or take up to a quarter
    assert min(totals) > 70 and max(totals) < 130
    assert np.mean(totals) == pytest.approx(100, rel=0.2)


@pytest.mark.parametrize("build", BUILDERS)
def test_the_light_is_centred_where_the_galaxy_is(build):
    centroids = [np.average([(p.x, p.y) for p in profiles], axis=0, weights=[abs(p.flux) for p in profiles])
                 for profiles in draws(build)]  # fmt: skip
    np.testing.assert_allclose(np.mean(centroids, axis=0), (0.3, -0.5), atol=3 * GALAXY.R / np.sqrt(DRAWS))


@pytest.mark.parametrize("build", BUILDERS)
def test_profiles_stay_within_what_can_be_rendered(build):
    table = light_table(draws(build))
    sersic = table[table["profile"] == SERSIC]
    assert (table["R"] > 0).all()
    assert ((table["q"] > 0) & (table["q"] <= 1)).all()
    assert ((sersic["n"] >= 0.3) & (sersic["n"] <= 6)).all()
    assert ((table["contrast"] >= 0) & (table["contrast"] <= 1)).all()


@pytest.mark.parametrize("build", BUILDERS)
def test_a_source_is_lensed_in_all_its_parts(build):
    profiles = build(np.random.default_rng(0), GALAXY._replace(lensed=True))
    assert all(profile.lensed for profile in profiles)


def test_the_table_numbers_scenes_in_order():
    rng = np.random.default_rng(0)
    table = light_table([morphologies.compact(rng, GALAXY), [], morphologies.compact(rng, GALAXY)])
    assert table.dtype == LIGHT
    assert table["scene"].tolist() == [0, 0, 2, 2]


def test_disc_offsets_follow_the_inclination():
    along = morphologies.on_disc(GALAXY._replace(phi=0.0), 1.0, 0.0)
    across = morphologies.on_disc(GALAXY._replace(phi=0.0), 1.0, np.pi / 2)
    np.testing.assert_allclose(np.hypot(*across) / np.hypot(*along), GALAXY.q)  # q: minor over major axis
