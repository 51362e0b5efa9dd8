"""Real lenses and real galaxies, as they are, among the simulated images that a finder learns from.

Simulated arcs on simulated or real galaxies teach what a lens looks like; a few dozen real images of both classes teach
what else telescopes show. Both classes keep their share of a batch: a real image takes the place of a simulated one of
its own class.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from ...errors import DatasetError
from ...images.preprocess import Preprocess
from ...sim.cutouts import FRAME
from ...sim.telescope.noise import Draw
from ..public.sky import sky

__all__ = ["Examples", "read_examples"]


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
        """The same on a device."""
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


def read_examples(path: Path | str, share: float) -> Examples:
    """The training split of a folder of telescope images, see `public.sky.sky`.

    Raises:
        DatasetError: the folder cannot be used, lacks one of the classes there, or the share is none.
    """
    if not 0 < share < 1:
        raise DatasetError(f"real = {share}: the share of real images lies above 0 and below 1")
    images = sky(path, split="train", pixel_scale=FRAME.pixel_scale, size=FRAME.side)
    labels = images.truth()["label"]
    if len(np.unique(labels)) < 2:
        raise DatasetError(f"{path}: the training split needs lenses and galaxies that are none")
    pixels = torch.cat([_in_noise_units(images.images([row]), images.description.bands) for row in range(len(images))])
    return Examples(pixels[:, 0], torch.from_numpy(labels.astype(np.int64)), share)


def _in_noise_units(image: np.ndarray, bands: tuple[str, ...]) -> Tensor:
    """What was measured, in units of its noise; NaN around it as before."""
    prepare = Preprocess.from_operations(({"op": "frame", "size": FRAME.side}, {"op": "noise_units"}), bands)
    return prepare.images(image).masked_fill(~torch.from_numpy(np.isfinite(image)), torch.nan)
