"""A network that tells features of source images from those of target images."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Discriminator"]


class Discriminator(nn.Sequential):
    """Two hidden layers and a logit: above 0 for the source.

    Arguments:
        features: numbers an image.
        width: of the hidden layers.
    """

    def __init__(self, features: int, width: int):
        layers = [nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)]
        super().__init__(*layers)

    def loss(self, features: Tensor, source: bool) -> Tensor:
        """Cross entropy of these features (B, D), which are of source images or of target images."""
        logits = self(features)
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(source)))
