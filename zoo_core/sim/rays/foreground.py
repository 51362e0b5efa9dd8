"""Light that nothing deflects.

Values at pixel centres serve where a profile is smooth on the scale of a pixel; around its centre, and along the ridge
of a needle, the flux is that through the pixels' borders.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .cusp import NODES, window_flux
from .grid import Grid, add_light, pixel_means, spans
from .light import Profiles, brightness, shaped
from .scene import SERSIC

__all__ = ["undeflected"]

WINDOWS = ((9, 0.45), (17, 0.22), (33, 0.0))
"""Width of the window of exact pixels and the least axis ratio that it suffices for."""

TILES = (16, 32, 64, 128)
"""Widths of the tiles that faint or small profiles are drawn on, pixels."""

RESOLVED = 6.0
"""Minor half-light radius, in pixels, from which the smallest window serves every axis ratio."""


def undeflected(lights: np.ndarray, count: int, grid: Grid, faint: float = 0.0) -> Tensor:
    """Flux per pixel of `count` scenes whose profiles nothing deflects, shape (count, width, width).

    Arguments:
        lights: dtype LIGHT.
        faint: flux per pixel below which a profile may be cut off.
    """
    lights = shaped(lights)
    profiles = Profiles.of(lights, grid.axis.double())
    flux = pixel_means(_samples(lights, profiles, count, grid, faint)).mul_(grid.pixel**2)
    sersic, exponential = lights["profile"] == SERSIC, lights["n"] == 1  # whose integrals are elementary
    for kind in (sersic & exponential, sersic & ~exponential):
        for width, rows in _windows(lights, kind, grid.pixel):
            for some in _together(rows, 2 * NODES * width**2, grid):
                _replace_centres(flux, lights[some], profiles[grid.index(some)], grid, width)
    return flux


def _samples(lights: np.ndarray, profiles: Profiles, count: int, grid: Grid, faint: float) -> Tensor:
    """Brightness at the pixels' centres, with the ring, shape (count, width + 2, width + 2)."""
    samples, whole = grid.zeros(count), grid.zeros(count)
    profiles = profiles.to(samples)
    spiral = lights["arms"] > 0
    for width, rows in _tiles(lights, grid, faint):
        for some in (*_together(rows[~spiral[rows]], width**2, grid), *_together(rows[spiral[rows]], width**2, grid)):
            few = profiles[grid.index(some)]
            if width == len(grid.axis):
                add_light(whole, few.scene, brightness(few, grid.x, grid.y, grid.pixel))
            else:
                _add_tiles(samples, lights[some], few, grid, width)
    return samples.add_(whole)


def _together(rows: np.ndarray, pixels: int, grid: Grid) -> Iterator[np.ndarray]:
    """The rows in groups that are drawn together, of so many pixels each."""
    return (rows[span] for span in spans(len(rows), pixels, grid.axis.device))


def _tiles(lights: np.ndarray, grid: Grid, faint: float) -> list[tuple[int, np.ndarray]]:
    """Rows of the profiles that are drawn on tiles of each width, the last of them the whole frame."""
    frame = len(grid.axis)
    needed = np.full(len(lights), np.inf) if faint <= 0 else 2 * reach(lights, grid.pixel, faint) / grid.pixel + 3
    widths = [width for width in TILES if width < frame]
    kind = np.searchsorted(widths, needed)
    return [(width, np.flatnonzero(kind == i)) for i, width in enumerate([*widths, frame])]


def reach(lights: np.ndarray, pixel: float, faint: float) -> np.ndarray:
    """Distance from the centre beyond which a pixel holds less than `faint`, arcsec, shape (profiles,).

    On the major axis: R / sqrt(q) (ln(peak / faint) / b)^n of a Sersic profile, R / sqrt(q) (1 + n sqrt(2 ln(peak /
    faint))) of a ring, with peak the flux of a pixel at the brightest point.
    """
    peak = np.abs(lights["peak"]) * (1 + lights["contrast"]) * pixel**2
    decline = np.log(np.maximum(peak / faint, 1))
    sersic, ring = (decline / lights["b"]) ** lights["n"], 1 + lights["n"] * np.sqrt(2 * decline)
    return np.where(lights["profile"] == SERSIC, sersic, ring) * lights["R"] / np.sqrt(lights["q"])


def _add_tiles(samples: Tensor, lights: np.ndarray, profiles: Profiles, grid: Grid, width: int) -> None:
    """Adds the profiles, which fit into tiles of this width, to the samples, in place."""
    column, row = (_tile_axis(lights[name], grid, width) for name in ("x", "y"))
    light = brightness(profiles, grid.axis[column][:, None, :], grid.axis[row][:, :, None], grid.pixel)
    places = profiles.scene[:, None, None], row[:, :, None], column[:, None, :]
    samples.index_put_(places, light, accumulate=True)


def _tile_axis(centres: np.ndarray, grid: Grid, width: int) -> Tensor:
    """Places on the grid's axis of the tiles about these centres, shape (profiles, width)."""
    middle = np.floor(centres / grid.pixel + len(grid.axis) / 2).astype(np.int64)
    first = np.clip(middle - width // 2, 0, len(grid.axis) - width)
    return torch.as_tensor(first[:, None] + np.arange(width), device=grid.axis.device)


def _windows(lights: np.ndarray, kind: np.ndarray, pixel: float) -> list[tuple[int, np.ndarray]]:
    """Rows of the profiles of a kind that take each width of window, those first whose integrals take fewest terms."""
    resolved = lights["R"] * np.sqrt(lights["q"]) > RESOLVED * pixel
    roundness = np.where(resolved, 1.0, lights["q"])
    ceilings = (np.inf, *(least for _, least in WINDOWS))
    # the argument of the profile's exponential a pixel from its centre: it grows alike towards the window's corners
    argument = lights["b"] * (pixel / (lights["R"] * np.sqrt(lights["q"]))) ** (1 / lights["n"])
    order = np.argsort(argument)
    return [
        (width, order[(kind & (roundness >= least) & (roundness < top))[order]])
        for (width, least), top in zip(WINDOWS, ceilings, strict=False)
    ]


def _replace_centres(flux: Tensor, lights: np.ndarray, profiles: Profiles, grid: Grid, width: int) -> None:
    """Puts the exact flux into the windows around the profiles' centres, in place."""
    column, left, x = _window_axis(lights["x"], grid, width)
    row, bottom, y = _window_axis(lights["y"], grid, width)
    exact = window_flux(profiles, left, bottom, grid.pixel, width)
    sampled = pixel_means(brightness(profiles, x[:, None, :], y[:, :, None], grid.pixel)).mul_(grid.pixel**2)
    change = (exact - sampled).to(flux)
    scene, row, column = torch.broadcast_tensors(profiles.scene[:, None, None], row[:, :, None], column[:, None, :])
    inside = (row >= 0) & (row < grid.width) & (column >= 0) & (column < grid.width)
    flux.index_put_((scene[inside], row[inside], column[inside]), change[inside], accumulate=True)


def _window_axis(centres: np.ndarray, grid: Grid, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Pixels (profiles, width), offset of the edge (profiles,), positions with a ring (profiles, width + 2)."""
    first = np.floor(centres / grid.pixel + grid.width / 2) - width // 2
    offset = torch.as_tensor((first - grid.width / 2) * grid.pixel - centres, device=grid.axis.device)
    steps = np.arange(-1, width + 1)
    positions = (first[:, None] + steps - (grid.width - 1) / 2) * grid.pixel
    pixels = torch.as_tensor((first[:, None] + steps[1:-1]).astype(np.int64), device=grid.axis.device)
    return pixels, offset, torch.as_tensor(positions, device=grid.axis.device)
