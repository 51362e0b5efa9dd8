"""Rendering launches few kernels, and no more of them for more images."""

import numpy as np
import pytest

from zoo_core.sim.cutouts import draw, expose
from zoo_core.sim.rays import grid
from zoo_core.sim.versions import VERSIONS

from ..operators import Operators


@pytest.mark.parametrize("version", VERSIONS)
def test_a_chunk_takes_as_many_operators_however_many_images_it_has(version, monkeypatch):
    monkeypatch.setattr(grid, "AT_ONCE", 10**9)  # together, as a GPU draws them
    drawn = [draw(np.random.default_rng([3, i]), VERSIONS[version], is_lens=i % 2 == 0) for i in range(4)]
    with Operators() as few:
        expose(drawn)
    with Operators() as twice:
        expose([*drawn, *drawn])
    assert twice.count == few.count < 5000  # a thousand images in 0.2 s leave 40 microseconds each
