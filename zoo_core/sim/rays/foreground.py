"""Light that nothing deflects.

Values at pixel centres serve where a profile is smooth on the scale of a pixel; around its centre, and along the ridge
of a needle, the flux is that through the pixels' borders.
"""

import numpy as np
import torch
from torch import Tensor

from .cusp import window_flux
from .grid import Grid, pixel_means
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
    samples, lights = grid.zeros(count), shaped(lights)
    for width, chosen in _tiles(lights, grid, faint):
        samples = _add_tiles(samples, chosen, grid, width)
    flux = pixel_means(samples).mul_(grid.pixel**2)
    sersic, exponential = lights["profile"] == SERSIC, lights["n"] == 1  # whose integrals are elementary
    for kind in (lights[sersic & exponential], lights[sersic & ~exponential]):
        for width, chosen in _windows(kind, grid.pixel):
            _replace_centres(flux, chosen, grid, width)
    return flux


def _tiles(lights: np.ndarray, grid: Grid, faint: float) -> list[tuple[int, np.ndarray]]:
    """The profiles that are drawn on tiles of each width, the last of them the whole frame."""
    frame = len(grid.axis)
    needed = np.full(len(lights), np.inf) if faint <= 0 else 2 * reach(lights, grid.pixel, faint) / grid.pixel + 3
    widths = [width for width in TILES if width < frame]
    kind = np.searchsorted(widths, needed)
    return [(width, lights[kind == i]) for i, width in enumerate([*widths, frame]) if (kind == i).any()]


def reach(lights: np.ndarray, pixel: float, faint: float) -> np.ndarray:
    """Distance from the centre beyond which a pixel holds less than `faint`, arcsec, shape (profiles,).

    On the major axis: R / sqrt(q) (ln(peak / faint) / b)^n of a Sersic profile, R / sqrt(q) (1 + n sqrt(2 ln(peak /
    faint))) of a ring, with peak the flux of a pixel at the brightest point.
    """
    peak = np.abs(lights["peak"]) * (1 + lights["contrast"]) * pixel**2
    decline = np.log(np.maximum(peak / faint, 1))
    sersic, ring = (decline / lights["b"]) ** lights["n"], 1 + lights["n"] * np.sqrt(2 * decline)
    return np.where(lights["profile"] == SERSIC, sersic, ring) * lights["R"] / np.sqrt(lights["q"])


def _add_tiles(samples: Tensor, lights: np.ndarray, grid: Grid, width: int) -> Tensor:
    """The samples with those of profiles that fit into tiles of this width."""
    profiles = Profiles.of(lights, samples)
    if width == len(grid.axis):
        return samples + grid.total(len(samples), profiles.scene, brightness(profiles, grid.x, grid.y, grid.pixel))
    column, row = (_tile_axis(lights[name], grid, width) for name in ("x", "y"))
    light = brightness(profiles, grid.axis[column][:, None, :], grid.axis[row][:, :, None], grid.pixel)
    return samples.index_put_(
        (profiles.scene[:, None, None], row[:, :, None], column[:, None, :]), light, accumulate=True
    )


def _tile_axis(centres: np.ndarray, grid: Grid, width: int) -> Tensor:
    """Places on the grid's axis of the tiles about these centres, shape (profiles, width)."""
    middle = np.floor(centres / grid.pixel + len(grid.axis) / 2).astype(np.int64)
    first = np.clip(middle - width // 2, 0, len(grid.axis) - width)
    return torch.as_tensor(first[:, None] + np.arange(width), device=grid.axis.device)


def _windows(lights: np.ndarray, pixel: float) -> list[tuple[int, np.ndarray]]:
    """The profiles that take each width of window."""
    resolved = lights["R"] * np.sqrt(lights["q"]) > RESOLVED * pixel
    roundness = np.where(resolved, 1.0, lights["q"])
    ceilings = (np.inf, *(least for _, least in WINDOWS))
    chosen = [
        lights[(roundness >= least) & (roundness < top)] for (_, least), top in zip(WINDOWS, ceilings, strict=False)
    ]
    return [(width, part) for (width, _), part in zip(WINDOWS, chosen, strict=True) if len(part)]


def _replace_centres(flux: Tensor, lights: np.ndarray, grid: Grid, width: int) -> None:
    """Puts the exact flux into the windows around the profiles' centres, in place."""
    column, left, x = _window_axis(lights["x"], grid, width)
    row, bottom, y = _window_axis(lights["y"], grid, width)
    profiles = Profiles.of(lights, left)
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
