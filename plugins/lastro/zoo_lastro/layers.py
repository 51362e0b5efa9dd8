"""What the networks of Schaefer et al. (2018), A&A 611, A2 are made of; it keeps signals at N(0, 1)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["EPS", "UnitConv", "UnitPool", "unit_relu"]

EPS = 1e-3  # of every batch normalisation
MEAN, SCALE = 1 / math.sqrt(2 * math.pi), math.sqrt(2 * math.pi / (math.pi - 1))


def unit_relu(x: Tensor) -> Tensor:
    """ReLU of zero mean and unit variance for x ~ N(0, 1)."""
    return x.clamp(min=0).sub_(MEAN).mul_(SCALE)


class UnitConv(nn.Module):
    """VALID convolution whose weights are N(0, 1) and divided by sqrt(fan in) as they are used, then `unit_relu`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, activate: bool = True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs * kernel**2)
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, H, W) to (batch, outputs, H - kernel + 1, W - kernel + 1)."""
        x, weight = self._scaled(x)
        x = F.conv2d(x, weight, self.bias)
        return unit_relu(x) if self.activate else x

    def _scaled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Input and weight, one of them times the gain: the smaller one, which takes less time."""
        if x.numel() < self.weight.numel():
            return x * self.gain, self.weight
        return x, self.weight * self.gain


class UnitPool(nn.Module):
    """Max pooling 2 x 2, then a learned scale and shift that start by restoring zero mean and unit variance."""

    def __init__(self, channels: int):
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.83))
        self.shift = nn.Parameter(torch.full((channels, 1, 1), -0.92))

    def forward(self, x: Tensor) -> Tensor:
        """Half the height and width, rounded up."""
        return (self.scale * F.max_pool2d(x, 2, ceil_mode=True)).add_(self.shift)
