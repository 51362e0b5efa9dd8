"""Several deflectors in one plane: how they bend light together, and their convergence on pixels."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..frame import CutoutFrame
from .grid import Grid, gauss_legendre, pixel_means
from .lens import deflection
from .light import Profiles, brightness

__all__ = ["bent", "centre_of", "pixel_centres", "pixel_convergence", "total_deflection", "within_einstein_radius"]

NODES = 4  # of the quadrature along each edge of a pixel
FINER = 2  # rays along the side of a pixel of the grid


def total_deflection(lenses: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection angle of all lenses of one scene together, arcsec.

    Arguments:
        lenses: dtype LENS, (lenses,), each with its own shear.
        x, y: positions, arcsec, a row (1, width) and a column (height, 1), or shapes (height, width).

    Returns:
        Both components, (height, width).
    """
    alpha_x, alpha_y = deflection(lenses, x.expand(len(lenses), -1, -1), y.expand(len(lenses), -1, -1))
    return alpha_x.sum(0), alpha_y.sum(0)


def bent(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """Flux per pixel of profiles behind the lenses of one scene, (width, width).

    I(theta) = S(theta - alpha(theta)), by FINER rays along the side of each pixel, which `pixel_means` joins.

    Arguments:
        lenses: dtype LENS, (lenses,).
        lights: dtype LIGHT, all of scene 0.
        grid: of the image.
    """
    rays = Grid.of(FINER * grid.width, grid.pixel / FINER, grid.axis.dtype, grid.axis.device)
    alpha_x, alpha_y = total_deflection(lenses, rays.x[0], rays.y[0])
    light = brightness(Profiles.of(lights, rays.axis), rays.x - alpha_x, rays.y - alpha_y, rays.pixel)
    return functional.avg_pool2d(pixel_means(light.sum(0, keepdim=True)), FINER)[0] * grid.pixel**2


def pixel_convergence(lenses: np.ndarray, frame: CutoutFrame, dtype: torch.dtype = torch.float64) -> Tensor:
    """Mean convergence over each pixel of all lenses of one scene, (side, side); row 0 is the lowest y.

    By the theorem of Gauss, as div alpha = 2 kappa: of a pixel of area A,

        <kappa> = 1 / (2 A) closed integral of alpha . n dl,

    with n the outward normal and Gauss-Legendre quadrature along the edges. Deflections are finite where convergences
    are not, so that the pixel that holds a centre is as right as the others, and no mass is lost between pixels.

    Arguments:
        lenses: dtype LENS, (lenses,); their shear has no convergence.
        frame: of the image.
    """
    nodes, weights = (torch.as_tensor(part, dtype=dtype) / 2 for part in gauss_legendre(NODES))
    edges = (torch.arange(frame.side + 1, dtype=dtype) - frame.side / 2) * frame.pixel_scale
    along = ((edges[:-1] + edges[1:])[:, None] / 2 + nodes * frame.pixel_scale).flatten()
    across, _ = total_deflection(lenses, edges[None, :], along[:, None])
    _, upwards = total_deflection(lenses, along[None, :], edges[:, None])
    right = torch.einsum("inj,n->ij", across.reshape(frame.side, NODES, -1), weights).diff(dim=1)
    up = torch.einsum("jin,n->ji", upwards.reshape(-1, frame.side, NODES), weights).diff(dim=0)
    return (right + up) / (2 * frame.pixel_scale)


def pixel_centres(frame: CutoutFrame) -> Tensor:
    """The centres of the pixels along a side, arcsec, (side,), float64."""
    return (torch.arange(frame.side, dtype=torch.float64) - (frame.side - 1) / 2) * frame.pixel_scale


def centre_of(lenses: np.ndarray) -> tuple[float, float]:
    """Where the mass of isothermal lenses is centred, arcsec: each counts as its Einstein radius.

    >>> from ..tables import table
    >>> from .scene import LENS, Lens
    >>> both = table([Lens(theta_E=1.0), Lens(theta_E=0.5, x=1.5)], LENS)
    >>> centre_of(both)
    (0.5, 0.0)
    """
    x, y = (float(np.average(lenses[name], weights=lenses["theta_E"])) for name in ("x", "y"))
    return x, y


def within_einstein_radius(kappa: np.ndarray, centre: tuple[float, float], frame: CutoutFrame) -> np.ndarray:
    """The pixels of the largest circle about a centre whose mean convergence is 1 or more, boolean (side, side).

    Arguments:
        kappa: convergence of each pixel, (side, side).
        centre: x and y, arcsec.
        frame: of the image.
    """
    axis = pixel_centres(frame).numpy()
    radius = np.hypot(axis[None, :] - centre[0], axis[:, None] - centre[1])
    order = np.argsort(radius, axis=None, kind="stable")
    means = np.cumsum(kappa.ravel()[order]) / np.arange(1, kappa.size + 1)
    inside = np.zeros(kappa.size, bool)
    inside[order[: int(np.flatnonzero(means >= 1).max(initial=0)) + 1]] = True
    return inside.reshape(kappa.shape)
