"""Spectral energy distributions of galaxies and stars, and what colours they have in the bands of a survey.

A galaxy's spectrum is a template of its type, redshifted, reddened by its own dust and, beyond redshift 1.7, absorbed
on its way. A template is a handful of brightnesses at wavelengths between which its logarithm is interpolated; that
reproduces the colours of the full template to some hundredths of a magnitude.
"""

from enum import Enum
from functools import cache
from typing import NamedTuple

import numpy as np

__all__ = ["DUST_SLOPE", "Spectrum", "Template", "Wavelengths", "colours", "colours_of_star"]

Wavelengths = tuple[float, float]
"""Where a band begins and ends, Angstrom; it passes everything between."""

ANGSTROMS = np.array(
    [912, 1000, 1216, 1500, 2000, 2500, 2850, 3200, 3600, 3800, 4000, 4300, 4800, 5500, 6500, 7500, 9000, 11000]
)
"""At rest; where the templates are given."""


class Template(Enum):
    """Types of galaxies: AB magnitudes at ANGSTROMS over that at 5500.

    Coleman, Wu & Weedman (1980), ApJS 43, 393 (elliptical to irregular) and Kinney et al. (1996), ApJ 467, 38 (the
    starbursts), as Benitez et al. (2004), ApJS 150, 1 recalibrated them; each number is a mean over a few per cent of
    the wavelength.
    """

    ELLIPTICAL = (
        7.69, 7.43, 6.9, 6.58, 5.88, 5.0, 3.52, 2.57, 2.08, 1.99, 1.38, 0.94, 0.33, 0.0, -0.37, -0.67, -0.91, -1.04,
    )  # fmt: skip
    SBC = (
        5.78, 5.47, 4.75, 4.0, 3.18, 2.84, 2.58, 2.2, 1.57, 1.22, 0.89, 0.63, 0.29, 0.0, -0.3, -0.51, -0.72, -1.06,
    )  # fmt: skip
    SCD = (
        3.93, 3.73, 3.25, 2.7, 2.14, 2.02, 1.8, 1.55, 1.29, 0.93, 0.69, 0.49, 0.19, 0.0, -0.26, -0.38, -0.44, -0.65,
    )  # fmt: skip
    IRREGULAR = (
        2.6, 2.41, 2.0, 1.66, 1.34, 1.27, 1.21, 1.09, 0.9, 0.45, 0.37, 0.25, 0.04, 0.0, -0.18, -0.3, -0.41, -0.57,
    )  # fmt: skip
    STARBURST_3 = (
        2.34, 2.21, 1.92, 1.68, 1.53, 1.26, 1.18, 1.01, 1.01, 0.74, 0.46, 0.25, 0.06, 0.0, -0.38, -0.37, -0.7, -0.82,
    )  # fmt: skip
    STARBURST_2 = (
        1.53, 1.4, 1.13, 0.84, 0.91, 0.72, 0.76, 0.7, 0.57, 0.19, 0.15, 0.07, -0.09, 0.0, -0.34, -0.25, -0.49, -0.42,
    )  # fmt: skip


DUST_SLOPE = -0.7
"""Optical depth of dust as a power of the wavelength: Charlot & Fall (2000), ApJ 539, 718."""

VISUAL = 5500.0  # Angstrom

LYMAN_ALPHA, LYMAN_LIMIT = 1216.0, 912.0  # Angstrom

FOREST, FOREST_SLOPE = 0.0036, 3.46
"""Mean optical depth of the Lyman alpha forest, FOREST (1 + z)^FOREST_SLOPE: Madau (1995), ApJ 441, 18."""

SAMPLES = 64  # wavelengths in a band
PLANCK = 1.4388e8  # h c / k, Angstrom K


class Spectrum(NamedTuple):
    """A galaxy's spectrum.

    Attributes:
        template: of its type.
        z: redshift.
        A_V: what its dust takes away at 5500 Angstrom at rest, magnitudes.
    """

    template: Template
    z: float
    A_V: float = 0.0


def colours(spectrum: Spectrum, bands: tuple[Wavelengths, ...]) -> tuple[float, ...]:
    """Flux (per frequency, as AB magnitudes are defined) in each band over that in the first.

    >>> r, g = (5500.0, 6850.0), (4000.0, 5400.0)
    >>> elliptical, irregular = (Spectrum(kind, 0.4) for kind in (Template.ELLIPTICAL, Template.IRREGULAR))
    >>> [round(float(-2.5 * np.log10(colours(galaxy, (r, g))[1])), 1) for galaxy in (elliptical, irregular)]
    [1.6, 0.7]
    """
    fluxes = [_mean(_flux(spectrum, observed), observed) for observed in map(_sampled, bands)]
    return tuple(flux / fluxes[0] for flux in fluxes)


def colours_of_star(temperature: float, bands: tuple[Wavelengths, ...]) -> tuple[float, ...]:
    """As `colours`, of a black body: stars without their lines, K."""
    fluxes = [_mean(_black_body(observed, temperature), observed) for observed in map(_sampled, bands)]
    return tuple(flux / fluxes[0] for flux in fluxes)


def _black_body(observed: np.ndarray, temperature: float) -> np.ndarray:
    """Flux per frequency, in any unit: Planck's law."""
    return observed**-3 / np.expm1(PLANCK / (observed * temperature))


def _flux(spectrum: Spectrum, observed: np.ndarray) -> np.ndarray:
    """Flux per frequency at observed wavelengths, in any unit."""
    rest = observed / (1 + spectrum.z)
    magnitudes = np.interp(np.log(rest), np.log(ANGSTROMS), spectrum.template.value)
    magnitudes = magnitudes + spectrum.A_V * (rest / VISUAL) ** DUST_SLOPE
    forest = np.where(rest < LYMAN_ALPHA, FOREST * (observed / LYMAN_ALPHA) ** FOREST_SLOPE, 0.0)
    return np.where(rest < LYMAN_LIMIT, 0.0, 10 ** (-0.4 * magnitudes) * np.exp(-forest))


@cache
def _sampled(band: Wavelengths) -> np.ndarray:
    return np.linspace(*band, SAMPLES)


def _mean(flux: np.ndarray, observed: np.ndarray) -> float:
    """The mean flux per frequency that counts photons: weighted with 1 / wavelength."""
    return float(np.average(flux, weights=1 / observed))
