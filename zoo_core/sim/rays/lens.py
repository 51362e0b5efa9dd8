"""Deflection.

An elliptical power law with external shear, in float32 or float64, for a batch of scenes at once.

kappa(R) = (2 - slope) / 2 (theta_E / R)^slope with R = sqrt(q x^2 + y^2 / q) in the frame of the major axis: the mean
convergence inside the ellipse R = theta_E, of area pi theta_E^2, is 1. For slope 1 that ellipse's area is also that of
the critical curve, for other slopes only nearly so. lenstronomy's SIE and EPL have the same convention.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from caustics.lenses import func
from torch import Tensor

from .scene import LENS

__all__ = ["Deflectors", "alike", "convergence", "deflection"]

COLUMNS = LENS.names or ()

CORE = 1e-12
"""Core radius of the isothermal lens, arcsec: no more than a way not to divide zero by zero at the centre."""

RELATIVE_ERROR = {torch.float64: 1e-9, torch.float32: 1e-7}
"""Of the truncated series of the power law, over theta_E."""


@dataclass(frozen=True)
class Deflectors:
    """Lenses that deflect by the same law, and their shear; the scenes' numbers lie on the device of the rays.

    Arguments:
        law: of the lens alone, `_isothermal` or `_power_law`.
        terms: of the series of the power law, enough for the flattest of the lenses.
        table: columns of dtype LENS, shape (scenes, columns).
    """

    law: Callable[["Deflectors", Tensor, Tensor], tuple[Tensor, Tensor]]
    terms: int
    table: Tensor

    @classmethod
    def of(cls, lenses: np.ndarray, like: Tensor) -> "Deflectors":
        """Lenses of one law (dtype LENS, none of them massless), in the type and on the device of `like`."""
        terms = _series_terms(lenses["q"].min(), RELATIVE_ERROR[like.dtype])
        return cls(_isothermal if lenses["slope"][0] == 1 else _power_law, terms, _table(lenses, like))

    def __getitem__(self, rows: Tensor) -> "Deflectors":
        """The deflectors of some scenes; terms stay as many."""
        return replace(self, table=self.table[rows])

    def deflection(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """As `deflection`, positions after the scenes of this table."""
        alpha_x, alpha_y = self.law(self, x, y)
        shear_x, shear_y = _shear(self, x, y)
        return alpha_x + shear_x, alpha_y + shear_y

    def columns(self, *names: str, like: Tensor) -> list[Tensor]:
        """Some columns, each shaped to broadcast with positions `like` these."""
        return _columns(self.table, names, like)


def alike(lenses: np.ndarray) -> list[np.ndarray]:
    """Rows of the lenses that deflect, by the law that they deflect by."""
    massive, isothermal = lenses["theta_E"] > 0, lenses["slope"] == 1
    groups = (np.flatnonzero(massive & isothermal), np.flatnonzero(massive & ~isothermal))
    return [rows for rows in groups if len(rows)]


def deflection(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection angle of each scene's lens and shear, finite everywhere.

    Arguments:
        lenses: dtype LENS, shape (scenes,). Where theta_E is 0 nothing deflects; the shear's origin is the lens.
        x, y: positions in the image plane, arcsec, shapes (scenes, ...) that broadcast to each other; a row of x and
            a column of y are faster than two full grids.

    Returns:
        Both components, arcsec, in the common shape of x and y.
    """
    groups = alike(lenses)
    if len(groups) == 1 and len(groups[0]) == len(lenses):
        return Deflectors.of(lenses, x).deflection(x, y)
    alpha_x, alpha_y = (x.new_zeros(torch.broadcast_shapes(x.shape, y.shape)) for _ in range(2))
    for rows in groups:
        index = torch.as_tensor(rows, device=x.device)
        alpha_x[index], alpha_y[index] = Deflectors.of(lenses[rows], x).deflection(x[index], y[index])
    return alpha_x, alpha_y


def convergence(lenses: np.ndarray, x: Tensor, y: Tensor) -> Tensor:
    """Surface density of each scene's lens over the critical density, in the shape of x (scenes, ...).

    (2 - slope) / 2 (theta_E / R)^slope; Tessore & Metcalf (2015), A&A 580, A79.
    """
    x0, y0, q, phi, theta_E, slope = _columns(_table(lenses, x), ("x", "y", "q", "phi", "theta_E", "slope"), x)
    return func.convergence_epl(x0, y0, q, phi, theta_E, slope, x, y, CORE)


def _isothermal(lenses: Deflectors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection of a singular isothermal ellipsoid, arcsec.

    In the frame of the major axis, with f = sqrt(1 - q^2) and psi = sqrt(q^2 x^2 + y^2): theta_E sqrt(q) / f times
    (arctan(f x / psi), artanh(f y / psi)). Kormann, Schneider & Bartelmann (1994), A&A 284, 285; written as in Keeton
    (2001), arXiv astro-ph/0102341, eqs. 34 and 35, whose b is theta_E sqrt(q).
    """
    x0, y0, q, phi, theta_E = lenses.columns("x", "y", "q", "phi", "theta_E", like=x)
    q = q.clamp_max(
        1 - 8 * torch.finfo(x.dtype).eps
    )  # a circle divides by zero; its neighbour is as round as the type can tell
    return func.reduced_deflection_angle_sie(x0, y0, q, phi, theta_E, x, y, CORE)


def _power_law(lenses: Deflectors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection of an elliptical power law with convergence of slope t, arcsec.

    alpha = 2 b / (1 + q) (b / R)^(t - 1) e^(i phi) 2F1(1, t / 2; 2 - t / 2; -f e^(2 i phi)), with f = (1 - q) / (1 + q)
    and elliptical radius R and angle phi: Tessore & Metcalf (2015), A&A 580, A79, and its series of 2F1.
    """
    x0, y0, q, phi, theta_E, slope = lenses.columns("x", "y", "q", "phi", "theta_E", "slope", like=x)
    return func.reduced_deflection_angle_epl(x0, y0, q, phi, theta_E, slope, x, y, n_iter=lenses.terms, chunk_size=1)


def _shear(lenses: Deflectors, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection by external shear: (gamma_1 dx + gamma_2 dy, gamma_2 dx - gamma_1 dy) from the lens, arcsec."""
    x0, y0, gamma_1, gamma_2 = lenses.columns("x", "y", "gamma_1", "gamma_2", like=x)
    return func.reduced_deflection_angle_external_shear(x0, y0, gamma_1, gamma_2, x, y)


def _series_terms(q: float, error: float) -> int:
    """Terms that leave a relative error below `error`: the series decays faster than a geometric one in f.

    f^k / (1 - f) <= error for what is left of a geometric series after k terms, f = (1 - q) / (1 + q).
    """
    f = (1 - q) / (1 + q)
    if f < error:
        return 2
    return max(2, math.ceil(math.log(error * (1 - f)) / math.log(f)) + 1)


def _table(lenses: np.ndarray, like: Tensor) -> Tensor:
    """The columns of dtype LENS, in the type and on the device of `like`, shape (scenes, columns)."""
    return torch.as_tensor(np.stack([lenses[name] for name in COLUMNS], axis=1)).to(like)


def _columns(table: Tensor, names: Sequence[str], like: Tensor) -> list[Tensor]:
    return [table[:, COLUMNS.index(name)].view(-1, *[1] * (like.ndim - 1)) for name in names]
