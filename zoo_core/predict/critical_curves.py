"""Critical curves of a posterior over the image that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from skimage.measure import find_contours

from ..fit.mass_model import MassModel
from ..sim.rays.lens import deflection
from ..sim.rays.scene import LENS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..tasks import Heads, Regression

__all__ = ["are_of_lenses", "critical_lines", "determinant", "draw_critical_curves", "lens_row"]

POINTS = 181  # of the grid, a side; their distance is a hundredth of an Einstein ring that fills a third of the frame
DRAWS = 24  # of the posterior, drawn faintly: the width of their bundle is that of the posterior
CENTRE = 0.1  # of the Einstein radius, within which no curve is looked for: the density there is infinite
SMALLEST = 0.3  # Einstein radii, from end to end of a closed curve


def are_of_lenses(heads: Heads) -> bool:
    """Whether parameters have a critical curve."""
    return "theta_E" in heads.parameters


def draw_critical_curves(axes: Axes, posterior: Regression, pixel_scale: float, size: int, colour: str) -> None:
    """The curve of the mean, and faintly those of draws, over an image whose pixel (0, 0) is at (0, 0).

    Arguments:
        axes: with the image.
        posterior: of that image alone.
        pixel_scale: arcsec.
        size: of the image, pixels a side.
        colour: of the curves.
    """
    middle, half = (size - 1) / 2, size * pixel_scale / 2
    arcsec = np.linspace(-half, half, POINTS)
    drawn = replace(posterior, mean=posterior.samples(DRAWS)[:, 0])
    for lenses, width, alpha in ((_possible(drawn), 0.5, 0.2), (_possible(posterior), 1.0, 0.9)):
        for line in (line for lens in lenses for line in critical_lines(lens, arcsec)):
            axes.plot(*(line / pixel_scale + middle).T, color=colour, linewidth=width, alpha=alpha)


def critical_lines(lens: MassModel, arcsec: np.ndarray) -> list[np.ndarray]:
    """The critical curves, as points (x, y), (n, 2), arcsec, without loops that are too small to be one.

    Where no step of the grid is as short as the centre is steep, the determinant changes its sign about single points:
    a closed line of less than SMALLEST Einstein radii or two steps from end to end is left out.

    Arguments:
        lens: whose curves they are.
        arcsec: positions along each axis, evenly spaced.

    Example:
        >>> import numpy as np
        >>> from zoo_core.fit.mass_model import MassModel
        >>> from zoo_core.predict.critical_curves import critical_lines
        >>> (ring,) = critical_lines(MassModel(theta_E=1.0), np.linspace(-2, 2, 81))
        >>> np.hypot(*ring.T).mean().round(2)
        np.float64(1.0)
    """
    step = float(arcsec[1] - arcsec[0])
    least = min(lens.theta_E, max(SMALLEST * lens.theta_E, 2 * step))
    lines = [arcsec[0] + step * line[:, ::-1] for line in find_contours(determinant(lens, arcsec), 0.0)]
    return [line for line in lines if not _closed(line) or np.ptp(line, axis=0).max() >= least]


def determinant(lens: MassModel, arcsec: np.ndarray) -> np.ndarray:
    """det(1 - d alpha / d theta) (n, n), rows along y, at all pairs of these positions; 0 on the critical curve.

    It is one over the magnification: below 0 inside the tangential curve, where the centre is set to -1.
    """
    y, x = np.meshgrid(arcsec, arcsec, indexing="ij")
    alpha = deflection(lens_row(lens), *(torch.from_numpy(axis)[None] for axis in (x, y)))
    (x_y, x_x), (y_y, y_x) = (np.gradient(component[0].numpy(), arcsec, arcsec) for component in alpha)
    found = (1 - x_x) * (1 - y_y) - x_y * y_x
    inside = np.hypot(x - lens.lens_x, y - lens.lens_y) < CENTRE * lens.theta_E
    return np.where(inside, -1.0, found)


def lens_row(lens: MassModel) -> np.ndarray:
    """The lens as the simulator has it (dtype LENS)."""
    row = np.zeros(1, LENS)
    numbers = {"theta_E": lens.theta_E, "q": lens.q, "phi": lens.phi, "slope": lens.slope, "x": lens.lens_x}
    for name, value in (numbers | {"y": lens.lens_y, "gamma_1": lens.gamma_1, "gamma_2": lens.gamma_2}).items():
        row[name] = value
    return row


def _closed(line: np.ndarray) -> bool:
    return bool(np.array_equal(line[0], line[-1]))


def _possible(posterior: Regression) -> Iterator[MassModel]:
    """The lenses of the means, without those that no ellipse or no mass has."""
    names = posterior.parameters
    columns = {name: posterior.mean[:, names.index(name)] for name in ("theta_E", "e1", "e2") if name in names}
    flat = torch.hypot(*(columns.get(name, torch.zeros(len(posterior.mean))) for name in ("e1", "e2")))
    kept = torch.nonzero((columns["theta_E"] > 0) & (flat < 1))[:, 0]
    yield from replace(posterior, mean=posterior.mean[kept]).mass_models()
