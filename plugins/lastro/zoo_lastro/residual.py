"""LASTRO residual: VALID convolutions with shortcuts (Schaefer et al. 2018, A&A 611, A2)."""

import math

from torch import Tensor, nn

from .layers import EPS, UnitConv, UnitPool, unit_relu

__all__ = ["Residual", "UnitBlock"]


class UnitBlock(nn.Module):
    """act((shortcut + branch) / sqrt(2)), which keeps unit variance.

    The branch is a chain of 3 x 3 VALID convolutions; the shortcut is the input without the border that they take,
    through a 1 x 1 convolution where the number of channels changes.

    Arguments:
        inputs, outputs: channels.
        convolutions: of the branch, two or more.
    """

    def __init__(self, inputs: int, outputs: int, convolutions: int):
        super().__init__()
        self.border = convolutions
        self.branch = nn.Sequential(
            UnitConv(inputs, outputs, 3),
            *(UnitConv(outputs, outputs, 3) for _ in range(convolutions - 2)),
            UnitConv(outputs, outputs, 3, activate=False),
        )
        self.shortcut = nn.Identity() if inputs == outputs else UnitConv(inputs, outputs, 1, activate=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, H, W) to (batch, outputs, H - 2 convolutions, W - 2 convolutions)."""
        inner = slice(self.border, -self.border)
        return unit_relu((self.shortcut(x[..., inner, inner]) + self.branch(x)) * math.sqrt(0.5))


class Residual(nn.Module):
    """Seventeen convolutions, sixteen of them in seven blocks, and four fully connected layers on 101 x 101 pixels.

    Arguments:
        channels: of the input.
        outputs: logits.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(
            *_normalised(UnitConv(channels, 16, 2), 16),
            *_normalised(UnitBlock(16, 16, 2), 16),
            UnitBlock(16, 16, 2),
            *_normalised(UnitPool(16), 16),
            *_normalised(UnitBlock(16, 32, 3), 32),
            UnitBlock(32, 32, 2),
            *_normalised(UnitPool(32), 32),
            nn.Dropout(),
            *_normalised(UnitBlock(32, 64, 2), 64),
            *_normalised(UnitBlock(64, 92, 2), 92),
            nn.Dropout(),
            *_normalised(UnitBlock(92, 128, 3), 128),
            nn.Dropout(),
            *_normalised(UnitConv(128, 1024, 4), 1024),  # fully connected on 4 x 4 x 128
            nn.Dropout(),
            *_normalised(UnitConv(1024, 1024, 1), 1024),
            nn.Dropout(),
            *_normalised(UnitConv(1024, 1024, 1), 1024),
        )
        self.head = UnitConv(1024, outputs, 1, activate=False)

    def features(self, x: Tensor) -> Tensor:
        """(batch, 1024) of images (batch, channels, 101, 101)."""
        return self.body(x).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, 101, 101)."""
        return self.head(self.body(x)).flatten(1)


def _normalised(layer: nn.Module, channels: int) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(channels, eps=EPS)]
