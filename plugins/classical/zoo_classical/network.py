"""Hand-made features and a classifier on top of them."""

import math

import torch
from torch import Tensor, nn

from .features import count, features
from .gabor import filter_bank
from .polar import polar_grid

__all__ = ["SIZE", "Classical", "Hidden", "Landmarks"]

SIZE = 101
LIMIT = 5.0  # standard deviations, beyond which a feature is taken to be there


class Classical(nn.Module):
    """Standardised features, mapped by the head, then logits that are linear.

    Arguments:
        channels: of the input.
        outputs: logits.
        head: "linear", "rbf" (Gaussian kernel with landmarks) or "mlp" (one hidden layer).
        width: landmarks, or hidden units.
    """

    mean: Tensor
    scale: Tensor
    grid: Tensor
    bank: Tensor

    def __init__(self, channels: int, outputs: int, head: str = "mlp", width: int = 256):
        super().__init__()
        inputs = count(channels)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("grid", polar_grid(SIZE), persistent=False)
        self.register_buffer("bank", filter_bank(), persistent=False)
        self.map = _HEADS[head](inputs, width)
        self.head = nn.Linear(inputs if head == "linear" else width, outputs)

    def features(self, x: Tensor) -> Tensor:
        """The standardised features (batch, count(channels)) of images (batch, channels, 101, 101)."""
        return ((self.raw(x) - self.mean) / self.scale).clamp(-LIMIT, LIMIT)

    def raw(self, x: Tensor) -> Tensor:
        """The features as they are.

        On a CPU of an image at a time, so that the responses to the filters stay in the caches of a core.
        """
        parts = x.split(1) if x.is_cpu else (x,)
        return torch.cat([features(part, self.grid, self.bank) for part in parts])

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, 101, 101)."""
        return self.head(self.map(self.features(x)))


class Landmarks(nn.Module):
    """Gaussian kernel with a few landmarks, made orthonormal (Williams & Seeger 2001, the Nystroem method)."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.landmarks = nn.Parameter(torch.randn(width, inputs))
        self.log_gamma = nn.Parameter(torch.tensor(-math.log(inputs)))
        self.normalization = nn.Parameter(torch.eye(width))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, width)."""
        distance = x.square().sum(1, keepdim=True) + self.landmarks.square().sum(1) - 2 * x @ self.landmarks.T
        return torch.exp(-self.log_gamma.exp() * distance.clamp(min=0)) @ self.normalization.T


class Hidden(nn.Sequential):
    """One hidden layer."""

    def __init__(self, inputs: int, width: int):
        super().__init__(nn.Linear(inputs, width), nn.ReLU())


_HEADS = {"linear": lambda inputs, width: nn.Identity(), "rbf": Landmarks, "mlp": Hidden}
