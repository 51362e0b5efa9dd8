"""Real galaxies as sources.

Postage stamps that the user names, one galaxy each, cleaned and seen through a lens. They are as good as their pixels:
a stamp should be larger than the galaxy, deep, and sharper than the source is to appear.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from astropy.io import fits
from scipy.ndimage import gaussian_filter
from torch import Tensor
from torch.nn import functional

from ...errors import ImageReadError
from ..rays.lens import deflection
from .galaxy import Profile
from .population import Host, Population, draw_position, draw_size

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
    """A stamp behind a lens; as `population.Source`, with the stamp's number and the angle that it is turned by."""

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
    x, y = draw_position(rng, host, R)
    return StampSource(x, y, R, "stamp", [], int(rng.integers(count)), float(rng.uniform(0, 2 * np.pi)))


def lensed(stamp: Stamp, source: StampSource, lens: np.ndarray, width: int, pixel: float, dtype: torch.dtype) -> Tensor:
    """The stamp seen through the lens, flux per pixel, shape (width, width).

    Arguments:
        lens: dtype LENS, shape (1,); the source's position is relative to it.
        width, pixel: of the image, pixels and arcsec.
    """
    axis = ((torch.arange(width, dtype=torch.float64) - (width - 1) / 2) * pixel).to(dtype)
    x, y = axis[None, None, :].expand(1, width, width), axis[None, :, None].expand(1, width, width)
    alpha_x, alpha_y = deflection(lens, x, y)
    u, v = x - alpha_x - float(lens["x"][0]) - source.x, y - alpha_y - float(lens["y"][0]) - source.y
    scale, c, s = source.R / stamp.R, np.cos(source.phi), np.sin(source.phi)
    half = (len(stamp.pixels) - 1) / 2 * scale
    places = torch.stack([(c * u + s * v) / half, (c * v - s * u) / half], dim=-1)
    light = torch.as_tensor(stamp.pixels, dtype=dtype)[None, None]
    return functional.grid_sample(light, places, align_corners=True)[0, 0] * (pixel / scale) ** 2
