"""Images in any unit, restored by a residual network that sees multiples of the noise."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.expected_noise import ExpectedNoise, padded

from .network import EDSR

__all__ = ["Restorer"]

LEAST_ERROR = 0.05  # of the noise: no pixel is known better
REACH = 36  # pixels, which are 3.6 arcsec: farther out are the arcs of one lens in thirty


class Restorer(nn.Module):
    """What an EDSR finds is taken away (denoising), or is what is left (deblending), in units of the expected noise.

        denoise:  y = z - s e(asinh z, z / s)
        deblend:  y = s e(asinh z, z / s, and both turned by 180 degrees)

    z and s are those of `ExpectedNoise`; e is the EDSR, which works on blocks of pixels as on channels (Zhang, Zuo &
    Zhang 2018, IEEE Trans. Image Process. 27, 4608). An elliptical galaxy in the middle is the same when it is turned
    by 180 degrees, and its arcs are not; beyond REACH pixels from the middle there are none.

    Arguments:
        channels: of the input, which are those of the output.
        outputs: channels of the output; the same number.
        target, width, blocks, scaling, shuffle, uncertain: see `Arguments`.
    """

    def __init__(
        self,
        channels: int,
        outputs: int,
        target: Literal["denoise", "deblend"] = "denoise",
        width: int = 24,
        blocks: int = 6,
        scaling: float = 1.0,
        shuffle: int = 2,
        uncertain: bool = True,
    ):
        super().__init__()
        self.target, self.shuffle, self.uncertain, self.outputs = target, shuffle, uncertain, outputs
        pixels, turned = shuffle**2, 2 if target == "deblend" else 1
        found = (2 if uncertain else 1) * outputs * pixels
        self.edsr = EDSR(2 * turned * channels * pixels, found, width, blocks, scaling)
        for parameter in self.edsr.tail.parameters():
            nn.init.zeros_(parameter)  # what has learned nothing finds nothing

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Images (B, outputs, H, W) in the unit of images (B, channels, H, W), and the scale of each pixel if asked."""
        noise = ExpectedNoise.of(x)
        found = self._arcs(noise) if self.target == "deblend" else self._padded(noise.channels())
        image = noise.scale * found[:, : self.outputs]
        restored = (image if self.target == "deblend" else noise.z - image) * noise.sigma
        if not self.uncertain:
            return restored
        error = LEAST_ERROR + F.softplus(found[:, self.outputs :])
        return restored, noise.scale * error * noise.sigma

    def _arcs(self, noise: ExpectedNoise) -> Tensor:
        """What is found in the middle of the images, and nothing around it."""
        channels = noise.channels()
        edges = [max(0, (side - 1) // 2 - REACH) for side in channels.shape[-2:]]
        rows, columns = (slice(edge, side - edge) for edge, side in zip(edges, channels.shape[-2:], strict=True))
        middle = channels[..., rows, columns]
        found = self._padded(torch.cat([middle, middle.flip((2, 3))], dim=1))
        return F.pad(found, (edges[1], edges[1], edges[0], edges[0]))

    def _padded(self, seen: Tensor) -> Tensor:
        return padded(self._found, seen, self.shuffle).float()

    def _found(self, seen: Tensor) -> Tensor:
        return F.pixel_shuffle(self.edsr(F.pixel_unshuffle(seen, self.shuffle)), self.shuffle)
