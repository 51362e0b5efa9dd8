"""Real lenses and real galaxies, as they are, among the simulated images that a finder learns from.

Simulated arcs on simulated or real galaxies teach what a lens looks like; a few dozen real images of both classes teach
what else telescopes show. Both classes keep their share of a batch: a real image takes the place of a simulated one of
its own class.
"""

import hashlib
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ...errors import DatasetError
from ...sim.telescope.noise import Draw
from .telescope_images import TelescopeImages

__all__ = ["Examples", "examples_of"]


@dataclass(frozen=True)
class Examples:
    """Telescope images of known class, and how often one takes the place of a simulated image.

    Arguments:
        images: (N, side, side), in units of their own noise; NaN outside the frame of each.
        labels: (N,); 1 for lenses. Both classes occur.
        share: of the images of each class.
    """

    images: Tensor
    labels: Tensor
    share: float

    @property
    def digest(self) -> str:
        """sha256 of the images, their classes and the share."""
        pixels = self.images.cpu().numpy().tobytes() + self.labels.cpu().numpy().tobytes()
        return hashlib.sha256(pixels + str(self.share).encode()).hexdigest()

    def to(self, device: torch.device) -> "Examples":
        """The same images on a device."""
        return Examples(self.images.to(device), self.labels.to(device), self.share)

    def instead_of(self, images: Tensor, shown: Tensor, generator: Generator) -> Tensor:
        """Images (B, 1, side, side), some of them real ones of the same class.

        Arguments:
            images: (B, 1, side, side).
            shown: 1 for those that show a lens, (B,).
        """
        draw = Draw(generator, len(images))
        chosen, position = draw.uniform() < self.share, draw.uniform()
        number = torch.empty_like(position, dtype=torch.long)
        for label in (0, 1):
            of_class = (self.labels == label).nonzero()[:, 0]
            drawn = of_class[(position * len(of_class)).long().clamp(max=len(of_class) - 1)]
            number = torch.where(shown == label, drawn, number)
        real = self.images[number][:, None]
        return torch.where(chosen[:, None, None, None], real.to(images), images)


def examples_of(images: TelescopeImages, share: float) -> Examples:
    """All of these images, as they are.

    Raises:
        DatasetError: one of the classes is missing, or the share is none.
    """
    if not 0 < share < 1:
        raise DatasetError(f"real = {share}: the share of real images lies above 0 and below 1")
    if len(images.labels.unique()) < 2:
        raise DatasetError(f"{images.folder}: the training split needs lenses and galaxies that are none")
    return Examples(images.pixels.masked_fill(~images.measured, torch.nan), images.labels, share)
