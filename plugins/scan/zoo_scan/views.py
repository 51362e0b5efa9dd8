"""RandomViews of an image that keep what lensing did to it.

Colour jitter, crops that zoom and shears of the usual recipes change the mass that an arc implies; they are not here.
"""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from zoo_core.images.augmentation import dihedral

__all__ = ["SYMMETRIES", "RandomViews"]

SYMMETRIES = {"d4": tuple(range(8)), "rotations": (0, 1, 2, 3), "rotation180": (0, 2), "none": (0,)}
"""Elements of D4 that the data have; a shear of fixed direction leaves only half a turn."""


@dataclass(frozen=True)
class RandomViews:
    """How a view differs from its image.

    Arguments:
        symmetry: one of SYMMETRIES.
        shift: largest, whole pixels along each axis; what comes in from outside is a mirror image of the border.
        noise: standard deviation of what is added, in the pixels' unit; drawn from U(0, noise) for each view.
        gain: brightness is multiplied by U(1 - gain, 1 + gain).
    """

    symmetry: str = "d4"
    shift: int = 2
    noise: float = 0.0
    gain: float = 0.0

    def __post_init__(self) -> None:
        if self.symmetry not in SYMMETRIES:
            raise ValueError(f"symmetry: {self.symmetry!r} is none of {', '.join(SYMMETRIES)}")

    def draw(self, images: Tensor, generator: Generator) -> Tensor:
        """One view of each image (B, C, H, W); the generator is on the CPU."""
        turned = _turned(images, SYMMETRIES[self.symmetry], generator)
        return self._exposed(_shifted(turned, self.shift, generator), generator)

    def _exposed(self, images: Tensor, generator: Generator) -> Tensor:
        gain, sigma = torch.rand(2, len(images), 1, 1, 1, generator=generator).to(images.device)
        images = images * (1 + self.gain * (2 * gain - 1))
        if self.noise == 0:
            return images
        return images + self.noise * sigma * torch.randn(images.shape, generator=generator).to(images.device)


def _turned(images: Tensor, elements: tuple[int, ...], generator: Generator) -> Tensor:
    chosen = torch.randint(len(elements), (len(images),), generator=generator).to(images.device)
    turned = torch.empty_like(images)
    for k, element in enumerate(elements):
        turned[chosen == k] = dihedral(images[chosen == k], element)
    return turned


def _shifted(images: Tensor, most: int, generator: Generator) -> Tensor:
    if most == 0:
        return images
    batch, channels, height, width = images.shape
    padded = F.pad(images, (most,) * 4, mode="reflect")
    down, right = torch.randint(2 * most + 1, (2, batch, 1), generator=generator).to(images.device)
    rows = (down + torch.arange(height, device=images.device))[:, None, :, None]
    columns = (right + torch.arange(width, device=images.device))[:, None, None, :]
    of_image = torch.arange(batch, device=images.device)[:, None, None, None]
    of_channel = torch.arange(channels, device=images.device)[None, :, None, None]
    return padded[of_image, of_channel, rows, columns]
