"""Images in any unit, restored by a residual network that sees multiples of the noise."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from zoo_core.images.expected_noise import ExpectedNoise, padded

from .blended import PARTS, SCALE, SEEN, Blended, unit_of
from .network import EDSR

__all__ = ["Restorer"]

LEAST_ERROR = 0.05  # of the noise: no pixel is known better
REACH = 36  # pixels, which are 3.6 arcsec: farther out are the arcs of one lens in thirty


class Restorer(nn.Module):
    """What an EDSR finds is taken away (denoising), or is what is left (deblending), in units of the expected noise.

        denoise:  y = z - s e(asinh z, z / s)
        deblend:  y = e_1 z + e_2 (z - p) + u e_3,   u = sqrt(s^2 + (UNLIKE z)^2)

    z and s are those of `ExpectedNoise`; e is the EDSR, which works on blocks of pixels as on channels (Zhang, Zuo &
    Zhang 2018, IEEE Trans. Image Process. 27, 4608). p is the `profile` of the galaxy in the middle, of which the
    deblender is shown what it leaves, and so what the galaxy leaves that is turned by 180 degrees: arcs are as bright
    as the image, as what is left of it, or as neither (see `Arcs`). Beyond REACH pixels from the middle there are none.

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
        seen, parts = (SEEN, PARTS) if target == "deblend" else (2, 1)
        pixels = shuffle**2
        self.edsr = EDSR(seen * channels * pixels, (parts + uncertain) * outputs * pixels, width, blocks, scaling)
        weight, bias = self.edsr.tail.parameters()
        nn.init.zeros_(weight)  # what has learned nothing finds nothing
        nn.init.zeros_(bias)
        if target == "deblend":  # or takes for arcs what the profile leaves
            nn.init.constant_(bias[outputs * pixels : 2 * outputs * pixels], 1 / SCALE)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        """Images (B, outputs, H, W) in the unit of images (B, channels, H, W), and the scale of each pixel if asked.

        Arguments:
            noise: of the sky when the images were observed, (B, channels, 1, 1); None: it is measured.
        """
        expected = ExpectedNoise.of(x, noise)
        image, error, unit = self._arcs(expected) if self.target == "deblend" else self._light(expected)
        if not self.uncertain:
            return image * expected.sigma
        return image * expected.sigma, unit * (LEAST_ERROR + F.softplus(error)) * expected.sigma

    def _light(self, noise: ExpectedNoise) -> tuple[Tensor, Tensor, Tensor]:
        """The light without its noise, how far off it may be, and the unit of the latter."""
        found = self._padded(noise.channels())
        return noise.z - noise.scale * found[:, : self.outputs], found[:, self.outputs :], noise.scale

    def _arcs(self, noise: ExpectedNoise) -> tuple[Tensor, Tensor, Tensor]:
        """The arcs in the middle of the images, and nothing around it; the rest as of `_light`."""
        edges = [max(0, (side - 1) // 2 - REACH) for side in noise.z.shape[-2:]]
        rows, columns = (slice(edge, side - edge) for edge, side in zip(edges, noise.z.shape[-2:], strict=True))
        blended = Blended.of(noise.z[..., rows, columns], noise.scale[..., rows, columns])
        found = self._padded(blended.channels())
        shares, error = found[:, : PARTS * self.outputs].chunk(PARTS, 1), found[:, PARTS * self.outputs :]
        around = (edges[1], edges[1], edges[0], edges[0])
        image, error = F.pad(blended.arcs(*shares), around), F.pad(error, around)
        return image, error, unit_of(noise)

    def _padded(self, seen: Tensor) -> Tensor:
        return padded(self._found, seen, self.shuffle).float()

    def _found(self, seen: Tensor) -> Tensor:
        return F.pixel_shuffle(self.edsr(F.pixel_unshuffle(seen, self.shuffle)), self.shuffle)
