"""Light behind a deflector.

A ray at theta in the image plane meets the source plane at beta, and carries the brightness S that is found there:

    beta = theta - alpha(theta),    I(theta) = S(beta)

(Schneider, Ehlers & Falco 1992, Gravitational Lenses). One ray goes through every pixel's centre, shared by all sources
of the scene. Where a source varies inside the patch of the source plane that one pixel covers (around the images of its
centre, and next to the deflector's centre, where the patches are large), that source gets more rays: nodes of
Gauss-Legendre quadrature over the pixel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from .grid import Grid, add_light, gauss_legendre, pixel_means, spans
from .lens import Deflectors, alike
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


PROFILES = 5
"""Behind a lens, about as many as there are: they are drawn together."""

CENTRAL = -1.0
"""The distance that stands for a pixel that holds the deflector's centre, around which rays fan out at any distance."""

REFINEMENTS = (
    Refinement(0.0, 20),
    Refinement(0.6, 20, least_n=1.5),
    Refinement(0.6, 8),
    Refinement(1.5, 3),
    Refinement(3.0, 2),
)
"""A pixel takes the first that applies: those that hold the deflector's centre the first, and the last one reaches
farthest."""


@dataclass(frozen=True)
class Unresolved:
    """Pixels in which a source varies, one of each for every pixel and source.

    Arguments:
        source: number of the profile.
        row, col: of the pixel.
        distance_2: patches between the pixel's ray and the source's centre, at least, squared; CENTRAL.
        sampled: what the rays through the centres make of the pixel's mean.
    """

    source: Tensor
    row: Tensor
    col: Tensor
    distance_2: Tensor
    sampled: Tensor

    @classmethod
    def concatenate(cls, parts: Sequence["Unresolved"]) -> "Unresolved":
        """All pixels of the parts, in order."""
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def __getitem__(self, rows: Tensor | slice) -> "Unresolved":
        """Some of the pixels."""
        return Unresolved(*(getattr(self, field.name)[rows] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.source)


def deflected(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """Flux per pixel of profiles in the source plane, shape (scenes, width, width).

    Arguments:
        lenses: dtype LENS.
        lights: dtype LIGHT, sorted by scene; behind lenses that deflect.
    """
    flux = grid.axis.new_zeros(len(lenses), grid.width, grid.width)
    sources = np.unique(lights["scene"])
    for group in alike(lenses[sources]):
        rows = sources[group]
        behind = lights[np.isin(lights["scene"], rows)]
        behind["scene"] = np.searchsorted(rows, behind["scene"])
        flux[grid.index(rows)] = _deflected_alike(lenses[rows], behind, grid)
    return flux


def _deflected_alike(lenses: np.ndarray, lights: np.ndarray, grid: Grid) -> Tensor:
    """As `deflected`, for lenses of one law."""
    profiles, parts = Profiles.of(lights, grid.axis), []
    means = grid.axis.new_empty(len(lenses), grid.width, grid.width)
    for scenes in spans(len(lenses), PROFILES * len(grid.axis) ** 2, grid.axis.device):
        first, last = np.searchsorted(lights["scene"], (scenes.start, scenes.stop))
        means[scenes], unresolved = _means_of_centres(lenses, scenes, profiles, slice(first, last), grid)
        parts.append(unresolved)
    deflectors = Deflectors.of(lenses, grid.axis)
    for rays, pixels in _refined(Unresolved.concatenate(parts), profiles.n.flatten()):
        for some in spans(len(pixels), rays**2, grid.axis.device):
            _refine(means, pixels[some], rays, deflectors, profiles, grid)
    return means.mul_(grid.pixel**2)


def _means_of_centres(
    lenses: np.ndarray, scenes: slice, profiles: Profiles, rows: slice, grid: Grid
) -> tuple[Tensor, Unresolved]:
    """Mean brightness of the pixels of some scenes from the rays through their centres, and where that is not enough.

    Arguments:
        lenses, profiles: of all scenes.
        scenes: which of them.
        rows: their profiles.
    """
    some, behind = lenses[scenes], profiles[rows]
    scene = behind.scene - scenes.start
    beta_x, beta_y = _rays(some, grid)
    dx, dy = beta_x[scene].sub_(behind.x), beta_y[scene].sub_(behind.y)
    radius_2 = squared_radius(behind, dx, dy)
    light = brightness_at(behind, dx, dy, radius_2, grid.pixel)
    total = grid.zeros(len(some))
    add_light(total, scene, light)
    distance_2 = radius_2[:, 1:-1, 1:-1] * behind.minor_2 / _patch_2(beta_x, beta_y)[scene]
    distance_2[_central(some, scene, grid)] = CENTRAL
    source, row, col = places = (distance_2 < REFINEMENTS[-1].reach ** 2).nonzero(as_tuple=True)
    sampled = _sampled(light, source, row, col)
    return pixel_means(total), Unresolved(source + rows.start, row, col, distance_2[places], sampled)


def _refine(
    means: Tensor, pixels: Unresolved, rays: int, deflectors: Deflectors, profiles: Profiles, grid: Grid
) -> None:
    """Replaces what the pixels hold of the sources by the mean of more rays, in place."""
    refined = profiles[pixels.source]
    fine = _mean_of_rays(deflectors[refined.scene], refined, pixels.row, pixels.col, rays, grid)
    means.index_put_((refined.scene, pixels.row, pixels.col), fine - pixels.sampled, accumulate=True)


def _rays(lenses: np.ndarray, grid: Grid) -> tuple[Tensor, Tensor]:
    """Where the rays through the pixels' centres, and through those of the ring, meet the source plane, arcsec."""
    x, y = (axis.expand(len(lenses), -1, -1) for axis in (grid.x, grid.y))
    alpha_x, alpha_y = Deflectors.of(lenses, x).deflection(x, y)
    return x - alpha_x, y - alpha_y


def _central(lenses: np.ndarray, scene: Tensor, grid: Grid) -> tuple[Tensor, Tensor, Tensor]:
    """Sources, and the row and column of the pixel that holds their deflector's centre, where it is in the frame."""
    pixel = np.floor(np.stack([lenses["y"], lenses["x"]]) / grid.pixel + grid.width / 2).astype(np.int64)
    row, col = grid.index(pixel)[:, scene]
    source = ((row >= 0) & (row < grid.width) & (col >= 0) & (col < grid.width)).nonzero().flatten()
    return source, row[source], col[source]


def _refined(pixels: Unresolved, n: Tensor) -> Iterator[tuple[int, Unresolved]]:
    """Rays along a pixel's side, and the pixels that need as many.

    Arguments:
        n: Sersic index of each source, shape (sources,).
    """
    steepness, left = n[pixels.source], torch.ones_like(pixels.source, dtype=torch.bool)
    for refinement in REFINEMENTS:
        chosen = left & (pixels.distance_2 < refinement.reach**2) & (steepness >= refinement.least_n)
        left = left & ~chosen
        yield refinement.rays, pixels[chosen]


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


def _mean_of_rays(lenses: Deflectors, profiles: Profiles, row: Tensor, col: Tensor, rays: int, grid: Grid) -> Tensor:
    """Mean brightness of a source over a pixel, one of each for every entry, shape (entries,)."""
    nodes, weights = (torch.as_tensor(part / 2).to(grid.axis) for part in gauss_legendre(rays))
    x = (grid.axis[col + 1, None] + grid.pixel * nodes)[:, None, :]
    y = (grid.axis[row + 1, None] + grid.pixel * nodes)[:, :, None]
    alpha_x, alpha_y = lenses.deflection(x, y)
    light = brightness(profiles, x - alpha_x, y - alpha_y, grid.pixel / rays)
    return torch.einsum("eij,i,j->e", light, weights, weights)
