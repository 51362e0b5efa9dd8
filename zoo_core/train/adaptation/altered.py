"""Images altered strongly: what a method asks a network to see through."""

import torch
from torch import Generator, Tensor

__all__ = ["altered"]

LARGEST = 0.5  # of a side, of the square that is erased
NOISE = 0.3  # standard deviation of the noise, in those of the images


def altered(images: Tensor, generator: Generator) -> Tensor:
    """The images (B, C, H, W) with noise, and a square of up to half a side set to zero: a new tensor.

    Squares: DeVries & Taylor (2017), arXiv:1708.04552.
    """
    count, side, device = len(images), images.shape[-1], images.device
    noise = torch.randn(images.shape, generator=generator, device=device)
    changed = images + NOISE * images.std((1, 2, 3), keepdim=True) * noise
    half, row, column = torch.rand(3, count, 1, generator=generator, device=device)
    axis = (torch.arange(side, device=device) + 0.5) / side
    rows, columns = ((axis - place).abs() < half * LARGEST / 2 for place in (row, column))
    return changed.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.0)
