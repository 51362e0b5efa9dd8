"""Regression on trivial statistics."""

import torch
from torch import Tensor, nn

from .statistics import NAMES, statistics

__all__ = ["Trivial"]

LIMIT = 5.0  # standard deviations, beyond which a statistic is taken to be there


class Trivial(nn.Module):
    """Outputs that are quadratic in the standardised statistics.

    Arguments:
        channels: of the input.
        outputs: logits, or means and log variances of parameters.
    """

    mean: Tensor
    scale: Tensor
    pairs: Tensor

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        count = channels * len(NAMES)
        self.register_buffer("mean", torch.zeros(count))
        self.register_buffer("scale", torch.ones(count))
        self.register_buffer("pairs", torch.triu_indices(count, count))
        self.head = nn.Linear(count + count * (count + 1) // 2, outputs)

    def features(self, x: Tensor) -> Tensor:
        """The statistics, their squares and products, of images (batch, channels, size, size)."""
        standardised = ((statistics(x) - self.mean) / self.scale).clamp(-LIMIT, LIMIT)
        first, second = self.pairs
        return torch.cat([standardised, standardised[:, first] * standardised[:, second]], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Outputs (batch, outputs) of images (batch, channels, size, size)."""
        return self.head(self.features(x))
