"""The dihedral group D4 and the photometric jitter, on batches (B, C, H, W) of square images."""

import torch
from torch import Generator, Tensor

__all__ = ["D4", "dihedral", "photometric", "random_dihedral"]

D4 = range(8)


def dihedral(images: Tensor, element: int) -> Tensor:
    """Element 0..7 of D4: a quarter turn `element % 4` times, and for 4 and more mirrored first."""
    if element >= 4:
        images = images.flip(-1)
    return images.rot90(element % 4, (-2, -1))


def random_dihedral(images: Tensor, generator: Generator) -> Tensor:
    """Each image under an element of its own."""
    elements = torch.randint(len(D4), (len(images),), generator=generator)
    turned = torch.empty_like(images)
    for element in D4:
        rows = elements == element
        turned[rows] = dihedral(images[rows], element)
    return turned


def photometric(images: Tensor, gain: float, offset: float, generator: Generator) -> Tensor:
    """X U(1 - gain, 1 + gain) + U(-offset, offset), drawn for each image (Schaefer et al. 2018)."""
    gains, offsets = (torch.rand(2, len(images), 1, 1, 1, generator=generator) * 2 - 1) * torch.tensor(
        [gain, offset]
    ).view(2, 1, 1, 1, 1)
    return images * (1 + gains) + offsets
