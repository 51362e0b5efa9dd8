"""Deflection.

An elliptical power law with external shear, in float32 or float64, for a batch of scenes at once.

kappa(R) = (2 - slope) / 2 (theta_E / R)^slope with R = sqrt(q x^2 + y^2 / q) in the frame of the major axis: the mean
convergence inside the ellipse R = theta_E, of area pi theta_E^2, is 1. For slope 1 that ellipse's area is also that of
the critical curve, for other slopes only nearly so. lenstronomy's SIE and EPL have the same convention.
"""

import math

import numpy as np
import torch
from caustics.lenses import func
from torch import Tensor

__all__ = ["convergence", "deflection"]

CORE = 1e-12
"""Core radius of the isothermal lens, arcsec: no more than a way not to divide zero by zero at the centre."""

RELATIVE_ERROR = {torch.float64: 1e-9, torch.float32: 1e-7}
"""Of the truncated series of the power law, over theta_E."""


def deflection(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection angle of each scene's lens and shear, finite everywhere.

    Arguments:
        lenses: dtype LENS, shape (scenes,). Where theta_E is 0 nothing deflects; the shear's origin is the lens.
        x, y: positions in the image plane, arcsec, shapes (scenes, ...) that broadcast to each other; a row of x and
            a column of y are faster than two full grids.

    Returns:
        Both components, arcsec, in the common shape of x and y.
    """
    alpha_x, alpha_y = _elliptical(lenses, x, y)
    shear_x, shear_y = _shear(lenses, x, y)
    return alpha_x + shear_x, alpha_y + shear_y


def convergence(lenses: np.ndarray, x: Tensor, y: Tensor) -> Tensor:
    """Surface density of each scene's lens over the critical density, in the shape of x (scenes, ...).

    (2 - slope) / 2 (theta_E / R)^slope; Tessore & Metcalf (2015), A&A 580, A79, eq. 2.
    """
    x0, y0, q, phi, theta_E, slope = _columns(lenses, ("x", "y", "q", "phi", "theta_E", "slope"), x)
    return func.convergence_epl(x0, y0, q, phi, theta_E, slope, x, y, CORE)


def _elliptical(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection by the lenses alone: each law for the scenes it holds in."""
    massive, isothermal = lenses["theta_E"] > 0, lenses["slope"] == 1
    laws = ((massive & isothermal, _isothermal), (massive & ~isothermal, _power_law))
    for rows, law in laws:
        if len(rows) and rows.all():
            return law(lenses, x, y)
    alpha_x, alpha_y = (x.new_zeros(torch.broadcast_shapes(x.shape, y.shape)) for _ in range(2))
    for rows, law in laws:
        if rows.any():
            index = torch.as_tensor(np.flatnonzero(rows), device=x.device)
            alpha_x[index], alpha_y[index] = law(lenses[rows], x[index], y[index])
    return alpha_x, alpha_y


def _isothermal(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection of a singular isothermal ellipsoid, arcsec.

    In the frame of the major axis, with f = sqrt(1 - q^2) and psi = sqrt(q^2 x^2 + y^2): theta_E sqrt(q) / f times
    (arctan(f x / psi), artanh(f y / psi)). Kormann, Schneider & Bartelmann (1994), A&A 284, 285; written as in Keeton
    (2001), arXiv astro-ph/0102341, eqs. 34 and 35, whose b is theta_E sqrt(q).
    """
    x0, y0, q, phi, theta_E = _columns(lenses, ("x", "y", "q", "phi", "theta_E"), x)
    q = q.clamp_max(
        1 - 8 * torch.finfo(x.dtype).eps
    )  # a circle divides by zero; its neighbour is as round as the type can tell
    return func.reduced_deflection_angle_sie(x0, y0, q, phi, theta_E, x, y, CORE)


def _power_law(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection of an elliptical power law with convergence of slope t, arcsec.

    alpha = 2 b / (1 + q) (b / R)^(t - 1) e^(i phi) 2F1(1, t / 2; 2 - t / 2; -f e^(2 i phi)), with f = (1 - q) / (1 + q)
    and elliptical radius R and angle phi: Tessore & Metcalf (2015), A&A 580, A79, eq. 13; the series of eq. 23.
    """
    x0, y0, q, phi, theta_E, slope = _columns(lenses, ("x", "y", "q", "phi", "theta_E", "slope"), x)
    terms = _series_terms(lenses["q"].min(), RELATIVE_ERROR[x.dtype])
    return func.reduced_deflection_angle_epl(x0, y0, q, phi, theta_E, slope, x, y, n_iter=terms, chunk_size=1)


def _shear(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection by external shear: (gamma_1 dx + gamma_2 dy, gamma_2 dx - gamma_1 dy) from the lens, arcsec."""
    x0, y0, gamma_1, gamma_2, theta_E = _columns(lenses, ("x", "y", "gamma_1", "gamma_2", "theta_E"), x)
    gamma_1, gamma_2 = gamma_1 * (theta_E > 0), gamma_2 * (theta_E > 0)
    return func.reduced_deflection_angle_external_shear(x0, y0, gamma_1, gamma_2, x, y)


def _series_terms(q: float, error: float) -> int:
    """Terms that leave a relative error below `error`: the series decays faster than a geometric one in f.

    f^k / (1 - f) <= error for what is left of a geometric series after k terms, f = (1 - q) / (1 + q).
    """
    f = (1 - q) / (1 + q)
    if f < error:
        return 2
    return max(2, math.ceil(math.log(error * (1 - f)) / math.log(f)) + 1)


def _columns(lenses: np.ndarray, names: tuple[str, ...], x: Tensor) -> list[Tensor]:
    shape = (-1, *[1] * (x.ndim - 1))
    return [torch.as_tensor(lenses[name].copy()).to(x).view(shape) for name in names]
