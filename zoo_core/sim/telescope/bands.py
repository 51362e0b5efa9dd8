"""Bands of a survey from the ground: what each passes, how deep and how sharp it is.

Images of a survey in several bands are taken under different skies: each band has a seeing, a noise and faults of its
own. Fluxes are in units of the sky noise of the first band; the noise of another one says how much larger its own is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ..draws import log_uniform
from .noise import Draw, Noise
from .psf import MOFFAT, Psf
from .survey import Survey

__all__ = ["KIDS", "Band", "surveys_of"]

APERTURE = 2.0  # arcsec, diameter in which depths are given
SIGNIFICANCE = 5.0
PIXEL = 0.2  # arcsec

DEPTHS = (-0.6, 0.9)
"""How much deeper an image is than the survey on average, magnitudes. Chosen to hold the noise of the published ground
set of the Bologna lens challenge, whose images are up to 0.9 mag deeper."""

DEPTH_SCATTER = 0.2  # magnitudes, of one band against the others; chosen

SEEING_SCATTER = 0.12  # of the logarithm; chosen
MOFFAT_BETA, WING, ELONGATION = (2.5, 4.5), (0.0, 0.06), 0.04
"""Shape of the seeing disc, share of the flux in its wings, and standard deviation of 1 - q. Chosen."""


CORRELATED, ZERO_POINT, GRADIENT = 0.5, 0.1, 0.06
COSMICS, BLANKS = (0.1, 1.0), (0.06, 1.0)
"""Share of the exposures with correlated noise; zero points and gradients, sky sigma; shares of the exposures with
cosmic rays and unmeasured areas, and their largest expected numbers. Chosen."""


@dataclass(frozen=True)
class Band:
    """A band of a survey.

    Arguments:
        name: what data sets call it.
        wavelengths: where it begins and ends, Angstrom.
        depth: AB magnitude of a source of five sigma in an aperture of 2 arcsec.
        seeing: median FWHM, arcsec.
        shot: range of the variance per unit flux, in units of the sky's variance per sky sigma: one over the sky noise
            of a pixel in electrons.
    """

    name: str
    wavelengths: tuple[float, float]
    depth: float
    seeing: float
    shot: tuple[float, float]

    @property
    def sky_sigma(self) -> float:
        """Sky noise of a pixel, maggies (flux over that of AB magnitude 0), were it white."""
        pixels = np.pi * (APERTURE / 2 / PIXEL) ** 2
        return float(10 ** (-0.4 * self.depth) / SIGNIFICANCE / np.sqrt(pixels))


KIDS = (
    Band("r", (5500.0, 6850.0), 25.02, 0.70, (0.006, 0.05)),
    Band("i", (6750.0, 8250.0), 23.68, 0.80, (0.004, 0.03)),
    Band("g", (4000.0, 5400.0), 25.12, 0.88, (0.01, 0.08)),
    Band("u", (3250.0, 3850.0), 24.23, 1.00, (0.02, 0.15)),
)
"""The Kilo-Degree Survey, in the order of the files of the Bologna challenge. Depths, and the seeing in r: Kuijken et
al. (2019), A&A 625, A2. The other seeings and the photon noise are chosen; the bands are boxes as wide as those of
SDSS."""


def surveys_of(bands: Sequence[Band]) -> tuple[Survey, ...]:
    """Each band as a survey; the noise of the first has a unit in maggies, those of the others one in sigma of it."""
    return tuple(
        Survey(partial(_psf, band), partial(_noise, band, bands[0]), partial(_noises, band, bands[0])) for band in bands
    )


def _psf(band: Band, rng: np.random.Generator, largest: float) -> Psf:
    """A Moffat disc; the sky does not care how large Einstein radii are."""
    fwhm = band.seeing * float(np.exp(rng.normal(0, SEEING_SCATTER)))
    q = 1 - abs(rng.normal(0, ELONGATION)) % 0.3
    return Psf(MOFFAT, fwhm, rng.uniform(*MOFFAT_BETA), q=q, phi=rng.uniform(0, np.pi), wing=rng.uniform(*WING))


def _noise(band: Band, first: Band, rng: np.random.Generator) -> Noise:
    """Resampled exposures: a slight correlation, zero points and gradients that the subtraction of the sky has left."""
    lag_1 = float(rng.uniform(0, 0.2) if rng.random() < CORRELATED else 0.0)
    deeper = rng.uniform(*DEPTHS) if band == first else rng.normal(0, DEPTH_SCATTER)
    nominal = band.sky_sigma / (1.0 if band == first else first.sky_sigma)
    return Noise(
        shot=log_uniform(rng, *band.shot),
        lag_1=lag_1,
        lag_2=-0.2 * lag_1,
        bias=rng.normal(0, ZERO_POINT),
        slope_x=rng.normal(0, GRADIENT),
        slope_y=rng.normal(0, GRADIENT),
        cosmics=rng.uniform(0, COSMICS[1]) if rng.random() < COSMICS[0] else 0.0,
        blanks=rng.uniform(0, BLANKS[1]) if rng.random() < BLANKS[0] else 0.0,
        unit=float(nominal * 10 ** (-0.4 * deeper)),
    )


def _noises(band: Band, first: Band, generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """As `_noise`, of `count` exposures, but that the unit of the first band is 1."""
    draw = Draw(generator, count)
    lag_1, zero = draw.often(CORRELATED, 0.0, 0.2), torch.zeros(count, device=generator.device)
    relative = band.sky_sigma / first.sky_sigma * 10 ** (-0.4 * draw.normal(0.0 if band == first else DEPTH_SCATTER))
    return {
        "shot": draw.log_uniform(*band.shot),
        "lag_1": lag_1,
        "lag_2": -0.2 * lag_1,
        "mottle": zero,
        "stripes": zero,
        "bias": draw.normal(ZERO_POINT),
        "slope_x": draw.normal(GRADIENT),
        "slope_y": draw.normal(GRADIENT),
        "cosmics": draw.often(COSMICS[0], 0.0, COSMICS[1]),
        "hot": zero,
        "blanks": draw.often(BLANKS[0], 0.0, BLANKS[1]),
        "unit": relative,
    }
