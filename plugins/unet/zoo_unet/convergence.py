"""Maps of the mass of lenses by a U-Net."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.expected_noise import padded

from .network import UNet

__all__ = ["MassMapper", "isothermal"]

RADIUS = 10.0
"""Einstein radius, pixels, of the lens that a network which has found nothing shows: 1 arcsec in those of 0.1."""

SOFTENED = 1 / (4 * math.log(1 + math.sqrt(2)))
"""Pixels: 1 over the mean of 1 / r over a square pixel about its centre."""

LEAST = 5e-3  # dex, of sigma, so that no pixel weighs infinitely


class MassMapper(nn.Module):
    """log10 of the convergence, as what differs from an isothermal sphere in the middle of the frame.

        map = log10(R / (2 r)) + u(x, r),    sigma = softplus(v(x, r)) + LEAST

    u and v are the U-Net's, which works on blocks of pixels as on channels (Zhang, Zuo & Zhang 2018, IEEE Trans. Image
    Process. 27, 4608); r is the distance from the middle, R is RADIUS.

    Source: the target and its logarithm are those of Hezaveh, Perreault Levasseur & Marshall (2017), Nature 548, 555,
    whose simulator writes such maps; networks of this shape map the mass in Adam et al. (2022), arXiv:2207.01073.

    Arguments:
        channels: of the input.
        outputs: channels of the map.
        widths, shuffle: see `Levels` of the plugin.
    """

    def __init__(self, channels: int, outputs: int, widths: Sequence[int] = (32, 64, 128), shuffle: int = 4):
        super().__init__()
        self.shuffle, self.outputs, self.multiple = shuffle, outputs, shuffle * 2 ** (len(widths) - 1)
        blocks = shuffle**2
        self.unet = UNet((channels + 1) * blocks, 2 * outputs * blocks, widths)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map and sigma (B, outputs, H, W), dex, of images (B, channels, H, W)."""
        sphere = isothermal(x)
        found = padded(self._found, torch.cat([x, sphere.expand(len(x), -1, -1, -1)], dim=1), self.multiple).float()
        return sphere + found[:, : self.outputs], F.softplus(found[:, self.outputs :] - 2) + LEAST

    def _found(self, seen: Tensor) -> Tensor:
        return F.pixel_shuffle(self.unet(F.pixel_unshuffle(seen, self.shuffle)), self.shuffle)


def isothermal(x: Tensor) -> Tensor:
    """log10 of the convergence of a singular isothermal sphere of RADIUS in the middle of images, (1, 1, H, W)."""
    rows, columns = (torch.arange(side, device=x.device, dtype=x.dtype) - (side - 1) / 2 for side in x.shape[-2:])
    return (RADIUS / 2 / torch.hypot(torch.hypot(rows[:, None], columns), x.new_tensor(SOFTENED))).log10()[None, None]
