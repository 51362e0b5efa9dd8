"""LASTRO views: the baseline and a network of the centre, joined (Schaefer et al. 2018, A&A 611, A2)."""

import torch
from torch import Tensor, nn

from .baseline import Lastro
from .layers import EPS, UnitConv

__all__ = ["Centre", "Views"]

CROP = slice(28, 73)  # of 101 pixels
WIDTHS = (16, 19, 23, 27, 33, 39, 47, 57, 68, 82)
NORMALISED = (23, 39, 68)


class Centre(nn.Module):
    """Eleven 5 x 5 VALID convolutions without pooling and three fully connected layers on the central 45 x 45 pixels.

    Arguments:
        channels: of the input.
        outputs: of the last layer.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        inputs = (channels, *WIDTHS[:-1])
        self.body = nn.Sequential(
            *(layer for pair in zip(inputs, WIDTHS, strict=True) for layer in self._convolution(*pair)),
            nn.Dropout(),
            UnitConv(WIDTHS[-1], 256, 5),
            nn.Dropout(),
            UnitConv(256, 512, 1),
            nn.Dropout(),
            UnitConv(512, 512, 1),
            nn.BatchNorm2d(512, eps=EPS),
        )
        self.head = UnitConv(512, outputs, 1, activate=False)

    @staticmethod
    def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
        convolution = UnitConv(inputs, outputs, 5)
        return [convolution, nn.BatchNorm2d(outputs, eps=EPS)] if outputs in NORMALISED else [convolution]

    def features(self, x: Tensor) -> Tensor:
        """(batch, 512) of images (batch, channels, 101, 101)."""
        return self.body(x[..., CROP, CROP]).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, outputs) of images (batch, channels, 101, 101)."""
        return self.head(self.body(x[..., CROP, CROP])).flatten(1)


class Views(nn.Module):
    """Two numbers from the whole image and two from its centre, weighed by three small layers.

    Arguments:
        channels: of the input.
        outputs: logits.
    """

    def __init__(self, channels: int, outputs: int):
        super().__init__()
        self.whole, self.centre = Lastro(channels, 2), Centre(channels, 2)
        self.join = nn.Sequential(UnitConv(4, 8, 1), UnitConv(8, 8, 1))
        self.head = UnitConv(8, outputs, 1, activate=False)

    def features(self, x: Tensor) -> Tensor:
        """(batch, 1536): what both networks know of images (batch, channels, 101, 101) before they decide."""
        return torch.cat([self.whole.features(x), self.centre.features(x)], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, channels, 101, 101)."""
        both = torch.cat([self.whole(x), self.centre(x)], 1)[..., None, None]  # (batch, 4, 1, 1)
        return self.head(self.join(both)).flatten(1)
