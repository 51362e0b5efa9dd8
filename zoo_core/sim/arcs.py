"""Light behind a deflector.

One ray through every pixel's centre, shared by all sources of the scene. Where a source varies inside the patch of the
source plane that one pixel sees (around the images of its centre, and next to the deflector's centre, where the
patches are large), that source gets more rays.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .grid import Grid, pixel_means
from .lens import deflection
from .light import SERSIC, brightness, column, scene_index, squared_radius

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


REFINEMENTS = (Refinement(0.5, 16), Refinement(2.0, 3))
"""Innermost first; a pixel takes the first that reaches it."""


def deflected(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """Flux per pixel of profiles in the source plane, shape (scenes, width, width)."""
    samples = grid.zeros(len(lenses))
    x, y = grid.x.expand_as(samples), grid.y.expand_as(samples)
    alpha_x, alpha_y = deflection(lenses, x, y)
    beta_x, beta_y = x - alpha_x, y - alpha_y
    scene = scene_index(lights, samples)
    light = brightness(lights, beta_x[scene], beta_y[scene], grid.pixel)
    means = pixel_means(samples.index_add_(0, scene, light))
    _refine(means, light, lenses, lights, (beta_x, beta_y), grid)
    return means.mul_(grid.pixel**2)


def _refine(
    means: Tensor, light: Tensor, lenses: np.ndarray, lights: np.ndarray, beta: tuple[Tensor, Tensor], grid: Grid
) -> None:
    """Replaces a source's part of the pixels in which it varies, in place."""
    nearness = _nearness(lights, beta)
    coarse = torch.zeros_like(nearness, dtype=torch.bool)
    for refinement in REFINEMENTS:
        close = nearness < refinement.reach**2
        source, row, col = (close & ~coarse).nonzero(as_tuple=True)
        coarse = close
        if len(source):
            fine = _mean_of_rays(lenses, lights[source.cpu().numpy()], row, col, refinement.rays, grid)
            change = fine - _sampled(light, source, row, col)
            means.index_put_((scene_index(lights, means)[source], row, col), change, accumulate=True)


def _nearness(lights: np.ndarray, beta: tuple[Tensor, Tensor]) -> Tensor:
    """How many patches a pixel's ray is away from each source's centre, at least, squared; infinite for rings."""
    patch_2 = _patch_2(*beta)
    scene = scene_index(lights, patch_2)
    dx, dy = (part[scene, 1:-1, 1:-1] - column(lights[axis], part) for part, axis in zip(beta, "xy", strict=True))
    scale = np.where(lights["profile"] == SERSIC, lights["q"] * lights["R"] ** 2, np.inf)
    return squared_radius(lights, dx, dy) * column(scale, dx) / patch_2[scene]


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
    nodes, weights = (torch.as_tensor(part / 2).to(grid.axis) for part in np.polynomial.legendre.leggauss(rays))
    x = (grid.axis[col + 1, None] + grid.pixel * nodes)[:, None, :].expand(-1, rays, -1)
    y = (grid.axis[row + 1, None] + grid.pixel * nodes)[:, :, None].expand(-1, -1, rays)
    alpha_x, alpha_y = deflection(lenses[lights["scene"]], x, y)
    light = brightness(lights, x - alpha_x, y - alpha_y, grid.pixel / rays)
    return torch.einsum("eij,i,j->e", light, weights, weights)
