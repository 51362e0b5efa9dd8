"""Rays past a singular isothermal lens with external shear, and how the lens's parameters move them.

The deflection is that of caustics; its derivatives are written out.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from caustics.lenses import func
from torch import Tensor

__all__ = ["ROUND", "ray_slopes", "rays"]

ROUND = 1e-3  # added to the first ellipticity of the lens: at 0 the position angle has no derivative

Lens = Mapping[str, Tensor]
Vector = tuple[Tensor, Tensor]


def rays(lens: Lens, x: Tensor, y: Tensor, spherical: bool) -> Vector:
    """Where rays meet the source plane, relative to the lens: beta = theta - alpha(theta), (B, H, W) each.

    The lens deflects by theta_E times the unit deflection u, and the shear by (gamma_1 x + gamma_2 y,
    gamma_2 x - gamma_1 y). In the frame of the lens, with f^2 = 1 - q^2 and psi^2 = q^2 x^2 + y^2,

        u = sqrt(q) / f (arctan(f x / psi), artanh(f y / psi)),

    and of a sphere u = theta / |theta|.

    Arguments:
        lens: theta_E, lens_x, lens_y, lens_e1, lens_e2, gamma_1 and gamma_2, (B, 1, 1) each.
        x, y: positions in the image, that broadcast to (B, H, W), none of them at the centre of a lens.
        spherical: q = 1, and the ellipticities are not read.

    Source: Kormann, Schneider & Bartelmann (1994), A&A 284, 285; written as in Keeton (2001), arXiv astro-ph/0102341,
    equations 34 and 35, whose b is theta_E sqrt(q).
    """
    x, y = x - lens["lens_x"], y - lens["lens_y"]
    alpha_x, alpha_y = _deflection(lens, x, y, lens["theta_E"], spherical)
    shear_x, shear_y = func.reduced_deflection_angle_external_shear(0.0, 0.0, lens["gamma_1"], lens["gamma_2"], x, y)
    return x - alpha_x - shear_x, y - alpha_y - shear_y


def ray_slopes(lens: Lens, x: Tensor, y: Tensor, spherical: bool, names: Sequence[str]) -> Vector:
    """Derivatives of `rays` with respect to parameters of the lens, (names, B, H, W) each.

    Arguments:
        lens, x, y, spherical: as of `rays`.
        names: of the parameters.
    """
    x, y = x - lens["lens_x"], y - lens["lens_y"]
    slope: Mapping[str, Callable[[], Vector]] = {
        "theta_E": lambda: _minus(_deflection(lens, x, y, torch.ones_like(lens["theta_E"]), spherical)),
        "lens_x": lambda: _by_centre(lens, x, y, spherical)[0],
        "lens_y": lambda: _by_centre(lens, x, y, spherical)[1],
        "lens_e1": lambda: _minus(_by_ellipticity(lens, x, y)[0]),
        "lens_e2": lambda: _minus(_by_ellipticity(lens, x, y)[1]),
        "gamma_1": lambda: (-x, y),
        "gamma_2": lambda: (-y, -x),
    }
    found = [slope[name]() for name in names]
    frame = torch.broadcast_shapes(x.shape, y.shape)
    along_x, along_y = (torch.stack([part.expand(frame) for part in parts]) for parts in zip(*found, strict=True))
    return along_x, along_y


def _deflection(lens: Lens, x: Tensor, y: Tensor, theta_E: Tensor, spherical: bool) -> Vector:
    """Deflection of the lens without the shear, of positions from its centre."""
    if spherical:
        return func.reduced_deflection_angle_sis(0.0, 0.0, theta_E, x, y)
    return func.reduced_deflection_angle_sie(0.0, 0.0, *_shape(lens), theta_E, x, y)


def _shape(lens: Lens) -> Vector:
    """Axis ratio and position angle."""
    e1, e2 = lens["lens_e1"] + ROUND, lens["lens_e2"]
    e = torch.hypot(e1, e2)
    return (1 - e) / (1 + e), torch.atan2(e2, e1) / 2


def _twice_convergence(lens: Lens, x: Tensor, y: Tensor, spherical: bool) -> Tensor:
    if spherical:
        return 2 * func.convergence_sis(0.0, 0.0, lens["theta_E"], x, y)
    return 2 * func.convergence_sie(0.0, 0.0, *_shape(lens), lens["theta_E"], x, y)


def _by_centre(lens: Lens, x: Tensor, y: Tensor, spherical: bool) -> tuple[Vector, Vector]:
    """Derivatives of the rays with respect to the centre of the lens along x and y.

    They are minus the identity plus the derivatives of the deflection with respect to the position. An isothermal
    deflection depends on the direction alone, so that its matrix takes theta to zero, and its trace is 2 kappa:

        d alpha / d theta = 2 kappa / |theta|^2 ((y^2, -x y), (-x y, x^2)).
    """
    stretch = _twice_convergence(lens, x, y, spherical) / (x**2 + y**2)
    across = lens["gamma_2"] - stretch * x * y
    along_x, along_y = stretch * y**2 + lens["gamma_1"] - 1, stretch * x**2 - lens["gamma_1"] - 1
    return (along_x, across), (across, along_y)


def _by_ellipticity(lens: Lens, x: Tensor, y: Tensor) -> tuple[Vector, Vector]:
    """Derivatives of the deflection with respect to both ellipticities, by way of axis ratio and position angle.

    q = (1 - e) / (1 + e) and 2 phi = atan2(e2, e1), where e = |(e1, e2)|.
    """
    e1, e2 = lens["lens_e1"] + ROUND, lens["lens_e2"]
    e = torch.hypot(e1, e2)
    q_by_e, by_q, by_phi = -2 / (1 + e) ** 2, _by_axis_ratio(lens, x, y), _by_position_angle(lens, x, y)
    first = [q_by_e * e1 / e * ratio - e2 / (2 * e**2) * angle for ratio, angle in zip(by_q, by_phi, strict=True)]
    second = [q_by_e * e2 / e * ratio + e1 / (2 * e**2) * angle for ratio, angle in zip(by_q, by_phi, strict=True)]
    return (first[0], first[1]), (second[0], second[1])


def _by_axis_ratio(lens: Lens, x: Tensor, y: Tensor) -> Vector:
    """Derivative of the deflection with respect to q.

    In the frame of the lens, and with kappa its convergence,

        d alpha / d q = (1 / (2 q) + q / f^2) alpha - 2 kappa / f^2 (q x, y / q).
    """
    q, phi = _shape(lens)
    alpha_x, alpha_y = _deflection(lens, x, y, lens["theta_E"], spherical=False)
    cos, sin, f2 = phi.cos(), phi.sin(), 1 - q**2
    kappa2 = _twice_convergence(lens, x, y, spherical=False) / f2
    major, minor = kappa2 * q * (cos * x + sin * y), kappa2 / q * (cos * y - sin * x)
    growth = 1 / (2 * q) + q / f2
    return growth * alpha_x - (cos * major - sin * minor), growth * alpha_y - (sin * major + cos * minor)


def _by_position_angle(lens: Lens, x: Tensor, y: Tensor) -> Vector:
    """Derivative of the deflection with respect to phi: it turns with the lens, less what it changes across the turn.

    d alpha / d phi = (-alpha_y + 2 kappa y, alpha_x - 2 kappa x)
    """
    alpha_x, alpha_y = _deflection(lens, x, y, lens["theta_E"], spherical=False)
    kappa2 = _twice_convergence(lens, x, y, spherical=False)
    return kappa2 * y - alpha_y, alpha_x - kappa2 * x


def _minus(vector: Vector) -> Vector:
    return -vector[0], -vector[1]
