"""Point-spread functions.

A radial profile (Gaussian, Moffat, Airy and their like) on elliptical isophotes, extended wings, and the spikes of the
telescope's struts. One row of the table (dtype PSF) is one exposure's PSF; `psf_images` draws them.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..tables import dtype_of

__all__ = [
    "AIRY",
    "DOUBLE_GAUSSIAN",
    "EXPONENTIAL",
    "GAUSSIAN",
    "MOFFAT",
    "PSF",
    "RADIAL_PROFILES",
    "Psf",
    "draw_shifted_psf",
    "draw_space_psf",
    "draw_training_psf",
    "psf_images",
]

NODES = 512  # of the radial tables
DARK = -80.0  # least exponent: below it numbers are denormal, ten times as slow on a CPU
REACH = 4.6  # arcsec, radius of the last node: the corner of the PSF image

AIRY_FWHM = 1.029  # of an unobstructed Airy pattern, wavelengths over the diameter of the aperture
AIRY_BAND = (0.8, 0.93, 1.07, 1.2)  # wavelengths over the central one: a band 40 % wide, as those of broad filters
BROAD = 2.5  # FWHM of the broad part of a double Gaussian over that of its core
WING_SLOPE, SPIKE_SLOPE = -3.0, -1.5  # powers of the radius with which wings and spikes fade; both chosen
SPIKE_WIDTH, LEAST_SPIKE = 0.35, 0.02  # standard deviation across a spike: FWHM, plus arcsec; chosen


class Psf(NamedTuple):
    """The PSF of one exposure; by default round, without wings or spikes."""

    profile: int  # index into RADIAL_PROFILES
    fwhm: float  # arcsec, of the core
    shape: float = 0.0  # what the profile takes: Moffat beta, central obstruction, share of the broad part
    q: float = 1.0  # axis ratio
    phi: float = 0.0
    wing: float = 0.0  # share of the flux in wings of surface brightness r^-3
    spikes: float = 0.0  # share of the flux in the spikes
    struts: int = 4  # number of spikes
    strut_phi: float = 0.0  # position angle of the first


PSF = dtype_of(Psf)


def gaussian(r: Tensor, shape: Tensor) -> Tensor:
    """Gaussian, exp(-4 ln 2 r^2)."""
    return torch.exp(-4 * math.log(2) * r**2)


def moffat(r: Tensor, shape: Tensor) -> Tensor:
    """(1 + 4 (2^(1 / beta) - 1) r^2)^-beta with beta = shape; Moffat (1969), A&A 3, 455, in units of the FWHM."""
    return (1 + 4 * (2 ** (1 / shape) - 1) * r**2) ** -shape


def airy(r: Tensor, shape: Tensor) -> Tensor:
    """Airy pattern of an obstructed aperture, averaged over a band 40 % wide.

    ([2 J1(v) / v - e^2 2 J1(e v) / (e v)] / (1 - e^2))^2 with e = shape, the diameter of the obstruction over that of
    the aperture, and v = AIRY_FWHM pi r / wavelength, where the wavelength is one of AIRY_BAND. Schroeder (2000),
    Astronomical Optics.
    """
    total = torch.zeros_like(r)
    for wavelength in AIRY_BAND:
        v = AIRY_FWHM * math.pi * r / wavelength
        total = total + ((amplitude(v) - shape**2 * amplitude(shape * v)) / (1 - shape**2)) ** 2
    return total / len(AIRY_BAND)


def amplitude(v: Tensor) -> Tensor:
    """2 J1(v) / v, of a circular aperture."""
    v = v.clamp_min(1e-6)
    return 2 * torch.special.bessel_j1(v) / v


def double_gaussian(r: Tensor, shape: Tensor) -> Tensor:
    """A Gaussian core and one BROAD times as broad with the share `shape` of the flux."""
    return (1 - shape) * gaussian(r, shape) + shape / BROAD**2 * gaussian(r / BROAD, shape)


def exponential(r: Tensor, shape: Tensor) -> Tensor:
    """An exponential, softened within the core by `shape` FWHM."""
    soft, half = torch.sqrt(r**2 + shape**2) - shape, torch.sqrt(0.25 + shape**2) - shape
    return torch.exp(-math.log(2) * soft / half)


RADIAL_PROFILES = (gaussian, moffat, airy, double_gaussian, exponential)
"""Surface brightness at r, in FWHM, shape (rows, nodes); `shape` has shape (rows, 1). Not normalised."""

GAUSSIAN, MOFFAT, AIRY, DOUBLE_GAUSSIAN, EXPONENTIAL = range(len(RADIAL_PROFILES))


UP_TO_SHARP, UP_TO_EUCLID = 0.45, 0.8
"""Share of exposures with a PSF as of HST and JWST, and share with these or one as of Euclid; the rest are broader."""

SHARP_FWHM, SHARP_SCATTER = 0.1, 0.12
"""Median FWHM, arcsec, and its scatter, dex, of HST and JWST from the visible to the infrared. Chosen."""

EUCLID_FWHM, BROADER_FWHM = (0.14, 0.22), (0.2, 0.35)
"""FWHM, arcsec: about that of Euclid's VIS, and what resampling makes of it. Chosen."""

SHARPEST, BROADEST = 0.06, 0.36  # arcsec, least and largest FWHM
ALWAYS_RESOLVED = 0.12  # arcsec; a PSF as sharp as that is drawn for the smallest lens too

SPACE_PROFILES = {GAUSSIAN: 0.25, MOFFAT: 0.35, AIRY: 0.4}
"""Shares of the radial profiles."""

BETA, OBSTRUCTION = (2.2, 5.0), (0.0, 0.4)
"""`shape` of the Moffat and the Airy profile. Chosen: from broad wings to nearly a Gaussian, and from no obstruction to
more than the third of HST's diameter."""

SPIKY, SPIKES, STRUTS = 0.6, (0.005, 0.06), (4, 4, 6)
"""Share of the exposures with spikes, their share of the flux, and how many there are. Chosen."""

SHIFTED_SPIKY, SHIFTED_SPIKES, SHIFTED_STRUTS = 0.3, (0.02, 0.05), 8
BROAD_SHARE, SOFTENING = (0.1, 0.5), (0.2, 0.6)
"""Of the shifted set: spikes as above, and `shape` of the double Gaussian and of the exponential. Chosen, unlike those
of the training set."""

MOST_ELONGATED = 0.3  # no PSF has 1 - q above it


def psf_images(
    psfs: np.ndarray,
    width: int,
    pixel: float,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Tensor:
    """The PSFs centred on pixel (width // 2, width // 2), shape (len(psfs), width, width), each summing to one.

    Arguments:
        psfs: dtype PSF.
        width: pixels along a side.
        pixel: side of a pixel, arcsec.
    """
    axis = ((torch.arange(width, dtype=torch.float64, device=device) - width // 2) * pixel).to(dtype)
    x, y = axis[None, None, :], axis[None, :, None]
    cos, sin, q, spikes = _columns(psfs, axis)
    xx, xy, yy = q * cos**2 + sin**2 / q, 2 * (q - 1 / q) * cos * sin, q * sin**2 + cos**2 / q
    radius_2 = torch.addcmul(yy * y**2, xx * x + xy * y, x)
    images = _interpolated(radial_tables(psfs, device).to(dtype), radius_2)
    spiky = np.flatnonzero(psfs["spikes"] > 0)
    if len(spiky):
        rows = torch.as_tensor(spiky, device=device)
        images[rows] = (1 - spikes[rows]) * images[rows] + _spikes(psfs[spiky], x, y, pixel)
    return images / images.sum((1, 2), keepdim=True)


def _columns(psfs: np.ndarray, like: Tensor) -> tuple[Tensor, ...]:
    """The position angle's cosine and sine, axis ratio and share of the spikes, each of shape (rows, 1, 1)."""
    table = np.stack([np.cos(psfs["phi"]), np.sin(psfs["phi"]), psfs["q"], psfs["spikes"]])
    return torch.as_tensor(table).to(like)[:, :, None, None].unbind(0)


def radial_tables(psfs: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """The profiles at NODES radii evenly spaced in sqrt(r / REACH), of unit flux, float64, shape (rows, NODES).

    The wings are (1 + (r / FWHM)^2)^(-3/2), a share `wing` of the flux.
    """
    fwhm, shape, wing = torch.as_tensor(np.stack([psfs[name] for name in ("fwhm", "shape", "wing")]), device=device)[
        :, :, None
    ].unbind(0)
    s = torch.linspace(0, 1, NODES, dtype=torch.float64, device=device)
    r, area = REACH * s**2 / fwhm, 4 * math.pi * REACH**2 * s**3 / (NODES - 1)  # 2 pi r dr
    core = torch.empty_like(r)
    for kind in np.unique(psfs["profile"]):
        rows = torch.as_tensor(np.flatnonzero(psfs["profile"] == kind), device=device)
        core[rows] = RADIAL_PROFILES[kind](r[rows], shape[rows])
    wings = (1 + r**2) ** (WING_SLOPE / 2)
    core, wings = (part / (part * area).sum(1, keepdim=True) for part in (core, wings))
    return (1 - wing) * core + wing * wings


def _interpolated(tables: Tensor, radius_2: Tensor) -> Tensor:
    """Each table at its radii, whose squares are given and overwritten, linearly in sqrt(r), shape of radius_2."""
    node = radius_2.sqrt_().sqrt_().mul_((NODES - 1) / math.sqrt(REACH)).clamp_(max=NODES - 1.001)
    index = node.long().flatten(1)
    inner, outer = (part.gather(1, index).view_as(node) for part in (tables, tables[:, 1:]))
    return inner.lerp_(outer, node.frac_())


def _spikes(psfs: np.ndarray, x: Tensor, y: Tensor, pixel: float) -> Tensor:
    """Straight spikes that fade as r^-1.5, holding their share of the flux, shape (rows, width, width)."""
    fwhm, share, struts, first = (
        torch.as_tensor(psfs[name].astype(np.float64)).to(x)[:, None, None]
        for name in ("fwhm", "spikes", "struts", "strut_phi")
    )
    r = torch.sqrt(x**2 + y**2)
    light = torch.zeros(len(psfs), *r.shape[1:], dtype=r.dtype, device=r.device)
    paired = struts % 2 == 0  # opposite spikes are one line
    lines = torch.where(paired, struts / 2, struts)
    for line in range(int(np.where(psfs["struts"] % 2, psfs["struts"], psfs["struts"] // 2).max())):
        angle = first + 2 * math.pi * line / struts
        along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        exponent = (across / (SPIKE_WIDTH * fwhm + LEAST_SPIKE)).square_().mul_(-0.5).clamp_min_(DARK)
        light += exponent.exp_() * ((along > 0) | paired) * (line < lines)
    light *= r > 0
    light *= (r + 2 * fwhm) ** SPIKE_SLOPE * (1 - r / REACH).clamp(min=0)
    return light * (share / (light.sum((1, 2), keepdim=True) * pixel**2))


def draw_width(rng: np.random.Generator, largest: float) -> float:
    """FWHM of HST and JWST, of Euclid, or broader, arcsec; no larger than lets the Einstein radius be resolved."""
    kind = rng.random()
    if kind < UP_TO_SHARP:
        fwhm = SHARP_FWHM * 10 ** rng.normal(0, SHARP_SCATTER)
    elif kind < UP_TO_EUCLID:
        fwhm = rng.uniform(*EUCLID_FWHM)
    else:
        fwhm = rng.uniform(*BROADER_FWHM)
    return float(np.clip(fwhm, SHARPEST, max(ALWAYS_RESOLVED, min(BROADEST, largest))))


def draw_training_psf(rng: np.random.Generator, largest: float) -> Psf:
    """Gaussian, Moffat or Airy.

    Arguments:
        largest: useful FWHM, arcsec.

    >>> draw_training_psf(np.random.default_rng(1), largest=0.1).fwhm <= 0.12
    True
    """
    return draw_space_psf(rng, lambda: draw_width(rng, largest))


def draw_space_psf(rng: np.random.Generator, draw_fwhm: Callable[[], float]) -> Psf:
    """Gaussian, Moffat or Airy, with the spikes of four or six struts or none.

    Arguments:
        draw_fwhm: from the same generator.
    """
    profile = int(rng.choice(list(SPACE_PROFILES), p=list(SPACE_PROFILES.values())))
    shape = {GAUSSIAN: 0.0, MOFFAT: rng.uniform(*BETA), AIRY: rng.uniform(*OBSTRUCTION)}[profile]
    spikes = rng.uniform(*SPIKES) if rng.random() < SPIKY else 0.0
    psf = _draw_shape(rng, Psf(profile, draw_fwhm(), shape, spikes=spikes), elongation=0.06, wing=0.12)
    return psf._replace(struts=int(rng.choice(STRUTS)), strut_phi=rng.uniform(0, 2 * np.pi))


def draw_shifted_psf(rng: np.random.Generator, largest: float) -> Psf:
    """A double Gaussian or an exponential, rounder, with eight spikes or none; `largest` as in `draw_training_psf`."""
    profile = int(rng.choice([DOUBLE_GAUSSIAN, EXPONENTIAL]))
    shape = {DOUBLE_GAUSSIAN: rng.uniform(*BROAD_SHARE), EXPONENTIAL: rng.uniform(*SOFTENING)}[profile]
    spikes = rng.uniform(*SHIFTED_SPIKES) if rng.random() < SHIFTED_SPIKY else 0.0
    psf = _draw_shape(rng, Psf(profile, draw_width(rng, largest), shape, spikes=spikes), elongation=0.03, wing=0.2)
    return psf._replace(struts=SHIFTED_STRUTS, strut_phi=rng.uniform(0, 2 * np.pi))


def _draw_shape(rng: np.random.Generator, psf: Psf, elongation: float, wing: float) -> Psf:
    """The PSF with an axis ratio, its angle and wings.

    Arguments:
        elongation: standard deviation of 1 - q.
        wing: largest share of the flux in the wings.
    """
    return psf._replace(
        q=1 - abs(rng.normal(0, elongation)) % MOST_ELONGATED, phi=rng.uniform(0, np.pi), wing=rng.uniform(0, wing)
    )
