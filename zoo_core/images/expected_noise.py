"""Images in units of the noise that each of their pixels should have, for networks that restore them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F

from .channels import blur
from .sky import level_and_noise

__all__ = ["SHOT", "ExpectedNoise", "padded"]

SHOT = 0.02  # variance per unit flux, sky sigma: the middle of those that telescopes have
SMOOTH = 1.0  # pixels, over which the light is averaged that the noise grows with
BRIGHT = 30.0  # multiples of the noise, above which a pixel counts no more


@dataclass(frozen=True)
class ExpectedNoise:
    """Images, sky subtracted, in units of their sky's noise, and the noise of each pixel in the same units.

        z = (x - level) / sigma,   s = sqrt(1 + SHOT |z smoothed|)

    Arguments:
        z: (B, C, H, W).
        scale: s, (B, C, H, W), at least 1.
        sigma: of the sky, in the unit of the images, (B, C, 1, 1).

    Example:
        >>> import torch
        >>> from zoo_core.images.expected_noise import ExpectedNoise
        >>> noise = ExpectedNoise.of(5 + 2 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)))
        >>> round(float(noise.sigma)), noise.channels().shape
        (2, torch.Size([1, 2, 64, 64]))
    """

    z: Tensor
    scale: Tensor
    sigma: Tensor

    @classmethod
    def of(cls, images: Tensor, sigma: Tensor | None = None, shot: Tensor | float = SHOT) -> Self:
        """What is expected of finite images in any unit.

        Arguments:
            images: (B, C, H, W).
            sigma: noise of the sky when they were observed, (B, C, 1, 1), if some of it has been taken away since;
                None: it is measured.
            shot: variance per unit flux, in units of the sky's noise, (B, 1, 1, 1) or that of all images.
        """
        level, sigma = level_and_noise(images, sigma)
        z = (images - level) / sigma
        return cls(z, (1 + shot * blur(z, SMOOTH).abs()).sqrt(), sigma)

    def channels(self) -> Tensor:
        """What networks see of them, (B, 2 C, H, W): asinh z, and z / s up to 30."""
        return torch.cat([self.z.asinh(), (self.z / self.scale).clamp(-BRIGHT, BRIGHT)], dim=1)


def padded(network: Callable[[Tensor], Tensor], x: Tensor, multiple: int) -> Tensor:
    """What a network makes of images (B, C, H, W) that it takes only with sides of a multiple of so many pixels.

    Example:
        >>> import torch
        >>> from zoo_core.images.expected_noise import padded
        >>> halved = torch.nn.PixelUnshuffle(2)
        >>> padded(lambda x: torch.nn.functional.pixel_shuffle(halved(x), 2), torch.ones(1, 1, 5, 7), 2).shape
        torch.Size([1, 1, 5, 7])
    """
    height, width = x.shape[-2:]
    below, right = -height % multiple, -width % multiple
    return network(F.pad(x, (0, right, 0, below), mode="reflect"))[..., :height, :width]
