"""The light of a galaxy as a sum of elliptical Gaussians about one centre, and how their shape moves it.

With amplitudes that are not negative the sum falls outwards along every radius, as galaxies do: it can take the form of
a cusp, a core, a disk in a bulge, a faint halo, and not that of arcs.

Source: Emsellem, Monnet & Bacon (1994), A&A 285, 723; Cappellari (2002), MNRAS 333, 400. For lens galaxies: He et al.
(2024), arXiv 2403.16253.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Gaussians", "widths"]


def widths(least: Tensor, most: Tensor, count: int) -> Tensor:
    """Standard deviations (B, count) of Gaussians, even in the logarithm, of (B,) each.

    >>> widths(torch.tensor([1.0]), torch.tensor([4.0]), 3)
    tensor([[1., 2., 4.]])
    """
    steps = torch.linspace(0, 1, count).to(least)
    return least[:, None] * (most / least)[:, None] ** steps


@dataclass(frozen=True)
class Gaussians:
    """exp(-r^2 / (2 s_k^2)) at points of the image, for K widths s_k.

    The elliptical radius r is that of `sersic.Sersic`: r^2 = (a^2 + b^2) / (1 - e1^2 - e2^2), with a = (1 - e1) u - e2 v
    and b = (1 + e1) v - e2 u where (u, v) is the position relative to the centre.

    Arguments:
        shape: e1 and e2, (B, 1, 1) each.
        u, v: position relative to the centre, that broadcast to (B, H, W).
        a, b: the same where the isophotes are circles.
        square: r^2.
        planes: (B, K, H, W), each of unit peak.
        steepness: 1 / (2 s_k^2), (B, K, 1, 1).
    """

    shape: tuple[Tensor, Tensor]
    u: Tensor
    v: Tensor
    a: Tensor
    b: Tensor
    square: Tensor
    planes: Tensor
    steepness: Tensor

    @classmethod
    def at(cls, light: Mapping[str, Tensor], sigma: Tensor, x: Tensor, y: Tensor) -> "Gaussians":
        """Those of x, y, e1 and e2, (B, 1, 1) each, with widths (B, K), at points."""
        e1, e2 = light["e1"], light["e2"]
        u, v = x - light["x"], y - light["y"]
        a, b = (1 - e1) * u - e2 * v, (1 + e1) * v - e2 * u
        square = (a * a + b * b) / (1 - e1**2 - e2**2)
        steepness = 0.5 / sigma[:, :, None, None] ** 2
        return cls((e1, e2), u, v, a, b, square, torch.exp(-square[:, None] * steepness), steepness)

    def slopes(self, amplitudes: Tensor) -> Tensor:
        """Derivatives of the sum with these amplitudes (B, K) with respect to x, y, e1 and e2, (B, 4, H, W)."""
        e1, e2 = self.shape
        by_square = -(amplitudes[:, :, None, None] * self.steepness * self.planes).sum(1)
        half = by_square * 2 / (1 - e1**2 - e2**2)
        return torch.stack(
            [
                -half * ((1 - e1) * self.a - e2 * self.b),
                -half * ((1 + e1) * self.b - e2 * self.a),
                half * (self.b * self.v - self.a * self.u + e1 * self.square),
                half * (e2 * self.square - self.a * self.v - self.b * self.u),
            ],
            dim=1,
        )


def fluxes(sigma: Tensor) -> Tensor:
    """Integrals of Gaussians of unit peak, of widths (B, K): 2 pi s^2, whatever their axis ratio."""
    return 2 * math.pi * sigma**2
