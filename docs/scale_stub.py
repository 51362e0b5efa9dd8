"""A network that takes the time of another: it sleeps. Workers of `docs/scale_simulation.py` import it."""

import time

import torch
from torch import Tensor, nn

__all__ = ["Paced"]


class Paced(nn.Module):
    """Scores images by their mean, so many a second.

    Arguments:
        rate: images a second.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to logits (B, 1)."""
        time.sleep(len(images) / self.rate)
        return self.weight * images.mean(dim=(1, 2, 3))[:, None]
