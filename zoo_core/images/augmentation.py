"""The dihedral group D4, affine distortions and the photometric jitter, on batches (B, C, H, W) of square images."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

__all__ = ["D4", "Distortion", "dihedral", "distorted", "photometric", "random_dihedral", "turned"]

D4 = range(8)


def dihedral(images: Tensor, element: int) -> Tensor:
    """Images (..., side, side) under one element of D4.

    Arguments:
        element: 0 to 7: so many quarter turns modulo 4, counter-clockwise with rows downwards; from 4 on columns are
            mirrored first.

    >>> dihedral(torch.tensor([[1, 2], [3, 4]]), 1)
    tensor([[2, 4],
            [1, 3]])
    >>> dihedral(torch.tensor([[1, 2], [3, 4]]), 4)
    tensor([[2, 1],
            [4, 3]])
    """
    if element >= 4:
        images = images.flip(-1)
    return images.rot90(element % 4, (-2, -1))


def random_dihedral(images: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
    """Each image (B, C, side, side) under an element of its own, and the numbers (B,) of these elements."""
    elements = torch.randint(len(D4), (len(images),), generator=generator, device=images.device)
    return turned(images, elements), elements


def turned(images: Tensor, elements: Tensor) -> Tensor:
    """Image k of (B, C, side, side) under element `elements[k]` of D4, (B,) from 0 to 7, as by `dihedral`."""
    places = _places(images.shape[-1], images.device)[elements][:, None]
    flat = images.flatten(2)
    return flat.gather(2, places.expand(-1, flat.shape[1], -1)).view_as(images)


@dataclass(frozen=True)
class Distortion:
    """How far images may be turned, moved, resized and sheared.

    Arguments:
        rotate: degrees, to either side.
        translate: share of a side, along each axis, to either side.
        scale: least and largest factor of the size in which the object is shown.
        shear: tangent of the angle, to either side.
        fill: "reflect" mirrors the image where it ends, "wrap" begins it again on the other side.
    """

    rotate: float = 0.0
    translate: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    shear: float = 0.0
    fill: str = "reflect"

    @property
    def changes_nothing(self) -> bool:
        """Whether every image stays as it is."""
        return not (self.rotate or self.translate or self.shear) and self.scale == (1.0, 1.0)

    def matrices(self, count: int, generator: Generator) -> Tensor:
        """(count, 2, 3), from a place in the new image to the one in the old image that it shows, centre 0, side 2.

        The new image is the old one sheared along x, resized, turned and moved, in this order.
        """
        draws = torch.rand(5, count, generator=generator, device=generator.device) * 2 - 1
        angle = torch.deg2rad(self.rotate * draws[0])
        low, high = self.scale
        size = low + (high - low) * (draws[1] + 1) / 2
        cos, sin, shear = angle.cos() / size, angle.sin() / size, self.shear * draws[2]
        linear = torch.stack([cos - shear * -sin, sin - shear * cos, -sin, cos], 1).view(-1, 2, 2)
        moved = 2 * self.translate * draws[3:].T[:, :, None]
        return torch.cat([linear, -linear @ moved], 2)


def distorted(images: Tensor, distortion: Distortion, generator: Generator) -> Tensor:
    """Each image under a distortion of its own, bilinearly interpolated; surface brightness stays."""
    if distortion.changes_nothing:
        return images
    matrices = distortion.matrices(len(images), generator).to(images.dtype)
    places = F.affine_grid(matrices, list(images.shape), align_corners=False)
    if distortion.fill == "wrap":
        places = torch.remainder(places + 1, 2) - 1
        return F.grid_sample(images, places, padding_mode="border", align_corners=False)
    return F.grid_sample(images, places, padding_mode="reflection", align_corners=False)


def photometric(images: Tensor, gain: float, offset: float, generator: Generator) -> Tensor:
    """Images x U(1 - gain, 1 + gain) + U(-offset, offset), drawn for each of (B, C, H, W).

    Source: Schaefer et al. (2018), A&A 611, A2, with gain 0.2 and offset 0.1.
    """
    if not gain and not offset:
        return images
    gains, offsets = torch.rand(2, len(images), 1, 1, 1, generator=generator, device=images.device) * 2 - 1
    return images * (1 + gain * gains) + offset * offsets


@lru_cache(maxsize=16)
def _places(side: int, device: torch.device) -> Tensor:
    """Which pixel of the image, in rows laid end to end, each one of the turned image shows, (8, side^2)."""
    pixels = torch.arange(side * side).view(1, side, side)
    return torch.cat([dihedral(pixels, element) for element in D4]).flatten(1).to(device)
