"""The grid of pixels and what values at their centres say about their means."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["Grid", "gauss_legendre", "pixel_means"]


@dataclass(frozen=True)
class Grid:
    """A square of pixels, centred on the origin, with the ring of pixels around it that `pixel_means` consumes.

    Arguments:
        width: pixels along a side, without the ring.
        pixel: side of a pixel, arcsec.
        axis: pixel centres along a side, with the ring, arcsec, shape (width + 2,).
    """

    width: int
    pixel: float
    axis: Tensor

    @classmethod
    def of(cls, width: int, pixel: float, dtype: torch.dtype, device: torch.device) -> "Grid":
        """The grid of `width` pixels a side."""
        steps = torch.arange(width + 2, dtype=torch.float64, device=device) - (width + 1) / 2
        return cls(width, pixel, (steps * pixel).to(dtype))

    @property
    def x(self) -> Tensor:
        """Positions of columns, arcsec, shape (1, 1, width + 2)."""
        return self.axis[None, None, :]

    @property
    def y(self) -> Tensor:
        """Positions of rows, arcsec, shape (1, width + 2, 1)."""
        return self.axis[None, :, None]

    def zeros(self, count: int) -> Tensor:
        """Images of nothing, with the ring, shape (count, width + 2, width + 2)."""
        return self.axis.new_zeros(count, self.width + 2, self.width + 2)

    def total(self, count: int, scene: Tensor, light: Tensor) -> Tensor:
        """The light of each scene's profiles together, with the ring, shape (count, width + 2, width + 2).

        Arguments:
            scene: row of the scene that each profile belongs to, shape (profiles,).
            light: shape (profiles, width + 2, width + 2).
        """
        if light.device.type == "cpu":
            return self.zeros(count).index_add_(0, scene, light)
        # on a GPU `index_add_` sums in any order; this one sorts first, and every run gives the same bits
        return self.zeros(count).index_put_((scene,), light, accumulate=True)


def pixel_means(samples: Tensor) -> Tensor:
    """Means over pixels from values at their centres, to the fourth order; the outermost ring is lost.

    s + (pixel^2 / 24) laplacian(s), from the expansion of s about the centre, the Laplacian by the five-point formula:
    5 / 6 of the pixel's own value and 1 / 24 of each of its four neighbours'.

    Arguments:
        samples: (scenes, width + 2, width + 2).
    """
    around = samples[:, :-2, 1:-1] + samples[:, 2:, 1:-1]
    around.add_(samples[:, 1:-1, :-2]).add_(samples[:, 1:-1, 2:])
    return around.div_(24).add_(samples[:, 1:-1, 1:-1], alpha=5 / 6)


@cache
def gauss_legendre(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss-Legendre quadrature on (-1, 1)."""
    return np.polynomial.legendre.leggauss(nodes)
