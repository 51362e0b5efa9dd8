"""Real galaxies as sources.

Postage stamps that the user names, one galaxy each, cleaned and lensed. They are as good as their pixels:
a stamp should be larger than the galaxy, deep, and sharper than the source is to appear.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from astropy.io import fits
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from ...errors import ImageReadError
from ..rays.grid import Grid
from ..rays.lens import deflection
from ..rays.scene import Profile
from .host import Host
from .population import Population
from .source import draw_position, draw_size

__all__ = ["Stamp", "StampSource", "draw_stamp_source", "lensed", "read_stamps"]

IMAGES = (fits.PrimaryHDU, fits.ImageHDU, fits.CompImageHDU)
SMALLEST = 16  # pixels a side
SMOOTHING = 1.0  # pixels; what is finer is the noise of the stamp
FLOOR = 1.0  # of the smoothed noise: what is fainter is taken for sky


class Stamp(NamedTuple):
    """One galaxy: pixels of unit flux, and the radius in pixels about its centroid that holds half of it."""

    pixels: np.ndarray
    R: float


class StampSource(NamedTuple):
    """A stamp behind a lens; `source.SourceGalaxy` with the stamp's number and the angle that it is turned by."""

    x: float
    y: float
    R: float
    kind: str
    profiles: list[Profile]
    stamp: int
    phi: float


def read_stamps(path: Path | str) -> tuple[Stamp, ...]:
    """Every two-dimensional image of a FITS file, and every plane of its cubes.

    Raises:
        ImageReadError: the file cannot be read, or holds no stamp that can be used.
    """
    try:
        with fits.open(path, memmap=False) as file:
            layers = [np.asarray(layer.data, dtype=np.float64) for layer in file if isinstance(layer, IMAGES)]
    except OSError as error:
        raise ImageReadError(f"{path}: {error}; give a FITS file with one galaxy an image") from error
    planes = [plane for layer in layers if layer.ndim in (2, 3) for plane in np.atleast_3d(layer.T).T]
    stamps = [clean(plane) for plane in planes if min(plane.shape) >= SMALLEST]
    usable = tuple(stamp for stamp in stamps if stamp is not None)
    if not usable:
        raise ImageReadError(f"{path}: no image of {SMALLEST} pixels a side or more shows a galaxy above its noise")
    return usable


def clean(image: np.ndarray) -> Stamp | None:
    """The galaxy without sky, noise and edges; None if nothing is left."""
    image = np.nan_to_num(image)
    border = np.concatenate([image[:2].ravel(), image[-2:].ravel(), image[:, :2].ravel(), image[:, -2:].ravel()])
    smooth = gaussian_filter(image - np.median(border), SMOOTHING)
    noise = 1.4826 * np.median(np.abs(border - np.median(border))) / (2 * np.sqrt(np.pi) * SMOOTHING)
    light = np.clip(smooth - FLOOR * noise, 0, None) * taper(image.shape)
    if light.max() < 5 * noise or light.sum() <= 0:
        return None
    return centred(light / light.sum())


def taper(shape: tuple[int, int]) -> np.ndarray:
    """1 in the middle, falling to 0 at the circle that touches the border."""
    rows, columns = (np.linspace(-1, 1, length) for length in shape)
    radius = np.hypot(rows[:, None], columns[None, :])
    return 0.5 * (1 + np.cos(np.pi * np.clip((radius - 0.7) / 0.3, 0, 1)))


def centred(light: np.ndarray) -> Stamp:
    """The light on a square whose middle is its centroid."""
    rows, columns = np.indices(light.shape)
    middle = [round(float((axis * light).sum())) for axis in (rows, columns)]
    half = max(max(at, length - 1 - at) for at, length in zip(middle, light.shape, strict=True))
    square = np.zeros((2 * half + 1, 2 * half + 1))
    top, left = (half - at for at in middle)
    square[top : top + light.shape[0], left : left + light.shape[1]] = light
    radius = np.hypot(*(np.indices(square.shape) - half)).ravel()
    order = np.argsort(radius)
    return Stamp(square, float(radius[order][np.searchsorted(np.cumsum(square.ravel()[order]), 0.5)]))


def draw_stamp_source(rng: np.random.Generator, population: Population, host: Host, count: int) -> StampSource:
    """One of `count` stamps, placed and sized as the population's other sources."""
    R = draw_size(rng, population, host)
    x, y = draw_position(rng, host, R, population.aligned)
    return StampSource(
        x=x, y=y, R=R, kind="stamp", profiles=[], stamp=int(rng.integers(count)), phi=float(rng.uniform(0, 2 * np.pi))
    )


def lensed(stamps: Sequence[Stamp], sources: Sequence[StampSource], lenses: np.ndarray, grid: Grid) -> Tensor:
    """The lensed stamps, flux per pixel, shape (sources, width, width).

    Arguments:
        stamps: one of each source.
        lenses: dtype LENS, one of each source, whose position is relative to it.
        grid: of the image.
    """
    x, y = (axis.expand(len(lenses), -1, -1) for axis in (grid.x[..., 1:-1], grid.y[:, 1:-1]))
    alpha_x, alpha_y = deflection(lenses, x, y)
    canvas = _canvas(stamps).to(grid.axis)
    x0 = _column(lenses["x"] + [source.x for source in sources], grid)
    y0 = _column(lenses["y"] + [source.y for source in sources], grid)
    angles = np.array([source.phi for source in sources])
    c, s = _column(np.cos(angles), grid), _column(np.sin(angles), grid)
    scale = _column(np.array([source.R / stamp.R for source, stamp in zip(sources, stamps, strict=True)]), grid)
    u, v, half = x - alpha_x - x0, y - alpha_y - y0, (canvas.shape[-1] - 1) / 2 * scale
    points = torch.stack([(c * u + s * v) / half, (c * v - s * u) / half], dim=-1)
    return functional.grid_sample(canvas, points, align_corners=True)[:, 0] * (grid.pixel / scale) ** 2


def _column(values: np.ndarray, grid: Grid) -> Tensor:
    """One number a source, (sources, 1, 1), in the type and on the device of the grid."""
    return torch.as_tensor(values[:, None, None]).to(grid.axis)


def _canvas(stamps: Sequence[Stamp]) -> Tensor:
    """The stamps, centred on squares of the largest one's size, shape (stamps, 1, width, width)."""
    width = max(len(stamp.pixels) for stamp in stamps)
    margins = [(width - len(stamp.pixels)) // 2 for stamp in stamps]
    return torch.as_tensor(
        np.stack([np.pad(stamp.pixels, margin) for stamp, margin in zip(stamps, margins, strict=True)])
    )[:, None]
