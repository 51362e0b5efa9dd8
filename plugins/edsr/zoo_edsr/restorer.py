"""Images in any unit, restored by a residual network that sees multiples of the noise."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.expected_noise import ExpectedNoise, padded

from .network import EDSR

__all__ = ["Restorer"]

LEAST_ERROR = 0.05  # of the noise: no pixel is known better


class Restorer(nn.Module):
    """What an EDSR finds is taken away (denoising), or is what is left (deblending), in units of the expected noise.

        denoise:  y = z - s e(asinh z, z / s)
        deblend:  y = s e(asinh z, z / s)

    z and s are those of `ExpectedNoise`; e is the EDSR, which works on blocks of pixels as on channels (Zhang, Zuo &
    Zhang 2018, IEEE Trans. Image Process. 27, 4608).

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
        pixels = shuffle**2
        self.edsr = EDSR(2 * channels * pixels, (2 if uncertain else 1) * outputs * pixels, width, blocks, scaling)
        for parameter in self.edsr.tail.parameters():
            nn.init.zeros_(parameter)  # what has learned nothing finds nothing

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Images (B, outputs, H, W) in the unit of images (B, channels, H, W), and the scale of each pixel if asked."""
        noise = ExpectedNoise.of(x)
        found = padded(self._found, noise.channels(), self.shuffle).float()
        image = noise.scale * found[:, : self.outputs]
        restored = (image if self.target == "deblend" else noise.z - image) * noise.sigma
        if not self.uncertain:
            return restored
        error = LEAST_ERROR + F.softplus(found[:, self.outputs :])
        return restored, noise.scale * error * noise.sigma

    def _found(self, seen: Tensor) -> Tensor:
        return F.pixel_shuffle(self.edsr(F.pixel_unshuffle(seen, self.shuffle)), self.shuffle)
