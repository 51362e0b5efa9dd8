"""Point-spread functions.

A radial profile (Gaussian, Moffat, Airy and their like) on elliptical isophotes, extended wings, and the spikes of the
telescope's struts. One row of the table (dtype PSF) is one exposure's PSF; `psf_images` draws them.
"""

import functools

import numpy as np
import torch
from scipy.special import j1
from torch import Tensor

__all__ = ["PROFILES", "PSF", "draw_shifted_psf", "draw_training_psf", "psf_images"]

NODES = 512  # of the radial tables
REACH = 4.6  # arcsec, radius of the last node: the corner of the PSF image

PSF = np.dtype(
    [
        ("profile", "i8"),  # index into PROFILES
        ("fwhm", "f8"),  # arcsec, of the core
        ("shape", "f8"),  # what the profile takes: Moffat beta, central obstruction, share of the broad part
        ("q", "f8"),  # axis ratio
        ("phi", "f8"),
        ("wing", "f8"),  # share of the flux in wings of surface brightness r^-3
        ("spikes", "f8"),  # share of the flux in the spikes
        ("struts", "i8"),  # number of spikes
        ("strut_phi", "f8"),  # position angle of the first
    ]
)


def gaussian(r: np.ndarray, shape: float) -> np.ndarray:
    """Gaussian; r in FWHM."""
    return np.exp(-4 * np.log(2) * r**2)


def moffat(r: np.ndarray, shape: float) -> np.ndarray:
    """Moffat (1969) with beta = shape."""
    return (1 + 4 * (2 ** (1 / shape) - 1) * r**2) ** -shape


def airy(r: np.ndarray, shape: float) -> np.ndarray:
    """Airy pattern with a central obstruction of relative diameter `shape`, averaged over a band 40 % wide."""
    amplitudes = [
        (amplitude(v, 1.0) - shape**2 * amplitude(v, shape)) / (1 - shape**2)
        for v in (1.029 * np.pi * r / wavelength for wavelength in (0.8, 0.93, 1.07, 1.2))
    ]
    return np.mean(np.square(amplitudes), axis=0)


def amplitude(v: np.ndarray, scale: float) -> np.ndarray:
    """2 J1(x) / x at x = scale v."""
    x = np.maximum(scale * v, 1e-6)
    return 2 * j1(x) / x


def double_gaussian(r: np.ndarray, shape: float) -> np.ndarray:
    """A Gaussian core and one 2.5 times as broad with the share `shape` of the flux."""
    return (1 - shape) * gaussian(r, 0) + shape / 2.5**2 * gaussian(r / 2.5, 0)


def exponential(r: np.ndarray, shape: float) -> np.ndarray:
    """An exponential, softened within the core by `shape` FWHM."""
    return np.exp(-2 * np.log(2) * (np.sqrt(r**2 + shape**2) - shape) / (np.sqrt(0.25 + shape**2) - shape) / 2)


PROFILES = (gaussian, moffat, airy, double_gaussian, exponential)


def radial_table(row: np.void) -> np.ndarray:
    """The profile at NODES radii evenly spaced in sqrt(r / REACH), of unit flux."""
    s = np.linspace(0, 1, NODES)
    r = REACH * s**2
    core = PROFILES[row["profile"]](r / row["fwhm"], float(row["shape"]))
    wing = (1 + (r / row["fwhm"]) ** 2) ** -1.5
    area = 4 * np.pi * REACH**2 * s**3 / (NODES - 1)  # 2 pi r dr
    return (1 - row["wing"]) * core / (core * area).sum() + row["wing"] * wing / (wing * area).sum()


@functools.cache
def grid(width: int, pixel: float) -> tuple[Tensor, Tensor]:
    """Offsets from the centre of pixel (width // 2, width // 2), arcsec."""
    axis = (torch.arange(width, dtype=torch.float64) - width // 2) * pixel
    return axis[None, :], axis[:, None]


def psf_images(psfs: np.ndarray, width: int, pixel: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """The PSFs centred on pixel (width // 2, width // 2), shape (len(psfs), width, width), each summing to one."""
    x, y = (axis.to(dtype) for axis in grid(width, pixel))
    images = torch.stack([psf_image(row, x, y) for row in psfs])
    return images / images.sum((1, 2), keepdim=True)


def psf_image(row: np.void, x: Tensor, y: Tensor) -> Tensor:
    """One PSF, not normalised."""
    c, s, q = np.cos(row["phi"]), np.sin(row["phi"]), float(row["q"])
    r = torch.sqrt(q * (c * x + s * y) ** 2 + (c * y - s * x) ** 2 / q)
    node = ((r / REACH).sqrt() * (NODES - 1)).clamp(max=NODES - 1.001)
    index = node.long()
    table = torch.as_tensor(radial_table(row), dtype=x.dtype)
    image = torch.lerp(table[index], table[index + 1], node - index)
    if row["spikes"] > 0:
        image = (1 - float(row["spikes"])) * image + spikes(row, x, y)
    return image


def spikes(row: np.void, x: Tensor, y: Tensor) -> Tensor:
    """Straight spikes that fade as r^-1.5, holding their share of the flux."""
    r = torch.sqrt(x**2 + y**2)
    light = torch.zeros_like(r)
    for angle in row["strut_phi"] + 2 * np.pi * np.arange(row["struts"]) / row["struts"]:
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        light += torch.exp(-0.5 * (across / (0.35 * float(row["fwhm"]) + 0.02)) ** 2) * (along > 0)
    light *= (r + 2 * float(row["fwhm"])) ** -1.5 * (1 - r / REACH).clamp(min=0)
    pixel = float(x[0, 1] - x[0, 0])
    return light * (float(row["spikes"]) / (light.sum() * pixel**2))


def draw_width(rng: np.random.Generator, largest: float) -> float:
    """FWHM of HST and JWST, of Euclid, or broader, arcsec; no larger than lets the Einstein radius be resolved."""
    kind = rng.random()
    if kind < 0.45:
        fwhm = 0.1 * 10 ** rng.normal(0, 0.12)
    elif kind < 0.8:
        fwhm = rng.uniform(0.14, 0.22)
    else:
        fwhm = rng.uniform(0.2, 0.35)
    return float(np.clip(fwhm, 0.06, max(0.12, min(0.36, largest))))


def draw_training_psf(rng: np.random.Generator, largest: float) -> tuple:
    """A row of dtype PSF: Gaussian, Moffat or Airy."""
    profile = int(rng.choice(3, p=[0.25, 0.35, 0.4]))
    shape = (0.0, rng.uniform(2.2, 5.0), rng.uniform(0.0, 0.4))[profile]
    spiky = rng.uniform(0.005, 0.06) if rng.random() < 0.6 else 0.0
    return (
        profile, draw_width(rng, largest), shape, 1 - abs(rng.normal(0, 0.06)) % 0.3, rng.uniform(0, np.pi),
        rng.uniform(0, 0.12), spiky, int(rng.choice([4, 4, 6])), rng.uniform(0, 2 * np.pi),
    )  # fmt: skip


def draw_shifted_psf(rng: np.random.Generator, largest: float) -> tuple:
    """A row of dtype PSF: a double Gaussian or an exponential, rounder, with eight spikes or none."""
    profile = int(rng.choice([3, 4]))
    shape = (rng.uniform(0.1, 0.5), rng.uniform(0.2, 0.6))[profile - 3]
    spiky = rng.uniform(0.02, 0.05) if rng.random() < 0.3 else 0.0
    return (
        profile, draw_width(rng, largest), shape, 1 - abs(rng.normal(0, 0.03)) % 0.3, rng.uniform(0, np.pi),
        rng.uniform(0, 0.2), spiky, 8, rng.uniform(0, 2 * np.pi),
    )  # fmt: skip
