"""Pixels of scenes.

Noise-free, PSF-free images of a batch of scenes: the profiles in the image plane and the lensed ones apart.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..frame import CutoutFrame
from .arcs import deflected
from .foreground import undeflected
from .grid import Grid
from .scene import POINT, Scenes

__all__ = ["Rendered", "render", "scenes_at_once"]


CPU_RAYS, GPU_RAYS = 2_100_000, 42_000_000
"""At once: what keeps a device busy for longer than its kernels take to start; a CPU draws a few profiles at a time."""

BYTES = 750
"""Of a GPU's memory for each ray."""


@dataclass(frozen=True)
class Rendered:
    """Flux per (oversampled) pixel, shape (scenes, pixels * oversample, pixels * oversample).

    Row 0 is the lowest y, column 0 the lowest x.

    Arguments:
        foreground: profiles in the image plane.
        arcs: profiles in the source plane.
    """

    foreground: Tensor
    arcs: Tensor


def render(
    scenes: Scenes,
    frame: CutoutFrame,
    *,
    oversample: int = 1,
    chunk: int | None = None,
    faint: float = 0.0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Rendered:
    """Images of the scenes, without points, which are drawn through the PSF by the survey.

    Arguments:
        frame: of the final images.
        oversample: pixels of the returned images along the side of a final one.
        chunk: scenes at once; by default what is fastest on the device.
        faint: flux per pixel below which an undeflected profile may be cut off; 0: nowhere in the frame.
    """
    device = torch.device(device)
    fine = frame.finer(oversample)
    width, chunk = fine.side, chunk or scenes_at_once(fine.side, device)
    grid = Grid.of(width, fine.pixel_scale, dtype, device)
    foreground = torch.empty(len(scenes), width, width, dtype=dtype, device=device)
    arcs = torch.empty_like(foreground)
    for start in range(0, len(scenes), chunk):
        rows = slice(start, start + chunk)
        foreground[rows], arcs[rows] = _images(scenes[rows], grid, faint)
    return Rendered(foreground, arcs)


def scenes_at_once(width: int, device: torch.device) -> int:
    """Scenes of `width` pixels a side that are rendered together; always the same number on the same device."""
    rays = CPU_RAYS if device.type == "cpu" else GPU_RAYS
    if device.type == "cuda":
        rays = min(rays, torch.cuda.get_device_properties(device).total_memory // BYTES)
    return max(1, rays // width**2)


def _images(scenes: Scenes, grid: Grid, faint: float) -> tuple[Tensor, Tensor]:
    lights = scenes.lights[scenes.lights["profile"] != POINT]
    massive = scenes.lenses["theta_E"][lights["scene"]] > 0
    behind, bent = lights["lensed"], lights["lensed"] & massive
    foreground, arcs = (
        undeflected(lights[~behind], len(scenes), grid, faint),
        deflected(scenes.lenses, lights[bent], grid),
    )
    unbent = lights[behind & ~bent]
    return foreground, arcs.add_(undeflected(unbent, len(scenes), grid, faint)) if len(unbent) else arcs
