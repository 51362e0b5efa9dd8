"""Light behind a deflector.

One ray through every pixel's centre, shared by all sources of the scene. Where a source varies inside the patch of the
source plane that one pixel sees (around the images of its centre, and next to the deflector's centre, where the
patches are large), that source gets more rays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .grid import Grid, gauss_legendre, pixel_means
from .lens import deflection
from .light import SERSIC, brightness, brightness_at, column, scene_index, squared_radius

__all__ = ["deflected"]


@dataclass(frozen=True)
class Refinement:
    """Rays of the pixels within some radius of a source's centre.

    Arguments:
        reach: the radius, in sides of the patch that the pixel sees.
        rays: along a side of the pixel.
    """

    reach: float
    rays: int


REFINEMENTS = (Refinement(0.6, 20), Refinement(2.0, 4))
"""Innermost first; a pixel takes the first that reaches it."""


def deflected(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """Flux per pixel of profiles in the source plane, shape (scenes, width, width)."""
    beta_x, beta_y = _rays(lenses, grid)
    scene = scene_index(lights, beta_x)
    dx, dy = beta_x[scene] - column(lights["x"], beta_x), beta_y[scene] - column(lights["y"], beta_y)
    radius_2 = squared_radius(lights, dx, dy)
    light = brightness_at(lights, dx, dy, radius_2, grid.pixel)
    means = pixel_means(grid.zeros(len(lenses)).index_add_(0, scene, light))
    patches_2 = _patches_2(lights, radius_2[:, 1:-1, 1:-1], _patch_2(beta_x, beta_y)[scene])
    for rays, source, row, col in _unresolved(patches_2):
        fine = _mean_of_rays(lenses, lights[source.cpu().numpy()], row, col, rays, grid)
        means.index_put_((scene[source], row, col), fine - _sampled(light, source, row, col), accumulate=True)
    return means.mul_(grid.pixel**2)


def _rays(lenses: np.ndarray, grid: Grid) -> tuple[Tensor, Tensor]:
    """Where the rays through the pixels' centres, and through those of the ring, meet the source plane, arcsec."""
    x, y = torch.broadcast_tensors(grid.x, grid.y, grid.zeros(len(lenses)))[:2]
    alpha_x, alpha_y = deflection(lenses, x, y)
    return x - alpha_x, y - alpha_y


def _patches_2(lights: np.ndarray, radius_2: Tensor, patch_2: Tensor) -> Tensor:
    """Number of patches between a pixel's ray and each source's centre, at least, squared; infinite for rings."""
    minor_2 = np.where(lights["profile"] == SERSIC, lights["q"] * lights["R"] ** 2, np.inf)
    return radius_2 * column(minor_2, radius_2) / patch_2


def _unresolved(patches_2: Tensor) -> Iterator[tuple[int, Tensor, Tensor, Tensor]]:
    """Rays along a pixel's side, and the sources, rows and columns that need as many."""
    places = (patches_2 < REFINEMENTS[-1].reach ** 2).nonzero()
    distance_2 = patches_2[tuple(places.T)]
    inner = 0.0
    for refinement in REFINEMENTS:
        chosen = places[(distance_2 >= inner) & (distance_2 < refinement.reach**2)]
        inner = refinement.reach**2
        if len(chosen):
            yield refinement.rays, *chosen.T


def _patch_2(beta_x: Tensor, beta_y: Tensor) -> Tensor:
    """Square of the longest step from a pixel's ray to its neighbours', arcsec^2, shape (scenes, width, width)."""
    across = (beta_x.diff(dim=2) ** 2 + beta_y.diff(dim=2) ** 2)[:, 1:-1]
    up = (beta_x.diff(dim=1) ** 2 + beta_y.diff(dim=1) ** 2)[:, :, 1:-1]
    widest, highest = torch.maximum(across[:, :, 1:], across[:, :, :-1]), torch.maximum(up[:, 1:], up[:, :-1])
    return torch.maximum(widest, highest)


def _sampled(light: Tensor, source: Tensor, row: Tensor, col: Tensor) -> Tensor:
    """The means of pixels as `pixel_means` takes them from the rays through the centres."""
    patches = [light[source, row + up, col + right] for up in range(3) for right in range(3)]
    return pixel_means(torch.stack(patches, dim=-1).unflatten(-1, (3, 3))).flatten()


def _mean_of_rays(lenses: np.ndarray, lights: np.ndarray, row: Tensor, col: Tensor, rays: int, grid: Grid) -> Tensor:
    """Mean brightness of a source over a pixel, one of each for every entry, shape (entries,)."""
    nodes, weights = (torch.as_tensor(part / 2).to(grid.axis) for part in gauss_legendre(rays))
    x = (grid.axis[col + 1, None] + grid.pixel * nodes)[:, None, :].expand(-1, rays, -1)
    y = (grid.axis[row + 1, None] + grid.pixel * nodes)[:, :, None].expand(-1, -1, rays)
    alpha_x, alpha_y = deflection(lenses[lights["scene"]], x, y)
    light = brightness(lights, x - alpha_x, y - alpha_y, grid.pixel / rays)
    return torch.einsum("eij,i,j->e", light, weights, weights)
