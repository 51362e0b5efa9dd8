"""Denoisers: images in any unit, in which a U-Net sees multiples of the noise."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.expected_noise import ExpectedNoise, padded
from zoo_core.images.sky import level_and_noise

from .network import UNet

__all__ = ["AstroUNet", "Denoiser"]

WIDTHS = (32, 64, 128, 256, 512)


class AstroUNet(nn.Module):
    """The Astro U-Net: from an exposure to one that is `ratio` times as long, sky subtracted.

    The network sees the image in units of its sky's noise, of which the published one saw electrons, and images of any
    size, mirrored at the border up to a multiple of 16 pixels.

    Source: Vojtekova et al. (2021), MNRAS 503, 3204.

    Arguments:
        channels: of the input.
        outputs: channels of the output.
        ratio: of the exposure times.
    """

    def __init__(self, channels: int, outputs: int, ratio: float = 10.0):
        super().__init__()
        self.ratio = ratio
        self.unet = UNet(channels, outputs, WIDTHS, conditions=1)

    def forward(self, x: Tensor, ratio: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        """Images (B, outputs, H, W) in the unit of the images (B, channels, H, W).

        Arguments:
            ratio: of each image, (B,); None: that of the network.
            noise: of the sky when the images were observed, (B, channels, 1, 1); None: it is measured.
        """
        level, sigma = level_and_noise(x, noise)
        told = torch.full((len(x),), self.ratio) if ratio is None else ratio
        seen = (x - level) / sigma
        return padded(lambda part: self.unet(part, told[:, None]), seen, 2 ** (len(WIDTHS) - 1)) * sigma


class Denoiser(nn.Module):
    """What a U-Net finds to be noise is taken away, in units of the noise that each pixel should have.

        y = z - s u(asinh z, z / s)

    z and s are those of `ExpectedNoise`; u is the U-Net, which works on blocks of pixels as on channels (Zhang, Zuo &
    Zhang 2018, IEEE Trans. Image Process. 27, 4608).

    Arguments:
        channels: of the input, which are those of the output.
        outputs: channels of the output; the same number.
        widths, shuffle, uncertain: see `Arguments` and `Levels` of the plugin.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        widths: Sequence[int] = (24, 48, 96),
        shuffle: int = 2,
        uncertain: bool = False,
    ):
        super().__init__()
        self.shuffle, self.uncertain, self.outputs = shuffle, uncertain, outputs
        self.multiple = shuffle * 2 ** (len(widths) - 1)
        blocks = shuffle**2
        self.unet = UNet(2 * channels * blocks, (2 if uncertain else 1) * outputs * blocks, widths)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Images (B, outputs, H, W) in the unit of images (B, channels, H, W), and the scale of each pixel if asked.

        Arguments:
            noise: of the sky when the images were observed, (B, channels, 1, 1); None: it is measured.
        """
        expected = ExpectedNoise.of(x, noise)
        found = padded(self._found, expected.channels(), self.multiple).float()
        image = (expected.z - expected.scale * found[:, : self.outputs]) * expected.sigma
        if not self.uncertain:
            return image
        return image, expected.scale * F.softplus(found[:, self.outputs :]).clamp(min=1e-3) * expected.sigma

    def _found(self, seen: Tensor) -> Tensor:
        return F.pixel_shuffle(self.unet(F.pixel_unshuffle(seen, self.shuffle)), self.shuffle)
