"""Critical curves of a posterior over the image that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..fit.mass_model import MassModel
from ..sim.rays.lens import deflection
from ..sim.rays.scene import LENS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..tasks import Heads, Regression

__all__ = ["are_of_lenses", "determinant", "draw_critical_curves", "lens_row"]

POINTS = 181  # of the grid, a side; their distance is a hundredth of an Einstein ring that fills a third of the frame
DRAWS = 24  # of the posterior, drawn faintly: the width of their bundle is that of the posterior
CENTRE = 0.1  # of the Einstein radius, within which no curve is looked for: the density there is infinite


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
    pixels = arcsec / pixel_scale + middle
    drawn = replace(posterior, mean=posterior.samples(DRAWS)[:, 0])
    for lenses, width, alpha in ((_possible(drawn), 0.5, 0.2), (_possible(posterior), 1.0, 0.9)):
        for lens in lenses:
            found = determinant(lens, arcsec)
            axes.contour(pixels, pixels, found, [0.0], colors=[colour], linewidths=width, alpha=alpha)


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


def _possible(posterior: Regression) -> Iterator[MassModel]:
    """The lenses of the means, without those that no ellipse or no mass has."""
    names = posterior.parameters
    columns = {name: posterior.mean[:, names.index(name)] for name in ("theta_E", "e1", "e2") if name in names}
    flat = torch.hypot(*(columns.get(name, torch.zeros(len(posterior.mean))) for name in ("e1", "e2")))
    kept = torch.nonzero((columns["theta_E"] > 0) & (flat < 1))[:, 0]
    yield from replace(posterior, mean=posterior.mean[kept]).mass_models()
