"""The deflection by a line of mass against brute-force integration and against identities."""

import numpy as np
import pytest
import torch

from zoo_core.sim.sky.vortex import AXION_MASSES, VORTEX, deflection, draw_vortex, vortex_length


def vortex(**values: float) -> np.ndarray:
    row = np.zeros(1, VORTEX)
    for name, value in ({"theta_E": 0.3, "length": 1.0} | values).items():
        row[name] = value
    return row


def integrated(line: np.ndarray, x: np.ndarray, y: np.ndarray, elements: int = 20_000) -> np.ndarray:
    """Sum over point masses along the line: the midpoint rule."""
    row = line[0]
    steps = (np.arange(elements) + 0.5) / elements - 0.5
    places = row["x"] + 1j * row["y"] + steps * row["length"] * np.exp(1j * row["phi"])
    alpha = np.conj((row["theta_E"] ** 2 / elements / ((x + 1j * y)[:, None] - places)).sum(1))
    return np.stack([alpha.real, alpha.imag])


def away_from_the_line(line: np.ndarray, nearest: float) -> tuple[np.ndarray, np.ndarray]:
    row = line[0]
    x, y = np.random.default_rng(3).uniform(-1.6, 1.6, (2, 400)).astype(np.float32)
    w = (x - row["x"] + 1j * (y - row["y"])) * np.exp(-1j * row["phi"])
    distance = np.abs(w - np.clip(w.real, -row["length"] / 2, row["length"] / 2))
    return x[distance > nearest], y[distance > nearest]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 1e-5)])
@pytest.mark.parametrize("length", [0.06, 0.5, 6.0])
def test_deflection_is_the_integral_over_points(length, dtype, tolerance):
    line = vortex(length=length, x=0.4, y=-0.7, phi=0.8)
    x, y = away_from_the_line(line, 0.03)
    ours = torch.stack(deflection(line, torch.as_tensor(x, dtype=dtype), torch.as_tensor(y, dtype=dtype)))
    assert np.abs(ours.double().numpy() - integrated(line, x, y)).max() < tolerance


def test_a_short_vortex_deflects_as_a_point_of_its_mass():
    x, y = (torch.tensor([value], dtype=torch.float64) for value in (0.6, -0.8))
    alpha = deflection(vortex(length=1e-4, theta_E=0.3), x, y)
    assert [part.item() for part in alpha] == pytest.approx([0.09 * 0.6, 0.09 * -0.8], rel=1e-7)


def test_a_long_vortex_deflects_by_a_constant_towards_it():
    y = torch.tensor([-0.3, 0.01, 0.2], dtype=torch.float64)
    _, alpha_y = deflection(vortex(length=1e5, theta_E=1.0), torch.zeros_like(y), y)
    torch.testing.assert_close(alpha_y, torch.sign(y) * np.pi / 1e5, rtol=1e-4, atol=0)


def test_deflection_has_no_curl_and_no_divergence_off_the_line():
    line, step = vortex(length=1.3, phi=0.4, x=0.1), 1e-4
    x, y = (torch.as_tensor(part, dtype=torch.float64) for part in away_from_the_line(line, 0.1))
    right, left = (torch.stack(deflection(line, x + side * step, y)) for side in (1, -1))
    above, below = (torch.stack(deflection(line, x, y + side * step)) for side in (1, -1))
    (xx, yx), (xy, yy) = (right - left) / (2 * step), (above - below) / (2 * step)
    for identity in (xx + yy, xy - yx):  # the third derivative times step^2 / 6
        torch.testing.assert_close(identity, torch.zeros_like(identity), atol=1e-5, rtol=0)


def test_deflection_is_finite_on_the_line_and_at_its_ends():
    line = vortex(length=1.0)
    x = torch.tensor([-0.5, 0.0, 0.2, 0.5])
    assert all(alpha.isfinite().all() for alpha in deflection(line, x, torch.zeros(4)))


def test_lighter_axions_have_longer_vortices():
    assert vortex_length(-22.0) == pytest.approx(0.06)
    assert vortex_length(-24.0) == pytest.approx(6.0)


def test_vortices_lie_where_they_are_asked_to():
    rng = np.random.default_rng(1)
    drawn = np.concatenate([draw_vortex(rng, 3e10, (0.5, 1.5)) for _ in range(500)])
    radius = np.hypot(drawn["x"], drawn["y"])
    assert radius.min() >= 0.5 and radius.max() <= 1.5
    assert drawn["axion_mass"].min() >= AXION_MASSES[0] and drawn["axion_mass"].max() <= AXION_MASSES[1]
    assert drawn["axion_mass"].mean() == pytest.approx(-23, abs=0.1)  # 4 standard errors
