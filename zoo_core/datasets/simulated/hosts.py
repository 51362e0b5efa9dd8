"""Real galaxies as what stands in front of simulated arcs.

With arcs painted on it such a galaxy is a lens; without, it is the lens's own twin and a real galaxy that is none. The
images keep what no simulation draws: knots, dust, neighbours, and the noise of drizzled exposures. Hosts are drawn
alike for both classes, so that nothing but the arcs tells them apart.
"""

import hashlib
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ...errors import DatasetError
from ...sim.cutouts import FRAME
from ...sim.telescope.noise import Draw
from .telescope_images import TelescopeImages

__all__ = ["Hosts", "hosts_of"]

ZOOM = (0.8, 1.25)
SHIFT = 3.0  # pixels
BRIGHTNESS = (0.4, 1.2)  # of the host and of the noise that it comes with; simulated noise is added


@dataclass(frozen=True)
class Hosts:
    """Real galaxies, and how often they take the place of simulated ones.

    Arguments:
        images: (N, side, side), in units of their own noise, sky subtracted, without gaps.
        share: of the exposures, of lenses as of others.
    """

    images: Tensor
    share: float

    @property
    def digest(self) -> str:
        """sha256 of the galaxies and the share."""
        return hashlib.sha256(self.images.cpu().numpy().tobytes() + str(self.share).encode()).hexdigest()

    def to(self, device: torch.device) -> "Hosts":
        """The same images on a device."""
        return Hosts(self.images.to(device), self.share)

    def instead_of(self, foreground: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Foregrounds (B, side, side), some of which are hosts, and the noise that each brings with it, sky sigma (B,).

        A host is turned by any angle or mirrored first, shifted, and changed in size and brightness; beyond its borders
        it is mirrored.
        """
        draw = Draw(generator, len(foreground))
        chosen = draw.uniform() < self.share
        number = (draw.uniform() * len(self.images)).long().clamp(max=len(self.images) - 1)
        noise = draw.log_uniform(*BRIGHTNESS)
        moved = _moved(self.images[number], draw) * noise[:, None, None]
        return torch.where(chosen[:, None, None], moved.to(foreground), foreground), noise * chosen


def hosts_of(images: TelescopeImages, share: float) -> Hosts:
    """The hosts among these images: all that show no lens.

    Raises:
        DatasetError: there is no such galaxy, or the share is none.
    """
    if not 0 < share <= 1:
        raise DatasetError(f"painted = {share}: the share of images with real hosts lies above 0 and at most at 1")
    galaxies = images.pixels[images.labels == 0]
    if not len(galaxies):
        raise DatasetError(
            f"{images.folder}: no galaxy in the training split that is no lens; hosts must not be lenses already"
        )
    return Hosts(galaxies, share)


def _moved(images: Tensor, draw: Draw) -> Tensor:
    angle, zoom = draw.uniform(0.0, 2 * torch.pi), draw.log_uniform(*ZOOM)
    mirror = torch.where(draw.uniform() < 0.5, -1.0, 1.0)
    shift = torch.stack([draw.uniform(-SHIFT, SHIFT), draw.uniform(-SHIFT, SHIFT)], 1) * 2 / FRAME.side
    cos, sin = angle.cos() / zoom, angle.sin() / zoom
    rows = torch.stack([torch.stack([mirror * cos, -sin], 1), torch.stack([mirror * sin, cos], 1)], 1)  # (B, 2, 2)
    where = functional.affine_grid(
        torch.cat([rows, shift[:, :, None]], 2), [len(images), 1, FRAME.side, FRAME.side], align_corners=False
    )
    moved = functional.grid_sample(images[:, None], where, padding_mode="reflection", align_corners=False)
    return moved[:, 0]
