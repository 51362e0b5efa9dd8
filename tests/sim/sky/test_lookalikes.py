"""Look-alikes stand where a lens might have stood, and twins are lenses without arcs."""

import numpy as np
import pytest

from zoo_core.sim.rays.scene import POINT
from zoo_core.sim.sky import lookalikes
from zoo_core.sim.sky.host import draw_host
from zoo_core.sim.sky.lookalikes import LARGEST, SHIFTED_KINDS, TRAINING_KINDS
from zoo_core.sim.sky.population import SHIFTED, TRAINING

FAMILIES = [(TRAINING, TRAINING_KINDS), (SHIFTED, SHIFTED_KINDS)]
EVERY_KIND = [
    pytest.param(population, kind, id=kind.name) for population, lookalikes in FAMILIES for kind in lookalikes.kinds
]


@pytest.mark.parametrize(("population", "kind"), EVERY_KIND)
def test_nothing_in_a_lookalike_is_lensed(population, kind):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        profiles = kind.build(rng, population, draw_host(rng, population))
        assert profiles and not any(profile.lensed for profile in profiles)


@pytest.mark.parametrize("kinds", [TRAINING_KINDS, SHIFTED_KINDS])
def test_kinds_come_with_their_frequencies(kinds):
    rng = np.random.default_rng(0)
    drawn = [kinds.draw(rng).name for _ in range(4000)]
    total = sum(kind.weight for kind in kinds.kinds)
    expected = {kind.name: kind.weight for kind in kinds.kinds}
    assert set(drawn) == set(expected)
    for name, weight in expected.items():
        assert drawn.count(name) / 4000 == pytest.approx(weight / total, abs=0.03)  # four standard deviations


@pytest.mark.parametrize("kinds", [TRAINING_KINDS, SHIFTED_KINDS])
def test_a_kind_is_found_by_its_name(kinds):
    assert len({kind.name for kind in kinds.kinds}) == len(kinds.kinds)
    assert all(kinds.named(kind.name) is kind for kind in kinds.kinds)
    assert kinds.named("no such kind") is None


def test_discs_are_no_larger_than_the_frame_can_show():
    rng = np.random.default_rng(0)
    host = draw_host(rng, TRAINING)
    host = host._replace(light=host.light._replace(R=3.4, flux=1e5))
    profiles = TRAINING_KINDS.named("disc").build(rng, TRAINING, host)
    assert max(profile.R for profile in profiles) < 1.2 * LARGEST
    flux = sum(profile.flux for profile in profiles if profile.profile != POINT)
    assert flux == pytest.approx(1e5 * (LARGEST / 3.4) ** 2, rel=0.05)  # as bright per area


def test_satellites_lie_at_the_distances_of_arcs():
    rng = np.random.default_rng(0)
    host = draw_host(rng, TRAINING)
    for x, y, tangent in lookalikes.around(rng, host, 50):
        dx, dy = x - host.light.x, y - host.light.y
        assert 0.7 * host.theta_E <= np.hypot(dx, dy) <= 1.8 * host.theta_E + 0.2
        assert abs(dx * np.cos(tangent) + dy * np.sin(tangent)) < 1e-9
