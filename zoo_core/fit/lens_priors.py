"""What is believed of a lens before its pixels are looked at: a guess of its mass, and what lenses are like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .descent import Bounds, Prior
from .lens_model import PARAMETERS, changed, value
from .observed import Observed

__all__ = ["MASS", "RANGE", "SEVERAL", "Belief", "Guess"]

MASS: Mapping[str, str] = {
    "theta_E": "theta_E",
    "e1": "lens_e1",
    "e2": "lens_e2",
    "gamma_1": "gamma_1",
    "gamma_2": "gamma_2",
    "lens_x": "lens_x",
    "lens_y": "lens_y",
}
"""Parameters of a mass as networks state them, and what the fit calls them."""

LEAST_SPREAD = 0.25  # of theta_E, relative: as far as networks are off at times, whatever they say
WIDENED = 2.0  # standard deviations that a network states count so many times
ALIGNED = 0.1  # deviation of the ellipticity of the mass from that of the light
SHEAR = 0.05  # standard deviation of either component: environments of galaxies
CENTRED = 0.05  # arcsec, between the centres of mass and light
SOURCE_RADIUS = 0.15, 0.6  # arcsec, and standard deviation of its logarithm
SOURCE_INDEX = 1.2, 0.6  # Sersic
SOURCE_ROUND = 0.25  # standard deviation of either component of the ellipticity
OFFSET = 0.35  # of the source from the lens, Einstein radii, along either axis
LIGHT_PLACE = 0.1  # arcsec, to which the guess of the centre is known
LIGHT_ROUND = 0.2
TWIST = 0.1  # of the ellipticity of the light, from its middle to either end
PSF_PIXELS = 2.0, 0.35  # FWHM of a PSF that is not known, and standard deviation of its logarithm: as telescopes sample
LEAST_RADIUS = 2.0  # pixels
RANGE = 0.5, 2.2  # of theta_E, of the guess
SEVERAL = 0.9  # offset of the source, Einstein radii, from which on it has one image, or one that nobody sees
FLATTEST = 0.8  # largest ellipticity: an axis ratio of 1 / 9


@dataclass(frozen=True)
class Guess:
    """The mass of B lenses as a network states it: means and standard deviations by name (`MASS`), (B,) each.

    Of what is not named nothing is known; `theta_E` must be.
    """

    mean: Mapping[str, Tensor]
    deviation: Mapping[str, Tensor]

    def within(self, observed: Observed) -> Guess:
        """The same with Einstein radii that the frames can show: two pixels at least, half a frame at most."""
        scale = observed.pixel_scale
        theta_E = self.theta_E.to(observed.pixels).clamp(min=LEAST_RADIUS * scale)
        limited = torch.minimum(theta_E, min(observed.pixels.shape[1:]) / 2 * scale)
        return replace(self, mean={**self.mean, "theta_E": limited})

    @property
    def theta_E(self) -> Tensor:
        """Einstein radii (B,), arcsec."""
        return self.mean["theta_E"]

    def place(self, axis: str) -> Tensor:
        """Centre of the lens along "x" or "y", (B,), arcsec."""
        return self.mean.get(f"lens_{axis}", torch.zeros_like(self.theta_E))


@dataclass(frozen=True)
class Belief:
    """What is believed of B lenses.

    Arguments:
        prior: of all parameters: the guess, widened, and what lenses are like.
        bounds: that no lens exceeds.
    """

    prior: Prior
    bounds: Bounds

    @classmethod
    def of(cls, guess: Guess, observed: Observed) -> Belief:
        """Of lenses in these images with this guess of their masses."""
        return cls(_prior(guess, observed), _bounds(guess, observed))

    def rows(self, rows: Tensor) -> Belief:
        """That of some of the lenses."""
        return Belief(self.prior.rows(rows), self.bounds.rows(rows))

    def with_mass(self, guess: Guess) -> Belief:
        """The mass as it was guessed, with its shear, of which little is believed otherwise."""
        mass = {fitted: guess.mean[name] for name, fitted in MASS.items() if name in guess.mean}
        return replace(self, prior=replace(self.prior, mean=changed(self.prior.mean, mass)))

    def around(self, parameters: Tensor) -> Belief:
        """The mass about the light as it was found: in its place, and as elliptical."""
        pairs = {"lens_x": "light_x", "lens_y": "light_y", "lens_e1": "light_e1", "lens_e2": "light_e2"}
        mean = changed(self.prior.mean, {mass: value(parameters, light) for mass, light in pairs.items()})
        return replace(self, prior=Prior(mean, self.prior.deviation))


def _prior(guess: Guess, observed: Observed) -> Prior:
    """The guess, widened, and what lenses are like."""
    theta_E = guess.theta_E.to(observed.pixels)
    wide = torch.hypot(WIDENED * guess.deviation["theta_E"].to(theta_E), LEAST_SPREAD * theta_E)
    x, y = guess.place("x"), guess.place("y")
    believed: dict[str, tuple[Tensor | float, Tensor | float]] = {
        "theta_E": (theta_E, wide),
        "lens_x": (x, CENTRED),
        "lens_y": (y, CENTRED),
        "lens_e1": (guess.mean.get("e1", 0.0), ALIGNED),
        "lens_e2": (guess.mean.get("e2", 0.0), ALIGNED),
        "gamma_1": (0.0, SHEAR),
        "gamma_2": (0.0, SHEAR),
        "x": (0.0, OFFSET * theta_E),
        "y": (0.0, OFFSET * theta_E),
        "log_R": (math.log(SOURCE_RADIUS[0]), SOURCE_RADIUS[1]),
        "e1": (0.0, SOURCE_ROUND),
        "e2": (0.0, SOURCE_ROUND),
        "n": SOURCE_INDEX,
        "light_x": (x, LIGHT_PLACE),
        "light_y": (y, LIGHT_PLACE),
        "light_e1": (guess.mean.get("e1", 0.0), LIGHT_ROUND),
        "light_e2": (guess.mean.get("e2", 0.0), LIGHT_ROUND),
        "light_twist_1": (0.0, TWIST),
        "light_twist_2": (0.0, TWIST),
        "log_fwhm": (_log_fwhm(observed), PSF_PIXELS[1]),
    }
    rows = torch.zeros(len(theta_E), len(PARAMETERS)).to(theta_E)
    means = changed(rows, {name: mean for name, (mean, _) in believed.items()})
    return Prior(means, changed(rows, {name: deviation for name, (_, deviation) in believed.items()}))


def _bounds(guess: Guess, observed: Observed) -> Bounds:
    """What no lens exceeds."""
    theta_E, scale = guess.theta_E.to(observed.pixels), observed.pixel_scale
    limits: dict[str, tuple[Tensor | float, Tensor | float]] = {
        "theta_E": (RANGE[0] * theta_E, RANGE[1] * theta_E),
        "gamma_1": (-0.4, 0.4),
        "gamma_2": (-0.4, 0.4),
        "log_R": ((0.2 * scale).log(), math.log(1.5)),
        "n": (0.4, 5.0),
        "light_twist_1": (-0.15, 0.15),
        "light_twist_2": (-0.15, 0.15),
        "log_fwhm": (scale.log(), (6 * scale).log()),
    }
    rows = torch.full((len(theta_E), len(PARAMETERS)), math.inf).to(theta_E)
    low = changed(-rows, {name: least for name, (least, _) in limits.items()})
    return Bounds(low, changed(rows, {name: most for name, (_, most) in limits.items()}), FLATTEST, SEVERAL)


def _log_fwhm(observed: Observed) -> Tensor:
    known = observed.psf_fwhm()
    return torch.where(known.isnan(), PSF_PIXELS[0] * observed.pixel_scale, known).log()
