"""Saturated detectors: a full pixel gives what it cannot hold to its neighbours in the column."""

import torch
from torch import Tensor

__all__ = ["bled"]


def bled(images: Tensor, full: Tensor) -> Tensor:
    """The images with no pixel above its full well; the excess of each column bleeds up and down from its centre.

    A column with an excess E bleeds over E / full pixels, half of them to each side: the charge is conserved but for
    what leaves the frame.

    Arguments:
        images: (B, H, W), flux in sky sigma.
        full: what a pixel holds, sky sigma, (B,); infinite where nothing saturates.
    """
    level = full.to(images)[:, None, None]
    excess = (images - level).clamp(min=0)
    column = excess.sum(1, keepdim=True)
    if not bool((column > 0).any()):
        return images
    rows = torch.arange(images.shape[1], dtype=images.dtype, device=images.device)[None, :, None]
    centre = (excess * rows).sum(1, keepdim=True) / column.clamp(min=1e-9)
    held, count = images.clamp(max=level), (excess > 0).sum(1, keepdim=True)
    half = 0.5 * (column / level + count)
    trail = (column > 0) & ((rows - centre).abs() <= half)
    return torch.where(trail, torch.maximum(held, level), held)
