"""Images of a galaxy and its arcs, and what its own symmetry tells of them."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from zoo_core.images.expected_noise import ExpectedNoise

from .galaxy import profile

__all__ = ["PARTS", "SEEN", "UNLIKE", "Blended", "unit_of"]

UNLIKE = 0.1  # of the light of a pixel: arcs that are known to a tenth are known well
SEEN, PARTS = 6, 3  # channels, and shares of the light, of each band
LARGEST = 10.0  # of what is seen, in the unit: as all light of a bright pixel is
SCALE = 0.25  # of what is seen, so that it is of the order of 1


@dataclass(frozen=True)
class Blended:
    """Images and what a galaxy leaves of them that is the same all around, in the unit u of `unit_of`.

    Arguments:
        z: sky subtracted, in units of the sky's noise, (B, C, H, W).
        smooth: the `profile` of the galaxy, in the same unit.
        unit: u, (B, C, H, W).
    """

    z: Tensor
    smooth: Tensor
    unit: Tensor

    @classmethod
    def of(cls, z: Tensor, scale: Tensor) -> Self:
        """Of z and s of `ExpectedNoise`."""
        return cls(z, profile(z), _unit(z, scale))

    def channels(self) -> Tensor:
        """What a network sees, (B, SEEN C, H, W).

        asinh of z and of the profile p; and in the unit z, z - p, the same turned by 180 degrees, and z less z turned
        by as much: an elliptical galaxy is the same then, and its arcs are not.
        """
        left = self._in_unit(self.z - self.smooth)
        odd = self._in_unit(self.z - self.z.flip((2, 3)))
        logarithms = [self.z.asinh(), self.smooth.asinh()]
        return SCALE * torch.cat([*logarithms, self._in_unit(self.z), left, left.flip((2, 3)), odd], 1)

    def arcs(self, of_light: Tensor, of_left: Tensor, beside: Tensor) -> Tensor:
        """The arcs, of shares of z, of z - p and of the unit, (B, C, H, W) each."""
        parts = of_light * self._in_unit(self.z) + of_left * self._in_unit(self.z - self.smooth)
        return self.unit * (SCALE * parts + beside)

    def _in_unit(self, light: Tensor) -> Tensor:
        return (light / self.unit).clamp(-LARGEST, LARGEST)


def unit_of(noise: ExpectedNoise) -> Tensor:
    """How far off a pixel may be, in units of the sky's noise: its own noise s and UNLIKE of its light z.

    u = sqrt(s^2 + (UNLIKE z)^2)
    """
    return _unit(noise.z, noise.scale)


def _unit(z: Tensor, scale: Tensor) -> Tensor:
    return torch.hypot(scale, UNLIKE * z)
