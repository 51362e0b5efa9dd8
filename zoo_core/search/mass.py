"""What the parameters of a candidate say of its mass, to be drawn over its image: critical curves and convergence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..fit.lens_priors import MASS
from ..fit.mass_model import MassModel
from ..predict.critical_curves import critical_lines

__all__ = ["convergence", "critical_curves", "mass_of"]

POINTS = 121  # of the grid on which critical curves are looked for, a side
DIGITS = 4  # of a place in the picture, in sides


def mass_of(row: Mapping[str, Any]) -> MassModel | None:
    """The lens of the parameters in a row of a table; None where it has none that a lens could have.

    Example:
        >>> from zoo_core.search.mass import mass_of
        >>> lens = mass_of({"id": "a", "theta_E": 1.2, "e1": 0.1})
        >>> lens.theta_E, lens.e1, lens.gamma_1
        (1.2, 0.1, 0.0)
        >>> mass_of({"theta_E": -0.1}) is None, mass_of({"theta_E": None}) is None
        (True, True)
    """
    known = {name: float(row[name]) for name in MASS if row.get(name) is not None}
    possible = known.get("theta_E", 0.0) > 0 and math.hypot(known.get("e1", 0.0), known.get("e2", 0.0)) < 1
    return MassModel(**known) if possible and all(map(math.isfinite, known.values())) else None


def critical_curves(lens: MassModel, field: float) -> list[list[tuple[float, float]]]:
    """Where the magnification is infinite, as lines of points (x, y) in a picture of `field` arcsec a side.

    Places are in sides of the picture, from its left and its upper edge.

    Example:
        >>> import numpy as np
        >>> from zoo_core.fit.mass_model import MassModel
        >>> from zoo_core.search.mass import critical_curves
        >>> (ring,) = critical_curves(MassModel(theta_E=2.0), 10.0)
        >>> round(float(np.hypot(*(np.array(ring).T - 0.5)).mean()), 2)
        0.2
    """
    half = field / 2
    lines = (0.5 + line / field for line in critical_lines(lens, np.linspace(-half, half, POINTS)))
    return [[(round(x, DIGITS), round(1 - y, DIGITS)) for x, y in line.tolist()] for line in lines]


def convergence(lens: MassModel, arcsec: Sequence[float] | np.ndarray) -> np.ndarray:
    """The convergence kappa (n, n), rows along y, at all pairs of these positions; finite at the centre of the lens.

        kappa(R) = (2 - s) / 2 (theta_E / R)^s,    R^2 = q x^2 + y^2 / q in the frame of the major axis

    Arguments:
        lens: an elliptical power law of slope s; see `MassModel`.
        arcsec: n positions along each axis.

    Example:
        >>> from zoo_core.fit.mass_model import MassModel
        >>> from zoo_core.search.mass import convergence
        >>> convergence(MassModel(theta_E=2.0), [1.0, 2.0]).diagonal().round(3).tolist()
        [0.707, 0.354]
    """
    positions = np.asarray(arcsec, float)
    y, x = np.meshgrid(positions - lens.lens_y, positions - lens.lens_x, indexing="ij")
    along, across = (x * np.cos(lens.phi) + y * np.sin(lens.phi), y * np.cos(lens.phi) - x * np.sin(lens.phi))
    radius = np.sqrt(lens.q * along**2 + across**2 / lens.q)
    step = abs(positions[1] - positions[0]) if len(positions) > 1 else lens.theta_E
    return (2 - lens.slope) / 2 * (lens.theta_E / np.maximum(radius, step / 2)) ** lens.slope
