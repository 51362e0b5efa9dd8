"""Version 2 of the scenes: lenses like their twins in front, textured discs, full pixels; version 1 stays as it is."""

import numpy as np
import pytest
import torch

from zoo_core.datasets.simulated.finding import finding_space
from zoo_core.errors import DatasetError
from zoo_core.sim.cutouts import FINE, alike_for_twins, behind_namesakes, draw
from zoo_core.sim.rays.grid import Grid
from zoo_core.sim.sky.galaxy import Galaxy, sersic
from zoo_core.sim.sky.texture import texture_of, textured
from zoo_core.sim.telescope.saturation import bled
from zoo_core.sim.versions import VERSIONS


@pytest.mark.parametrize("version, namesakes", [(1, {"elliptical", "flocculent", "irregular", "merger"}), (2, set())])
def test_only_in_version_1_does_a_source_decide_what_stands_in_front(version, namesakes):
    distribution = VERSIONS[version]
    kinds, names = distribution.lookalikes, {shape.name for shape in distribution.population.sources}
    front = {name for name in names if distribution.in_front(kinds, name) is not kinds.twin}
    assert front == namesakes


def test_rules_of_what_stands_in_front_differ_where_names_agree():
    kinds = VERSIONS[2].lookalikes
    assert behind_namesakes(kinds, "merger").name == "merger"
    assert alike_for_twins(kinds, "merger").name == "twin"


def test_an_image_is_the_same_alone_and_in_a_batch():
    dataset = finding_space(n=12, seed=4, lens_fraction=0.3, version=2)
    together, _ = dataset.make(0, 12)
    alone, _ = dataset.make(7, 8)
    sigma = np.nanstd(alone)
    np.testing.assert_allclose(alone[0] / sigma, together[7] / sigma, atol=1e-4)


def test_versions_are_other_data_and_unknown_ones_are_refused():
    assert finding_space(n=8, version=1).fingerprint() == finding_space(n=8).fingerprint()
    assert finding_space(n=8, version=2).fingerprint() != finding_space(n=8).fingerprint()
    with pytest.raises(DatasetError, match="version = 3; there are 1, 2"):
        finding_space(version=3)


def test_every_kind_is_drawn_and_has_finite_light():
    kinds = {draw(np.random.default_rng([3, i]), VERSIONS[2], is_lens=False).kind for i in range(600)}
    assert kinds == {kind.name for kind in VERSIONS[2].lookalikes.kinds}
    made = finding_space(n=40, seed=5, lens_fraction=0.0, version=2).components(0, 40)
    assert bool(made.foreground.isfinite().all()) and float(made.arcs.abs().max()) == 0


def test_texture_keeps_the_light_but_for_its_scatter_and_stays_on_the_disc():
    galaxy, rng = Galaxy(1.0, 0.8), np.random.default_rng(2)
    grid = Grid.of(FINE.side, FINE.pixel_scale, torch.float64, torch.device("cpu"))
    flat = torch.ones(2, FINE.side, FINE.side, dtype=torch.float64)
    texture = texture_of(rng, [sersic(galaxy, 1.0, 1.0, 1.0)], (0.4, 0.4))
    changed = textured(flat, [(1, texture)], grid)
    torch.testing.assert_close(changed[0], flat[0])
    assert changed[1].log().std() > 0.1
    assert float(changed[1].mean()) == pytest.approx(1, abs=0.2)
    torch.testing.assert_close(changed[1, 0, 0], flat[1, 0, 0], atol=1e-3, rtol=0)  # 7 arcsec from a disc of 0.8


def test_full_pixels_bleed_along_their_column_and_keep_the_charge():
    star = torch.zeros(2, 41, 41)
    star[:, 20, 17], star[:, 21, 17] = 950.0, 350.0
    held = bled(star, torch.tensor([100.0, torch.inf]))
    torch.testing.assert_close(held[1], star[1])
    assert float(held[0].max()) == 100 and int((held[0] > 0).sum()) == int((held[0, :, 17] > 0).sum())
    assert float(held[0].sum()) == pytest.approx(1300, abs=200)  # to two pixels: trails have whole ones
