"""The U-Net."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["UNet"]

SLOPE = 0.2  # of the leaky ReLU


class UNet(nn.Module):
    """Two 3 x 3 convolutions a level, 2 x 2 maxima downwards, 2 x 2 transposed convolutions and skips upwards.

    Numbers that belong to the whole image, such as the ratio of exposure times, are channels of what enters the lowest
    level; the weights of these channels are a tensor of their own, so that a network without them can be the start.

    Source: Ronneberger, Fischer & Brox (2015), arXiv:1505.04597; widths and ratio: Vojtekova et al. (2021), MNRAS 503,
    3204.

    Arguments:
        channels: of the input.
        outputs: channels of the output.
        widths: channels of each level, from the finest on.
        conditions: numbers that the lowest level is told of each image.
    """

    def __init__(self, channels: int, outputs: int, widths: Sequence[int], conditions: int = 0):
        super().__init__()
        *upper, lowest = widths
        self.down = nn.ModuleList([_level(*pair) for pair in pairwise([channels, *upper])])
        self.lowest = _level((upper or [channels])[-1], lowest)
        self.told = nn.Conv2d(conditions, lowest, 3, padding=1, bias=False) if conditions else None
        steps = list(pairwise(reversed(widths)))
        self.up = nn.ModuleList([nn.ConvTranspose2d(coarse, fine, 2, stride=2) for coarse, fine in steps])
        self.joined = nn.ModuleList([_level(2 * fine, fine) for _, fine in steps])
        self.out = nn.Conv2d(widths[0], outputs, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Images (B, outputs, H, W) of images (B, channels, H, W), whose sides the levels halve without a remainder.

        Arguments:
            conditions: (B, conditions).
        """
        skips = []
        for level in self.down:
            skips.append(level(x))
            x = self.pool(skips[-1])
        x = self._lowest(x, conditions)
        for up, joined, skip in zip(self.up, self.joined, reversed(skips), strict=True):
            x = joined(torch.cat([up(x), skip], dim=1))
        return self.out(x)

    def _lowest(self, x: Tensor, conditions: Tensor | None) -> Tensor:
        if self.told is None or conditions is None:
            return self.lowest(x)
        planes = conditions.to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.lowest[1:](self.lowest[0](x) + self.told(planes))  # a convolution of both, as of one tensor


def _level(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, width, 3, padding=1),
        nn.LeakyReLU(SLOPE),
    )
