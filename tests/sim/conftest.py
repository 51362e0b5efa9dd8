"""One-scene builders: a deflector and its light profiles from the few numbers that a test is about."""

from collections.abc import Callable

import numpy as np
import pytest

from zoo_core.sim.rays.scene import LENS, LIGHT, Scenes

LENS_DEFAULTS = {"q": 1.0, "slope": 1.0}
LIGHT_DEFAULTS = {"flux": 1.0, "R": 0.5, "n": 1.0, "q": 1.0}


def _row(dtype: np.dtype, values: dict[str, float]) -> np.ndarray:
    row = np.zeros(1, dtype)
    for name, value in values.items():
        row[name] = value
    return row


@pytest.fixture
def lens() -> Callable[..., np.ndarray]:
    """`lens(theta_E=1.2, q=0.8)`: one row of LENS, round, isothermal and empty by default."""
    return lambda **values: _row(LENS, LENS_DEFAULTS | values)


@pytest.fixture
def light() -> Callable[..., np.ndarray]:
    """`light(x=0.3, lensed=True)`: one row of LIGHT, a round exponential disc of unit flux by default."""
    return lambda **values: _row(LIGHT, LIGHT_DEFAULTS | values)


@pytest.fixture
def scene(lens: Callable[..., np.ndarray]) -> Callable[..., Scenes]:
    """`scene(light(...), light(...), lens=lens(...))`: one scene."""
    empty = lens()
    return lambda *lights, lens=empty: Scenes(lens, np.concatenate(lights))
