"""Pixels of scenes.

Noise-free, PSF-free images of a batch of scenes: the profiles in the image plane and the lensed ones apart.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .cusp import window_flux
from .lens import deflection
from .light import SERSIC, brightness
from .scene import PROFILES, Scenes

__all__ = ["Rendered", "pixel_centres", "render"]

POINT = PROFILES.index("point")
WINDOW = 9


@dataclass(frozen=True)
class Rendered:
    """Flux per (oversampled) pixel, shape (scenes, pixels * oversample, pixels * oversample)."""

    foreground: Tensor
    arcs: Tensor


def render(
    scenes: Scenes,
    *,
    pixels: int,
    pixel_scale: float,
    oversample: int = 1,
    chunk: int | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Rendered:
    """Images of the scenes, without points, which are drawn through the PSF by the survey.

    Arguments:
        pixels: of the final image, along a side.
        pixel_scale: of the final image, arcsec.
        oversample: pixels of the returned images along the side of a final one.
        chunk: scenes at once; by default what fits a CPU's cache or a GPU's memory.
    """
    device = torch.device(device)
    chunk = chunk or (1 if device.type == "cpu" else 64)
    width, pixel = pixels * oversample, pixel_scale / oversample
    foreground = torch.empty(len(scenes), width, width, dtype=dtype, device=device)
    arcs = torch.empty_like(foreground)
    axis = pixel_centres(width + 2, pixel, dtype, device)
    for start in range(0, len(scenes), chunk):
        rows = slice(start, start + chunk)
        foreground[rows], arcs[rows] = _images(scenes[rows], axis, pixel)
    return Rendered(foreground, arcs)


def pixel_centres(width: int, pixel: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Positions of the pixels along an axis, arcsec, shape (width,)."""
    return (torch.arange(width, dtype=torch.float64, device=device) - (width - 1) / 2).mul(pixel).to(dtype)


def _images(scenes: Scenes, axis: Tensor, pixel: float) -> tuple[Tensor, Tensor]:
    lights = scenes.lights[scenes.lights["profile"] != POINT]
    near, far = lights[~lights["lensed"]], lights[lights["lensed"]]
    return _foreground(near, len(scenes), axis, pixel), _arcs(scenes.lenses, far, axis, pixel)


def _foreground(lights: np.ndarray, count: int, axis: Tensor, pixel: float) -> Tensor:
    samples = axis.new_zeros(count, len(axis), len(axis))
    if len(lights) == 0:
        return samples[:, 1:-1, 1:-1]
    light = brightness(lights, axis[None, None, :], axis[None, :, None], pixel)
    samples.index_add_(0, _scene_index(lights, axis), light)
    flux = pixel_means(samples) * pixel**2
    _replace_centres(flux, lights[lights["profile"] == SERSIC], axis, pixel)
    return flux


def _arcs(lenses: np.ndarray, lights: np.ndarray, axis: Tensor, pixel: float) -> Tensor:
    samples = axis.new_zeros(len(lenses), len(axis), len(axis))
    if len(lights) == 0:
        return samples[:, 1:-1, 1:-1]
    x, y = axis[None, None, :].expand_as(samples), axis[None, :, None].expand_as(samples)
    alpha_x, alpha_y = deflection(lenses, x, y)
    index = _scene_index(lights, axis)
    light = brightness(lights, (x - alpha_x)[index], (y - alpha_y)[index], pixel)
    return pixel_means(samples.index_add_(0, index, light)) * pixel**2


def pixel_means(samples: Tensor) -> Tensor:
    """Means over pixels from values at their centres, to the fourth order; the outermost pixels are lost."""
    inner = samples[:, 1:-1, 1:-1]
    around = samples[:, :-2, 1:-1] + samples[:, 2:, 1:-1] + samples[:, 1:-1, :-2] + samples[:, 1:-1, 2:]
    return inner * (5 / 6) + around / 24


def _replace_centres(flux: Tensor, lights: np.ndarray, axis: Tensor, pixel: float) -> None:
    """Puts the exact flux into the pixels around the centres of Sersic profiles, in place."""
    width = len(axis) - 2
    first = [np.floor(lights[name] / pixel + width / 2).astype(int) - WINDOW // 2 for name in ("x", "y")]
    left, bottom = (
        torch.as_tensor((f - width / 2) * pixel - lights[n], device=axis.device)
        for f, n in zip(first, "xy", strict=True)
    )
    exact = window_flux(lights, left, bottom, pixel, WINDOW).to(axis)
    steps = torch.arange(-1, WINDOW + 1, device=axis.device)
    column, row = (torch.as_tensor(f, device=axis.device)[:, None] + steps for f in first)
    x, y = ((index - (width - 1) / 2) * pixel for index in (column, row))
    sampled = pixel_means(brightness(lights, x.to(axis)[:, None, :], y.to(axis)[:, :, None], pixel)) * pixel**2
    column, row = column[:, None, 1:-1].expand_as(exact), row[:, 1:-1, None].expand_as(exact)
    scene = _scene_index(lights, axis)[:, None, None].expand_as(exact)
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < width)
    flux.index_put_((scene[seen], row[seen], column[seen]), (exact - sampled)[seen], accumulate=True)


def _scene_index(lights: np.ndarray, like: Tensor) -> Tensor:
    return torch.as_tensor(np.array(lights["scene"]), device=like.device)
