"""Faults of detectors: cosmic rays, hot pixels and areas that were not measured.

Each image has some slots, EVENTS unless a survey has more; what a slot holds, where and how strong, is decided by six
uniform numbers. All images are struck at once, slot by slot, on whatever device they are.
"""

import math

import torch
from torch import Tensor

from .noise import NoiseTable, column

__all__ = ["EVENTS", "strike"]

EVENTS = 6
"""Slots in one image."""

COSMIC, HOT, BLANK, NOTHING = range(4)

TRACK = 17
"""Side of the window that holds a cosmic ray, pixels: the longest and six sigma to each side."""

TRACK_SIGMA = 0.45
"""Of a track's Gaussian cross-section, pixels: sharper than any star."""


def strike(image: Tensor, recipes: NoiseTable, events: Tensor) -> Tensor:
    """The images with their faults; NaN where nothing was measured.

    Arguments:
        image: (B, H, H), flux in sky sigma.
        recipes: of the same batch; `cosmics`, `hot` and `blanks` are the expected numbers in a frame.
        events: uniform in [0, 1), (B, slots, 6): which kind, where (two), how strong, direction, length.
    """
    kind, u = _kinds(recipes, events), events[..., 1:]
    faults = (_cosmic_rays(image, u, kind == COSMIC), _hot_pixels(image, u, kind == HOT))
    place, light = (torch.cat(parts, dim=2) for parts in zip(*faults, strict=True))
    struck = image.flatten(1).clone()
    for slot in range(events.shape[1]):  # one after the other: sums are then the same in every run
        struck.scatter_add_(1, place[:, slot], light[:, slot])
    return struck.view_as(image).masked_fill(_blank(image.shape[-1], u, kind == BLANK), torch.nan)


def _kinds(recipes: NoiseTable, events: Tensor) -> Tensor:
    """What each slot holds, shape (B, slots)."""
    expected = torch.cat([column(recipes, name, events)[:, 0] for name in ("cosmics", "hot", "blanks")], dim=1)
    chances = expected.cumsum(1) / events.shape[1]
    return (events[:, :, :1] >= chances[:, None, :]).sum(2)


def _cosmic_rays(image: Tensor, u: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Short straight tracks: places in the flattened image and light there, shape (B, slots, pixels of the window).

    4 60^u2 exp(-d^2 / (2 TRACK_SIGMA^2)), with d the distance from a segment of up to 4.3 pixels to each side.
    """
    side, width = image.shape[-1], min(TRACK, image.shape[-1])
    (column, x), (row, y) = (_window(u[..., i], side, width, image.dtype) for i in (0, 1))
    half, strength = 0.3 + 4 * u[..., 4] ** 3, 4 * 60 ** u[..., 2] * chosen
    cos, sin = (math.pi * u[..., 3]).cos(), (math.pi * u[..., 3]).sin()
    half, strength, cos, sin = (part.to(image.dtype)[..., None, None] for part in (half, strength, cos, sin))
    x, y = x[..., None, :], y[..., :, None]
    along, across = x * cos + y * sin, y * cos - x * sin
    beyond = (along.abs() - half).clamp(min=0)
    light = strength * torch.exp(-(across**2 + beyond**2) / (2 * TRACK_SIGMA**2))
    return (row[..., :, None] * side + column[..., None, :]).flatten(2), light.flatten(2)


def _window(place: Tensor, side: int, width: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Pixels of a window about a place (in sides of the frame), and their distances from it, shape (..., width)."""
    first = ((side * place).long() - width // 2).clamp(0, side - width)
    pixels = first[..., None] + torch.arange(width, device=place.device)
    # rounded as the frozen images are, about the middle of the frame
    return pixels, (pixels - (side - 1) / 2).to(dtype) - (side * (place - 0.5)).to(dtype)[..., None]


def _hot_pixels(image: Tensor, u: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """One pixel a slot, bright, or in a fifth of the cases dead: places and light, shape (B, slots, 1)."""
    column, row = ((image.shape[-1] * u[..., i]).long().clamp_max(image.shape[-1] - 1) for i in (0, 1))
    light = (4 - 8.0 * (u[..., 3] < 0.2)) * 50 ** u[..., 2] * chosen
    return (row * image.shape[-1] + column)[..., None], light.to(image.dtype)[..., None]


def _blank(side: int, u: Tensor, chosen: Tensor) -> Tensor:
    """The union of a missing edge or a small box that avoids the centre, one a slot, shape (B, side, side)."""
    left, right, bottom, top = torch.where(u[..., 3] < 0.5, _edge(side, u), _box(side, u)).unbind(0)
    axis = torch.arange(side, device=u.device)
    columns = (axis >= left[..., None]) & (axis < right[..., None]) & chosen[..., None]
    rows = (axis >= bottom[..., None]) & (axis < top[..., None])
    return rows.mT.float() @ columns.float() > 0


def _edge(side: int, u: Tensor) -> Tensor:
    """A strip along one of the four edges: left, right, bottom and top, shape (4, B, slots)."""
    depth, edge = 1 + (0.25 * side * u[..., 4]).long(), (4 * u[..., 0]).long()
    none, whole = torch.zeros_like(depth), torch.full_like(depth, side)
    left, right = torch.where(edge == 3, side - depth, none), torch.where(edge == 2, depth, whole)
    bottom, top = torch.where(edge == 1, side - depth, none), torch.where(edge == 0, depth, whole)
    return torch.stack([left, right, bottom, top])


def _box(side: int, u: Tensor) -> Tensor:
    """A square of 2 to 9 pixels, 0.2 to 0.5 of the frame from the centre; as `_edge`."""
    size, angle, distance = 2 + (8 * u[..., 4]).long(), 2 * math.pi * u[..., 0], 0.2 + 0.3 * u[..., 1]
    left, bottom = ((side / 2 + side * distance * part).long() for part in (angle.cos(), angle.sin()))
    return torch.stack([left, left + size, bottom, bottom + size])
