"""Lenses with dark-matter substructure.

Who the macro-lens and its source are, what substructure the lens holds, and which telescope observes it: all
that is random about an image but its noise. Nothing but the substructure depends on the class.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .rays.scene import Lens, Profile
from .sky.galaxy import Galaxy, sersic
from .sky.subhalos import SUBHALO, MassFunction, draw_subhalos
from .sky.vortex import VORTEX, draw_vortex
from .telescope.noise import Noise
from .telescope.psf import AIRY, GAUSSIAN, Psf

__all__ = ["CLASSES", "DIFFICULTIES", "PIXEL_SCALE", "Difficulty", "Scene", "draw_scene"]

CLASSES = ("no", "sphere", "vort")
PIXEL_SCALE = 0.05

THETA_E = (0.8, 1.25)  # arcsec; larger rings would leave a frame of 3.2"
VORTEX_DISTANCE = (0.5, 1.5)  # of a vortex' middle from the lens, in Einstein radii


class Scene(NamedTuple):
    """Everything about one image but its noise.

    Arguments:
        kind: one of CLASSES.
        lens: the macro-lens; the mass in substructure is part of it.
        source: the galaxy behind it; `flux` in sky sigma, before lensing.
        halos: dtype SUBHALO; empty but for "sphere".
        vortices: dtype VORTEX; empty but for "vort".
        psf: of the exposure.
        noise: of the exposure: sky and photons, neighbouring pixels correlated, no faults, in units of the sky's sigma.
    """

    kind: str
    lens: Lens
    source: Profile
    halos: np.ndarray
    vortices: np.ndarray
    psf: Psf
    noise: Noise


class Exposure(NamedTuple):
    """What a telescope makes of a source: `brightness` is its mean within R_e, in sky sigma of a pixel."""

    brightness: float
    psf: Psf
    noise: Noise


@dataclass(frozen=True)
class Difficulty:
    """How much substructure, and how deep the image is.

    Arguments:
        subhalos: of "sphere".
        vortex_mass: of "vort", solar masses.
        expose: called with a generator and the source's half-light radius; draws the exposure.
    """

    subhalos: MassFunction
    vortex_mass: float
    expose: Callable[[np.random.Generator, float], Exposure]


def draw_model_exposure(rng: np.random.Generator, R: float) -> Exposure:
    """Signal to noise of 25 (0.1 dex of scatter) in the brightest pixels of the arcs; Gaussian PSF.

    Those are about twice as bright as the source's mean within R_e. The exposure time, 10^3 to 10^3.5, sets how much of
    the noise is the photons': the sky's is 0.01 per pixel.
    """
    shot = 100 / 10 ** rng.uniform(3.0, 3.5)
    target = 25 * 10 ** rng.normal(0, 0.1)
    brightest = 0.5 * target * (target * shot + np.sqrt((target * shot) ** 2 + 4))
    return Exposure(float(brightest / 2), Psf(GAUSSIAN, fwhm=0.087), Noise(shot=float(shot)))


ZERO_POINT = 25.94  # AB magnitude of one electron a second, ACS/WFC F814W
SKY_RATE = 0.1  # electrons a second in a pixel of 0.05"
READ_NOISE = 4.5  # electrons, in each of four exposures
MAGNITUDES = (22.5, 25.0)  # of the source, before lensing
OBSTRUCTION = 0.33  # diameter of the secondary mirror's shadow over that of the primary


def draw_hubble_exposure(rng: np.random.Generator, R: float) -> Exposure:
    """One orbit of ACS/WFC F814W, drizzled to 0.05": obstructed Airy with wings and spikes, correlated noise."""
    seconds = rng.uniform(1800, 2400)
    sky = np.sqrt(SKY_RATE * seconds + 4 * READ_NOISE**2)
    electrons = seconds * 10 ** (-0.4 * (rng.uniform(*MAGNITUDES) - ZERO_POINT))
    brightness = electrons / (2 * np.pi * R**2) * PIXEL_SCALE**2 / sky
    psf = Psf(
        AIRY,
        fwhm=float(np.clip(rng.normal(0.095, 0.005), 0.08, 0.11)),
        shape=OBSTRUCTION,
        q=1 - 0.06 * rng.random(),
        phi=rng.uniform(0, np.pi),
        wing=rng.uniform(0.02, 0.08),
        spikes=rng.uniform(0.01, 0.03),
        strut_phi=rng.uniform(0, 2 * np.pi),
    )
    return Exposure(float(brightness), psf, Noise(shot=float(1 / sky), lag_1=float(rng.uniform(0.05, 0.2))))


# The public simulator of the field (DeepLenseSim, after Alexander et al. 2020, ApJ 893, 15) draws 25 masses from
# dN/dm ~ m^-0.9, although it speaks of -1.9, which is what simulations of cold dark matter find (Springel et al. 2008,
# MNRAS 391, 1685): "easy" has its masses, "real" a third of them, "cold" those of the simulations.
PUBLISHED = MassFunction(25, slope=-0.9, nearest=0.25, farthest=2.0, surface_power=0.0)
HUNDREDTH = 1e10  # solar masses of a halo of 1e12
COLD = MassFunction(1, slope=-1.9, extended=True)

DIFFICULTIES = {
    "easy": Difficulty(PUBLISHED, 3e10, draw_model_exposure),
    "real": Difficulty(PUBLISHED.of_mass(HUNDREDTH), HUNDREDTH, draw_hubble_exposure),
    "cold": Difficulty(COLD.of_mass(HUNDREDTH), HUNDREDTH, draw_hubble_exposure),
}


def draw_scene(rng: np.random.Generator, difficulty: Difficulty, kind: str) -> Scene:
    """A lens with the substructure of its class; all else is drawn before, from the same numbers."""
    lens = draw_macro_lens(rng)
    galaxy, n = draw_source(rng)
    exposure = difficulty.expose(rng, galaxy.R)
    flux = exposure.brightness * 2 * np.pi * (galaxy.R / PIXEL_SCALE) ** 2
    source = sersic(galaxy._replace(flux=flux), 1.0, 1.0, n)
    halos = draw_subhalos(rng, difficulty.subhalos) if kind == "sphere" else np.zeros(0, SUBHALO)
    vortices = np.zeros(0, VORTEX)
    if kind == "vort":
        low, high = (times * lens.theta_E for times in VORTEX_DISTANCE)
        vortices = draw_vortex(rng, difficulty.vortex_mass, (low, high))
    return Scene(
        kind=kind, lens=lens, source=source, halos=halos, vortices=vortices, psf=exposure.psf, noise=exposure.noise
    )


def draw_macro_lens(rng: np.random.Generator) -> Lens:
    """An isothermal lens, as lenses are within the scatter that an image of this depth shows."""
    shear, angle = min(rng.rayleigh(0.04), 0.12), rng.uniform(0, np.pi)
    return Lens(
        theta_E=rng.uniform(*THETA_E),
        q=rng.uniform(0.6, 0.98),
        phi=rng.uniform(0, np.pi),
        x=rng.normal(0, 0.04),
        y=rng.normal(0, 0.04),
        gamma_1=shear * np.cos(2 * angle),
        gamma_2=shear * np.sin(2 * angle),
    )


def draw_source(rng: np.random.Generator) -> tuple[Galaxy, float]:
    """A galaxy behind the lens, of any flux, and its Sersic index."""
    R = float(np.clip(0.2 * 10 ** rng.normal(0, 0.12), 0.1, 0.4))
    x, y = rng.uniform(-0.35, 0.35, 2)
    galaxy = Galaxy(1.0, R, float(x), float(y), rng.uniform(0.5, 1.0), rng.uniform(0, np.pi), lensed=True)
    return galaxy, float(np.clip(rng.normal(1.0, 0.25), 0.6, 1.8))
