"""The grid of pixels and what values at their centres say about their means."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

__all__ = ["Grid", "add_light", "gauss_legendre", "pixel_means", "spans"]

AT_ONCE = 130_000
"""Pixels that a CPU computes together: they stay in a core's cache."""


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

    def index(self, rows: np.ndarray) -> Tensor:
        """Numbers of rows, int64, on the device of the grid."""
        return torch.as_tensor(rows, device=self.axis.device)


def add_light(images: Tensor, scene: Tensor, light: Tensor) -> None:
    """Adds the light of profiles to the images of their scenes, in place.

    Arguments:
        images: (scenes, height, width).
        scene: row of the scene that each profile belongs to, shape (profiles,).
        light: (profiles, height, width).
    """
    if light.device.type == "cpu":
        images.index_add_(0, scene, light)
    else:  # on a GPU `index_add_` sums in any order; this one sorts first, and every run gives the same bits
        images.index_put_((scene,), light, accumulate=True)


def spans(count: int, pixels: int, device: torch.device) -> Iterator[slice]:
    """So many images of `pixels` each, in groups that are computed together: on a GPU all of them."""
    together = max(1, AT_ONCE // pixels) if device.type == "cpu" else max(1, count)
    return (slice(start, min(start + together, count)) for start in range(0, count, together))


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
