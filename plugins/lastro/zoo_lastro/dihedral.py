"""Layers that turn with the image: equivariant to D4 (Cohen & Welling 2016; Schaefer et al. 2018, A&A 611, A2).

A feature is eight channels, one for each element g of D4, in the regular representation: an image turned by u has in
channel u g what the image had in channel g, turned by u. Channels are numbered 8 feature + g.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.augmentation import D4, dihedral

from .layers import EPS, unit_relu

__all__ = ["ORDER", "DihedralConv", "DihedralNorm", "DihedralPool", "GroupSum", "LiftingConv", "inverse", "product"]

ORDER = len(D4)


def product(g: int, h: int) -> int:
    """The element g h, first h and then g, where 4 m + r mirrors m times and then makes r quarter turns.

    A mirror turns the sense of rotation: (m, r) (m', r') = (m + m' mod 2, r + (-1)^m r' mod 4).
    """
    sense = -1 if g >= 4 else 1
    return (g // 4 + h // 4) % 2 * 4 + (g + sense * h) % 4


def inverse(g: int) -> int:
    """The element that undoes g: the turn back, or the same mirror."""
    return g if g >= 4 else -g % 4


class LiftingConv(nn.Module):
    """VALID convolution from an image to features: the kernel of channel g is turned by g.

    Kernels are N(0, 1) and divided by sqrt(fan in) as they are used, then `unit_relu`, as in `UnitConv`.
    """

    def __init__(self, channels: int, features: int, kernel: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(features))
        self.gain = 1 / math.sqrt(channels * kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, H, W) to (batch, 8 features, H - kernel + 1, W - kernel + 1)."""
        kernels = torch.stack([dihedral(self.weight, g) for g in D4], 1).flatten(0, 1)
        return unit_relu(F.conv2d(x, kernels * self.gain, self.bias.repeat_interleave(ORDER)))


class DihedralConv(nn.Module):
    """VALID convolution from features to features: channel h reaches channel g through kernel g^-1 h, turned by g.

    Kernels are N(0, 1) and divided by sqrt(fan in) as they are used, then `unit_relu`, as in `UnitConv`.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, ORDER * inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(ORDER * inputs * kernel**2)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 8 inputs, H, W) to (batch, 8 outputs, H - kernel + 1, W - kernel + 1)."""
        kernels = torch.stack([self._turned(g) for g in D4], 1)  # (outputs, 8, inputs, 8, kernel, kernel)
        kernels = kernels.flatten(2, 3).flatten(0, 1)
        return unit_relu(F.conv2d(x, kernels * self.gain, self.bias.repeat_interleave(ORDER)))

    def _turned(self, g: int) -> Tensor:
        channels = self.weight.unflatten(1, (-1, ORDER))  # (outputs, inputs, 8, kernel, kernel)
        return dihedral(channels[:, :, [product(inverse(g), h) for h in D4]], g)


class DihedralPool(nn.Module):
    """Max pooling 2 x 2 of maps of even size, then a scale and a shift, learned for each feature."""

    def __init__(self, features: int):
        super().__init__()
        self.scale = nn.Parameter(torch.full((features, 1, 1), 0.77))
        self.shift = nn.Parameter(torch.full((features, 1, 1), -1.0))

    def forward(self, x: Tensor) -> Tensor:
        """Half the height and width."""
        scale, shift = (of.repeat_interleave(ORDER, 0) for of in (self.scale, self.shift))
        return scale * F.max_pool2d(x, 2) + shift


class DihedralNorm(nn.Module):
    """Batch normalisation with one mean and variance for the eight channels of a feature."""

    def __init__(self, features: int):
        super().__init__()
        self.norm = nn.BatchNorm3d(features, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        """The features after the layer, in the shape of those before it."""
        return self.norm(x.unflatten(1, (-1, ORDER))).flatten(1, 2)


class GroupSum(nn.Module):
    """Sum over the eight channels of each feature, which does not change when the image is turned, over sqrt(8)."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 8 features, 1, 1) to (batch, features, 1, 1)."""
        return x.unflatten(1, (-1, ORDER)).sum(2) / math.sqrt(ORDER)
