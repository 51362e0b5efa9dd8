"""The light of a galaxy in the middle of an image, as far as it is the same all around it."""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from torch import Tensor

from zoo_core.images.channels import blur

__all__ = ["profile"]

WINDOW = 5.0  # pixels, of the Gaussian in which the shape is measured
ROUNDS = 8
FLATTEST = 0.3  # least axis ratio
APART = 1e7  # between the values of rings, so that they can be sorted together
LOWER = 0.4  # of the pixels of a ring, those below: arcs are light, so that the middle one may show them


def profile(z: Tensor) -> Tensor:
    """What a lower quantile of the pixels of each elliptical ring is, (B, C, H, W), one pixel wide.

    Arguments:
        z: images (B, C, H, W), sky subtracted.
    """
    return _uncompiled(z)


@torch.no_grad()
def _profile(z: Tensor) -> Tensor:
    shape = z.shape
    images = z.reshape(-1, *shape[-2:])
    radius = _radii(images.double())  # a pixel shall be in the same ring however many images there are
    rings = radius.round().long().flatten(1)
    levels = _quantiles(images.flatten(1), rings, int(rings.max()) + 1)
    return _between(levels, radius.flatten(1).to(z)).view(shape)


_uncompiled = cast(Callable[[Tensor], Tensor], torch.compiler.disable(_profile))
"""In compiled code a pixel may round into another ring."""


def _radii(images: Tensor) -> Tensor:
    """Elliptical radius of each pixel, pixels: sqrt(q x'^2 + y'^2 / q), the shape by adaptive moments."""
    height, width = images.shape[-2:]
    y = torch.arange(height, device=images.device, dtype=images.dtype)[:, None] - (height - 1) / 2
    x = torch.arange(width, device=images.device, dtype=images.dtype)[None] - (width - 1) / 2
    squares = torch.stack([(x * x).expand(height, width), x * y, (y * y).expand(height, width)])  # xx, xy, yy
    light = blur(images[:, None], 1.0)[:, 0].clamp(min=0) + 1e-6
    inverse = torch.tensor([1.0, 0.0, 1.0], dtype=images.dtype, device=images.device).expand(len(images), 3)
    for _ in range(ROUNDS):
        weight = light * torch.exp(-0.5 * _form(inverse, squares) / WINDOW**2)
        moments = torch.einsum("bhw,khw->bk", weight, squares)
        inverse = _normalised(moments)
    return _form(inverse, squares).sqrt()


def _form(inverse: Tensor, squares: Tensor) -> Tensor:
    factors = inverse * inverse.new_tensor([1.0, 2.0, 1.0])
    return torch.einsum("bk,khw->bhw", factors, squares).clamp(min=0)


def _normalised(moments: Tensor) -> Tensor:
    """The inverse of the matrix of these moments, its determinant 1, no flatter than FLATTEST."""
    xx, xy, yy = moments.unbind(1)
    size = (xx + yy).clamp(min=1e-12)
    e1, e2 = (xx - yy) / size, 2 * xy / size
    most = (1 - FLATTEST**2) / (1 + FLATTEST**2)
    e = torch.hypot(e1, e2).clamp(min=1e-9)
    factor = e.clamp(max=most) / e
    e1, e2 = factor * e1, factor * e2
    root = (1 - e1**2 - e2**2).sqrt()
    return torch.stack([(1 - e1) / root, -e2 / root, (1 + e1) / root], 1)


def _quantiles(values: Tensor, rings: Tensor, count: int) -> Tensor:
    """The quantile LOWER of each ring of each image, (B, count)."""
    apart = APART * rings.double()
    ranked = _sorted(apart + values.clamp(-APART / 3, APART / 3))
    sizes = torch.zeros(len(values), count, dtype=torch.long, device=values.device)
    sizes.scatter_add_(1, rings, torch.ones_like(rings))
    chosen = sizes.cumsum(1) - sizes + ((sizes - 1).clamp(min=0) * LOWER).long()
    levels = ranked.gather(1, chosen.clamp(max=values.shape[1] - 1))
    filled = (levels - APART * torch.arange(count, device=values.device)).to(values)
    return torch.where(sizes > 0, filled, filled[:, 1:2])  # about the middle of an even side there is no pixel


def _sorted(values: Tensor) -> Tensor:
    if values.is_cpu:
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))  # many times faster: it keeps no indices
    return values.sort(-1).values


def _between(levels: Tensor, radius: Tensor) -> Tensor:
    """Levels (B, rings) at these radii (B, N), between the rings in asinh."""
    shown, below = levels.asinh(), radius.floor().long()
    last = radius.round().long().amax(1, keepdim=True)  # of each image: other images have more rings
    low, high = shown.gather(1, below.minimum(last)), shown.gather(1, (below + 1).minimum(last))
    return (low + (radius - below) * (high - low)).sinh()
