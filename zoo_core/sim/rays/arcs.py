"""Light behind a deflector.

One ray through every pixel's centre, shared by all sources of the scene. Where a source varies inside the patch of the
source plane that one pixel covers (around the images of its centre, and next to the deflector's centre, where the
patches are large), that source gets more rays.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .grid import Grid, gauss_legendre, pixel_means
from .lens import deflection
from .light import Profiles, brightness, brightness_at, squared_radius

__all__ = ["deflected"]


@dataclass(frozen=True)
class Refinement:
    """Rays of the pixels within some radius of a source's centre.

    Arguments:
        reach: the radius, in sides of the patch that the pixel covers.
        rays: along a side of the pixel.
        least_n: the Sersic index from which a source needs them.
    """

    reach: float
    rays: int
    least_n: float = 0.0


REFINEMENTS = (Refinement(0.6, 20, least_n=1.5), Refinement(0.6, 8), Refinement(1.5, 3), Refinement(3.0, 2))
"""A pixel takes the first that applies; the last one reaches farthest."""

CENTRAL_RAYS = 20
"""Along the side of a pixel that holds the deflector's centre, around which rays fan out at any distance."""


def deflected(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """Flux per pixel of profiles in the source plane, shape (scenes, width, width)."""
    profiles = Profiles.of(lights, grid.axis)
    beta_x, beta_y = _rays(lenses, grid)
    dx, dy = beta_x[profiles.scene].sub_(profiles.x), beta_y[profiles.scene].sub_(profiles.y)
    radius_2 = squared_radius(profiles, dx, dy)
    light = brightness_at(profiles, dx, dy, radius_2, grid.pixel)
    means = pixel_means(grid.total(len(lenses), profiles.scene, light))
    patches_2 = radius_2[:, 1:-1, 1:-1] * profiles.minor_2 / _patch_2(beta_x, beta_y)[profiles.scene]
    central = _central(lenses, profiles, grid)
    patches_2[central] = torch.inf
    for rays, source, row, col in ((CENTRAL_RAYS, *central), *_unresolved(patches_2, profiles.n.flatten())):
        refined = profiles[source]
        fine = _mean_of_rays(lenses, refined, row, col, rays, grid)
        means.index_put_((refined.scene, row, col), fine - _sampled(light, source, row, col), accumulate=True)
    return means.mul_(grid.pixel**2)


def _rays(lenses: np.ndarray, grid: Grid) -> tuple[Tensor, Tensor]:
    """Where the rays through the pixels' centres, and through those of the ring, meet the source plane, arcsec."""
    x, y = (axis.expand(len(lenses), -1, -1) for axis in (grid.x, grid.y))
    alpha_x, alpha_y = deflection(lenses, x, y)
    return x - alpha_x, y - alpha_y


def _central(lenses: np.ndarray, profiles: Profiles, grid: Grid) -> tuple[Tensor, Tensor, Tensor]:
    """Sources, and the row and column of the pixel that holds their deflector's centre, where it is in the frame."""
    pixel = np.floor(np.stack([lenses["y"], lenses["x"]]) / grid.pixel + grid.width / 2).astype(np.int64)
    row, col = torch.as_tensor(pixel, device=grid.axis.device)[:, profiles.scene]
    source = ((row >= 0) & (row < grid.width) & (col >= 0) & (col < grid.width)).nonzero().flatten()
    return source, row[source], col[source]


def _unresolved(patches_2: Tensor, n: Tensor) -> Iterator[tuple[int, Tensor, Tensor, Tensor]]:
    """Rays along a pixel's side, and the sources, rows and columns that need as many.

    Arguments:
        patches_2: patches between a pixel's ray and each source's centre, at least, squared; infinite for rings.
        n: Sersic index of each source, shape (sources,).
    """
    places = (patches_2 < REFINEMENTS[-1].reach ** 2).nonzero()
    distance_2, steepness = patches_2[tuple(places.T)], n[places[:, 0]]
    left = torch.ones_like(distance_2, dtype=torch.bool)
    for refinement in REFINEMENTS:
        chosen = left & (distance_2 < refinement.reach**2) & (steepness >= refinement.least_n)
        left = left & ~chosen
        if chosen.any():
            source, row, col = places[chosen].T
            yield refinement.rays, source, row, col


def _patch_2(beta_x: Tensor, beta_y: Tensor) -> Tensor:
    """Square of the longest step from a pixel's ray to its neighbours', arcsec^2, shape (scenes, width, width)."""
    across = (beta_x.diff(dim=2) ** 2 + beta_y.diff(dim=2) ** 2)[:, 1:-1]
    up = (beta_x.diff(dim=1) ** 2 + beta_y.diff(dim=1) ** 2)[:, :, 1:-1]
    widest, highest = torch.maximum(across[:, :, 1:], across[:, :, :-1]), torch.maximum(up[:, 1:], up[:, :-1])
    return torch.maximum(widest, highest)


def _sampled(light: Tensor, source: Tensor, row: Tensor, col: Tensor) -> Tensor:
    """The means of pixels as `pixel_means` takes them from the rays through the centres."""
    around = [light[source, row + up, col + right] for up, right in ((0, 1), (2, 1), (1, 0), (1, 2))]
    return light[source, row + 1, col + 1] * (5 / 6) + sum(around) / 24


def _mean_of_rays(lenses: np.ndarray, profiles: Profiles, row: Tensor, col: Tensor, rays: int, grid: Grid) -> Tensor:
    """Mean brightness of a source over a pixel, one of each for every entry, shape (entries,)."""
    nodes, weights = (torch.as_tensor(part / 2).to(grid.axis) for part in gauss_legendre(rays))
    x = (grid.axis[col + 1, None] + grid.pixel * nodes)[:, None, :]
    y = (grid.axis[row + 1, None] + grid.pixel * nodes)[:, :, None]
    alpha_x, alpha_y = deflection(lenses[profiles.scene.cpu().numpy()], x, y)
    light = brightness(profiles, x - alpha_x, y - alpha_y, grid.pixel / rays)
    return torch.einsum("eij,i,j->e", light, weights, weights)
