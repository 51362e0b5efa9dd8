"""Lenses of two galaxies, and with subhalos, made of those of one."""

import numpy as np
import pytest

from zoo_core.sim import cutouts
from zoo_core.sim.masses import CLUMP, CLUMPED, MASSES, REACH, SEPARATION, SHARE
from zoo_core.sim.modelling import TELESCOPES
from zoo_core.sim.rays.masses import centre_of
from zoo_core.sim.rays.scene import LENS
from zoo_core.sim.tables import table

DISTRIBUTION = TELESCOPES["euclid"].distribution


@pytest.fixture(scope="module")
def drawn():
    return [cutouts.draw(np.random.default_rng(k), DISTRIBUTION, is_lens=True) for k in range(12)]


def remade(drawn, kind):
    return [MASSES[kind](np.random.default_rng(k), one, DISTRIBUTION) for k, one in enumerate(drawn)]


def test_one_ellipsoid_is_as_it_was_drawn(drawn):
    assert remade(drawn, "ellipsoid") == drawn


def test_a_pair_shares_the_einstein_radius_and_the_source_lies_behind_its_middle(drawn):
    for before, after in zip(drawn, remade(drawn, "pair"), strict=True):
        main, companion = after.masses
        total = before.host.theta_E
        assert main.theta_E + companion.theta_E == pytest.approx(total)
        assert SHARE[0] <= companion.theta_E / total <= SHARE[1]
        distance = np.hypot(companion.x - main.x, companion.y - main.y)
        assert SEPARATION[0] <= distance / total <= SEPARATION[1] + 1e-9
        moved = np.array(centre_of(table(after.masses, LENS))) - (main.x, main.y)
        np.testing.assert_allclose([after.source.x - before.source.x, after.source.y - before.source.y], moved)
        places = [[(one.x, one.y) for one in cutout.profiles if one.lensed] for cutout in (before, after)]
        np.testing.assert_allclose(places[1], np.array(places[0]) + moved)


def test_the_companion_shines_and_its_light_is_not_lensed(drawn):
    for before, after in zip(drawn, remade(drawn, "pair"), strict=True):
        companion, known = after.masses[1], set(before.profiles)
        added = [one for one in after.profiles if not one.lensed and one not in known]
        assert added and not any(one.lensed for one in added)
        nearest = min(np.hypot(one.x - companion.x, one.y - companion.y) for one in added)
        assert nearest < companion.theta_E


def test_subhalos_are_dark_round_and_taken_from_the_lens(drawn):
    for before, after in zip(drawn, remade(drawn, "subhalos"), strict=True):
        main, *clumps = after.masses
        sizes = np.array([clump.theta_E for clump in clumps]) / before.host.theta_E
        assert main.theta_E + sum(clump.theta_E for clump in clumps) == pytest.approx(before.host.theta_E)
        assert len(clumps) and CLUMP[0] <= sizes.min() and sizes.max() <= CLUMP[1] and sizes.sum() <= CLUMPED[1]
        assert all(np.hypot(c.x - main.x, c.y - main.y) <= REACH * before.host.theta_E for c in clumps)
        assert after.profiles == before.profiles
