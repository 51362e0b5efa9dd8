"""The light of a galaxy as a sum of elliptical Gaussians about one centre, and how their shape moves it.

With amplitudes that are not negative the sum falls outwards along every radius, as galaxies do: it can take the form of
a cusp, a core, a disk in a bulge, a faint halo, and not that of arcs.

Source: Emsellem, Monnet & Bacon (1994), A&A 285, 723; Cappellari (2002), MNRAS 333, 400. For lens galaxies: He et al.
(2024), arXiv 2403.16253.
"""

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
    """exp(-r_k^2 / (2 s_k^2)) at points of the image, for K widths s_k.

    The elliptical radius r is that of `sersic.Sersic`: r^2 = (a^2 + b^2) / (1 - e1^2 - e2^2), where
    a = (1 - e1) u - e2 v and b = (1 + e1) v - e2 u, and (u, v) is the position relative to the centre. Galaxies are
    rounder or flatter farther out, and turned; here

        e_k = e + twist t_k,    t_k = 2 ln(s_k / s_1) / ln(s_K / s_1) - 1.

    Arguments:
        u, v: position relative to the centre, that broadcast to (B, 1, H, W).
        e1, e2: of each, (B, K, 1, 1).
        a, b: the position where the isophotes are circles, (B, K, H, W).
        square: r^2.
        planes: (B, K, H, W), each of unit peak.
        steepness: 1 / (2 s_k^2), (B, K, 1, 1).
        reach: t_k, (B, K, 1, 1).
    """

    u: Tensor
    v: Tensor
    e1: Tensor
    e2: Tensor
    a: Tensor
    b: Tensor
    square: Tensor
    planes: Tensor
    steepness: Tensor
    reach: Tensor

    @classmethod
    def at(cls, light: Mapping[str, Tensor], sigma: Tensor, x: Tensor, y: Tensor) -> "Gaussians":
        """Those of x, y, e1, e2, twist_1 and twist_2, (B, 1, 1) each, with widths (B, K), at points."""
        logs = sigma.log()
        reach = (2 * (logs - logs[:, :1]) / (logs[:, -1:] - logs[:, :1]) - 1)[:, :, None, None]
        e1, e2 = (light[f"e{k}"][:, None] + light[f"twist_{k}"][:, None] * reach for k in (1, 2))
        u, v = (x - light["x"])[:, None], (y - light["y"])[:, None]
        a, b = (1 - e1) * u - e2 * v, (1 + e1) * v - e2 * u
        square = (a * a + b * b) / (1 - e1**2 - e2**2)
        steepness = 0.5 / sigma[:, :, None, None] ** 2
        return cls(u, v, e1, e2, a, b, square, torch.exp(-square * steepness), steepness, reach)

    def slopes(self, amplitudes: Tensor) -> Tensor:
        """Derivatives of the sum with amplitudes (B, K) by x, y, e1, e2, twist_1 and twist_2, (B, 6, H, W)."""
        by_square = -amplitudes[:, :, None, None] * self.steepness * self.planes
        half = by_square * 2 / (1 - self.e1**2 - self.e2**2)
        by_e1 = half * (self.b * self.v - self.a * self.u + self.e1 * self.square)
        by_e2 = half * (self.e2 * self.square - self.a * self.v - self.b * self.u)
        by_x = -half * ((1 - self.e1) * self.a - self.e2 * self.b)
        by_y = -half * ((1 + self.e1) * self.b - self.e2 * self.a)
        return torch.stack(
            [part.sum(1) for part in (by_x, by_y, by_e1, by_e2, by_e1 * self.reach, by_e2 * self.reach)], 1
        )
