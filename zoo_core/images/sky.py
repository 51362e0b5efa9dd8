"""Sky level and noise of images whose centre holds a galaxy.

Only the faint side of the sky's own distribution is used: light adds, so the pixels below the level are noise. The
estimate does not depend on the flux unit, and correlated noise does not bias it as differences of neighbours would.
"""

import numpy as np
import torch
from torch import Tensor

__all__ = ["level_and_noise", "sky"]

ROUNDS = 8
CLIP = 2.5  # sigmas above the level
LEAST = 1e-30  # peak of an image that shows nothing
LOWER_QUANTILE = 0.158655  # one sigma below the median of a Gaussian


def sky(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Level and standard deviation of the sky, by iterated one-sided clipping.

    Arguments:
        pixels: (..., H, W), finite.

    Returns:
        level, sigma: shape (..., 1, 1). Sigma is 0 where at least a third of the pixels below the level are equal.
    """
    values = _sorted(pixels[..., ::2, ::2].flatten(-2))  # a quarter of the pixels tells sigma to 2 %
    kept = torch.full((*values.shape[:-1], 1), values.shape[-1], device=values.device)
    for _ in range(ROUNDS):
        level, sigma = _level_and_sigma(values, kept)
        kept = torch.searchsorted(values, level + CLIP * sigma, right=True).clamp(min=8)
    level, sigma = _level_and_sigma(values, kept)
    return level[..., None], sigma[..., None]


def level_and_noise(pixels: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Level and standard deviation of the sky, (..., 1, 1), the second never 0.

    Arguments:
        pixels: (..., H, W), finite, in any unit. In an image without noise sigma is a thousandth of its peak.
        noise: (..., 1, 1), where it is known, as of an image of which some has been taken away; None: it is measured.
    """
    level, sigma = sky(pixels)
    if noise is not None:
        return level, noise.to(pixels)
    peak = pixels.abs().amax((-2, -1), keepdim=True).clamp(min=LEAST)
    return level, torch.where(sigma > 1e-6 * peak, sigma, 1e-3 * peak)


def _sorted(values: Tensor) -> Tensor:
    if values.is_cpu and not values.requires_grad:
        return torch.from_numpy(np.sort(values.numpy(), axis=-1))  # thirty times faster: it keeps no indices
    return values.sort(-1).values


def _level_and_sigma(values: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    level = _quantile(values, kept, 0.5)
    return level, level - _quantile(values, kept, LOWER_QUANTILE)


def _quantile(values: Tensor, kept: Tensor, q: float) -> Tensor:
    position = (kept - 1) * q
    below = position.floor().long()
    low, high = values.gather(-1, below), values.gather(-1, (below + 1).clamp(max=values.shape[-1] - 1))
    return low + (position - below) * (high - low)
