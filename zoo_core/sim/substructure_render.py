"""Images of lenses with substructure, without noise.

The mass in substructure is not added to the lens but taken from it: from the deflection of the substructure its best
fit by what a smooth lens could do differently is subtracted. What is left changes no Einstein radius, shear or place.
"""

import functools
from collections.abc import Sequence

import numpy as np
import torch
from scipy.interpolate import make_interp_spline
from torch import Tensor

from .rays.grid import Grid, pixel_means
from .rays.lens import deflection
from .rays.light import Profiles, brightness
from .rays.scene import LENS, Lens
from .sky import subhalos, vortex
from .sky.galaxy import light_table
from .substructure import PIXEL_SCALE, Scene
from .tables import table
from .telescope.blurring import blur, transfer
from .telescope.psf import PSF

__all__ = ["OVERSAMPLE", "absorbed", "lensed_light", "render_scenes", "substructure_deflection", "total_deflection"]

OVERSAMPLE = 2
ANNULUS = (0.6, 1.4)  # Einstein radii, where arcs are
STRONGEST = 1.0  # arcsec; what deflects more is too close to a point mass to count in a mean
SOFTENING = 0.2  # arcsec
DIFFUSE = 0.06  # arcsec: deflections of subhalos with smaller scale radii are interpolated
NODES = 41  # of that interpolation, along a side


def render_scenes(
    scenes: Sequence[Scene], size: int, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
) -> Tensor:
    """Lensed sources as a noiseless telescope records them, flux per pixel, shape (scenes, size, size)."""
    grid = Grid.of(size * OVERSAMPLE, PIXEL_SCALE / OVERSAMPLE, dtype, torch.device(device))
    light = torch.cat([pixel_means(lensed_light(scene, grid)) for scene in scenes]) * grid.pixel**2
    psfs = table((scene.psf for scene in scenes), PSF)
    common = psfs[:1] if (psfs == psfs[0]).all() else psfs
    return blur(light, transfer(common, grid.width, grid.pixel, OVERSAMPLE, dtype, light.device), OVERSAMPLE)


def lensed_light(scene: Scene, grid: Grid) -> Tensor:
    """Surface brightness at the points of the grid, flux per square arcsec, shape (1, width + 2, width + 2)."""
    alpha_x, alpha_y = total_deflection(scene, grid)
    profiles = Profiles.of(light_table([[scene.source]]), grid.axis)
    return brightness(profiles, grid.x - alpha_x, grid.y - alpha_y, grid.pixel)


def total_deflection(scene: Scene, grid: Grid) -> tuple[Tensor, Tensor]:
    """Deflection by the lens and its substructure, arcsec, both of shape (1, width + 2, width + 2)."""
    alpha_x, alpha_y = deflection(table([scene.lens], LENS), grid.x, grid.y)
    if not len(scene.halos) and not len(scene.vortices):
        return alpha_x, alpha_y
    extra_x, extra_y = substructure_deflection(scene, grid)
    return alpha_x + extra_x, alpha_y + extra_y


def substructure_deflection(scene: Scene, grid: Grid) -> Tensor:
    """Deflection by the substructure of a scene, less what the smooth lens gives up for it, arcsec.

    Returns:
        Both components, shape (2, width + 2, width + 2).
    """
    alpha = added_deflection(scene, grid)
    return alpha - absorbed(alpha, scene.lens, grid.x[0], grid.y[0])


def added_deflection(scene: Scene, grid: Grid) -> Tensor:
    """Deflection by the substructure of a scene alone, as `substructure_deflection`."""
    x, y = grid.x[0], grid.y[0]
    alpha = torch.stack(vortex.deflection(scene.vortices, x, y))
    diffuse = (scene.halos["r_s"] > 0) & (scene.halos["r_s"] < DIFFUSE)
    alpha += torch.stack(subhalos.deflection(scene.halos[~diffuse], x, y))
    if diffuse.any():
        alpha += _interpolated(scene.halos[diffuse], grid)
    return alpha


def _interpolated(halos: np.ndarray, grid: Grid) -> Tensor:
    """Deflection of subhalos by splines through coarse nodes, shape (2, width + 2, width + 2)."""
    end = float(grid.axis[-1])
    nodes = torch.linspace(-end, end, NODES, dtype=grid.axis.dtype, device=grid.axis.device)
    coarse = torch.stack(subhalos.deflection(halos, nodes[None, :], nodes[:, None]))
    matrix = torch.as_tensor(spline_matrix(len(grid.axis))).to(coarse)
    return matrix @ coarse @ matrix.T


@functools.cache
def spline_matrix(points: int) -> np.ndarray:
    """Values at evenly spaced points from those at NODES nodes with the same ends, shape (points, NODES)."""
    return make_interp_spline(np.linspace(-1, 1, NODES), np.eye(NODES), k=3)(np.linspace(-1, 1, points))


def absorbed(alpha: Tensor, lens: Lens, x: Tensor, y: Tensor) -> Tensor:
    """The part of a deflection that a change of the macro-lens explains, least squares on an annulus about its ring.

    Arguments:
        alpha: (2, rows, columns), arcsec.
        lens: whose place and Einstein radius count.
        x, y: positions, arcsec, a row and a column.
    """
    dx, dy = x - lens.x, y - lens.y
    radius = torch.sqrt(dx * dx + dy * dy) / lens.theta_E
    fields = macro_fields(dx, dy)
    inner, outer = ANNULUS
    usable = (radius > inner) & (radius < outer) & (alpha.square().sum(0) < STRONGEST**2)
    basis = fields[:, :, usable].flatten(1).double()
    amplitudes = torch.linalg.solve(basis @ basis.T, basis @ alpha[:, usable].flatten().double())
    return torch.einsum("k,kchw->chw", amplitudes.to(alpha), fields)


def macro_fields(dx: Tensor, dy: Tensor) -> Tensor:
    """Deflections that a smooth lens has to give, shape (10, 2, rows, columns).

    Gradients of x, y, r (more isothermal mass), r^2 (a mass sheet), x^2 - y^2 and 2xy (shear), of (x^2 - y^2) / r and
    2xy / r (ellipticity of the isothermal mass), and of x / r and y / r (its place), softened at the centre.
    """
    r = torch.sqrt(dx * dx + dy * dy).clamp_min(1e-6)
    soft = torch.sqrt(r * r + SOFTENING**2)
    c, s, x, y = dx / r, dy / r, dx / soft, dy / soft
    dx, dy = dx.expand_as(r), dy.expand_as(r)
    one, zero = torch.ones_like(r), torch.zeros_like(r)
    cos_2, sin_2, mixed = c * c - s * s, 2 * c * s, -x * y / soft
    fields = (
        (one, zero), (zero, one), (c, s), (dx, dy), (dx, -dy), (dy, dx),
        (cos_2 * c + 2 * sin_2 * s, cos_2 * s - 2 * sin_2 * c), (sin_2 * c - 2 * cos_2 * s, sin_2 * s + 2 * cos_2 * c),
        ((1 - x * x) / soft, mixed), (mixed, (1 - y * y) / soft),
    )  # fmt: skip
    return torch.stack([torch.stack(field) for field in fields])
