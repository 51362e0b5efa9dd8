"""A network's answer, refined by a fit to the pixels: mass, lens galaxy and source together.

The guess of the mass says where to look. In coarse pixels the lens galaxy is fitted first, then many places of the
source for several Einstein radii (`starts`), and the best of them are followed downhill (`descent`). The best of those
goes on in the pixels as they are, with weights that leave out what the model cannot explain (`robust`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .descent import Bounds, Descent, Fitted, Prior
from .lens_model import LIGHT, PARAMETERS, LensModel, changed, value
from .lens_priors import Guess, around_light, bounds, prior
from .macromodel import LENS
from .observed import Observed
from .robust import flat_weight, smoothed, student_weight, with_mismatch
from .starts import best_starts

__all__ = ["Refinement", "refine"]

FARTHEST = 1.7  # Einstein radii from the lens, within which the images of a source lie that has several
BEYOND = 0.7  # arcsec that are fitted beyond, where the lens galaxy alone shines
UNSURE = 1.3  # the guess may be too small by so much
COARSE = 44  # pixels a side where starts are compared, about
PER_RADIUS = 5  # coarse pixels to an Einstein radius, at least
COARSE_GAUSSIANS = 8
TRIED = 9  # Einstein radii ...
SPAN = 0.5  # ... from 1 / (1 + SPAN) of the guess to 1 + SPAN
FOLLOWED = 3  # starts
MISMATCH = 0.05  # share of the light that the model may miss anywhere
UNEXPLAINED = 0.1  # ... and of what the lens galaxy leaves, while starts are compared: bright spots do not decide alone
ROUNDS = 2  # of the last fit, with new weights each
STEPS = {"light": 8, "coarse": 20, "fine": 40}  # of Levenberg-Marquardt, at most
RAYS = 2  # along the side of a coarse pixel
FINE_RAYS = 0.06  # arcsec, no ray is farther from the next in the last fit
MODEL_ERROR = 0.03
"""Of theta_E, relative, besides the errors of the fit: masses are no isothermal ellipsoids, sources no Sersic profiles.
Sonnenfeld et al. (2013), ApJ 777, 97, find it from systematic effects and other people's models of the same lenses."""

NOWHERE = 50.0  # Einstein radii, where a source has no images


@dataclass(frozen=True)
class CounterImages:
    """Light on the far side of the lens from the source, where only a source that is lensed has an image.

    Arguments:
        snr: (B,) that the model gives it in a matched filter.
        share: (B,) of what the model gives it that is seen: 1 where the model is right.
    """

    snr: Tensor
    share: Tensor


@dataclass(frozen=True)
class Refinement:
    """The best fit of each image, one row an image.

    Arguments:
        parameters: (B, P), see `lens_model.PARAMETERS`.
        covariance: (B, P, P), of Laplace's approximation; 0 for what was fixed. It holds no error of the model itself.
        amplitudes: (B, 2 + K) of background, Gaussians of the lens galaxy, and source.
        fitted: the pixels that were fitted, with their noise.
        model: that draws them.
        chi_square: (B,), sum of the squared residuals over sigma.
        degrees: (B,), pixels less parameters.
        gained: (B,) how much the source lowers chi^2.
        counter: what is seen of the images on the far side of the lens from the source, see `CounterImages`.
        converged: (B,).
        weight: of the pixels, 1 / sigma^2 or less, (B, H, W).
    """

    parameters: Tensor
    covariance: Tensor
    amplitudes: Tensor
    fitted: Observed
    model: LensModel
    chi_square: Tensor
    degrees: Tensor
    gained: Tensor
    counter: CounterImages
    converged: Tensor
    weight: Tensor

    def images(self) -> tuple[Tensor, Tensor, Tensor]:
        """Background, lens galaxy, and arcs, (B, H, W) each, in the pixels that were fitted; their sum is the model."""
        lights = self.model.lights(self.parameters)
        background, galaxy, source = self.amplitudes.split([1, lights.galaxy.shape[1], 1], 1)
        shining = torch.einsum("bk,bkhw->bhw", galaxy, lights.galaxy)
        return background[..., None] * lights.background[:, 0], shining, source[..., None] * lights.source[:, 0]

    def value(self, name: str) -> Tensor:
        """One of the parameters, (B,)."""
        return value(self.parameters, name)

    @staticmethod
    def places(names: Sequence[str]) -> list[int]:
        """Where parameters stand."""
        return [PARAMETERS.index(name) for name in names]

    def error(self, name: str) -> Tensor:
        """Its standard deviation, (B,)."""
        place = PARAMETERS.index(name)
        return self.covariance[:, place, place].sqrt()

    def with_model_error(self) -> Tensor:
        """The covariance with what the model itself is off by, see MODEL_ERROR."""
        covariance = self.covariance.clone()
        covariance[:, 0, 0] += (MODEL_ERROR * self.value("theta_E")) ** 2
        return covariance


def refine(observed: Observed, guess: Guess, free_mass: bool = True) -> Refinement:
    """Fit every image by itself.

    Arguments:
        observed: B images.
        guess: of their masses.
        free_mass: fit the mass; otherwise it stays where the guess has it, and light and source are found for it.
    """
    guess = guess.within(observed)
    believed, limits = prior(guess, observed), bounds(guess, observed)
    x, y = guess.place("x").to(observed.pixels), guess.place("y").to(observed.pixels)
    theta_E = guess.theta_E.to(observed.pixels)
    radius = FARTHEST * UNSURE * theta_E + BEYOND
    cut = observed.about(x, y, radius)
    coarse = cut.binned(_factor(cut, theta_E))
    free = PARAMETERS if free_mass else PARAMETERS[len(LENS) :]
    start, believed = _coarse(coarse, radius, believed, limits, free)
    return _fine(observed, start, believed, limits, free)


def _factor(cut: Observed, theta_E: Tensor) -> int:
    """How many pixels make a coarse one along its side."""
    finest = (theta_E / cut.pixel_scale).min().item() / PER_RADIUS
    return max(1, min(round(cut.pixels.shape[1] / COARSE), math.floor(finest)))


def _coarse(
    coarse: Observed, radius: Tensor, believed: Prior, limits: Bounds, free: Sequence[str]
) -> tuple[Tensor, Prior]:
    """The best parameters in coarse pixels, and the prior about the light that was found."""
    theta_E = believed.mean[:, 0]
    galaxy = LensModel.of(coarse, radius, LIGHT, gaussians=COARSE_GAUSSIANS)
    alone = changed(believed.mean, {"x": NOWHERE * theta_E, "y": NOWHERE * theta_E})
    apart = replace(limits, low=limits.low.clone().fill_(-math.inf), high=limits.high.clone().fill_(math.inf))
    first = Descent(galaxy, believed, apart, flat_weight(coarse)).run(alone, STEPS["light"])
    light = Descent(galaxy, believed, apart, student_weight(coarse, first.image)).run(first.parameters, STEPS["light"])
    at = changed(believed.mean, {name: value(light.parameters, name) for name in LIGHT})
    if "theta_E" in free:
        believed = around_light(believed, at)
    at = changed(at, {name: value(believed.mean, name) for name in ("lens_x", "lens_y", "lens_e1", "lens_e2")})
    left = (coarse.pixels - light.image).abs()
    noisy = with_mismatch(
        with_mismatch(coarse, light.image - light.amplitudes[:, :1, None], MISMATCH), left, UNEXPLAINED
    )
    weight = flat_weight(noisy)
    galaxy = replace(galaxy, observed=noisy)
    count = TRIED if "theta_E" in free else FOLLOWED
    span = math.log(1 + SPAN) if "theta_E" in free else 0.0
    tried = theta_E[:, None] * torch.linspace(-span, span, count).to(theta_E).exp()
    penalty = ((tried - theta_E[:, None]) / believed.deviation[:, :1]) ** 2
    starts, costs = best_starts(galaxy, weight, at, tried, penalty)
    rows = torch.arange(len(at), device=at.device).repeat_interleave(FOLLOWED)
    chosen = starts[rows, costs.argsort(1)[:, :FOLLOWED].flatten()]
    model = LensModel.of(noisy.rows(rows), radius[rows], {*free} - {"log_fwhm"}, RAYS, COARSE_GAUSSIANS)
    fits = Descent(model, believed.rows(rows), limits.rows(rows), weight[rows]).run(chosen, STEPS["coarse"])
    best = fits.cost.unflatten(0, (-1, FOLLOWED)).argmin(1) + FOLLOWED * torch.arange(len(at), device=at.device)
    return fits.parameters[best], believed


def _fine(observed: Observed, start: Tensor, believed: Prior, limits: Bounds, free: Sequence[str]) -> Refinement:
    radius = FARTHEST * value(start, "theta_E") + BEYOND
    cut = observed.about(value(start, "light_x"), value(start, "light_y"), radius)
    light = smoothed(cut.pixels, cut.counted)
    low = torch.stack([torch.quantile(row[counted], 0.1) for row, counted in zip(light, cut.counted, strict=True)])
    cut = with_mismatch(cut, (light - low[:, None, None]).clamp(min=0), MISMATCH)
    free = free if observed.psf is None else free[:-1]
    rays = max(1, math.ceil(float(cut.pixel_scale.max()) / FINE_RAYS))
    model = LensModel.of(cut, radius, free, rays)
    descent = Descent(model, believed, limits, flat_weight(cut))
    fit = descent.at(limits.within(start))
    for _ in range(ROUNDS):
        descent = replace(descent, weight=student_weight(cut, fit.image))
        fit = descent.run(fit.parameters, STEPS["fine"])
    return _judged(descent, fit)


def _judged(descent: Descent, fit: Fitted) -> Refinement:
    observed = descent.model.observed
    counted = observed.counted
    chi_square = (((observed.pixels - fit.image) / observed.sigma) ** 2 * counted).sum((1, 2))
    degrees = counted.sum((1, 2)) - len(descent.columns) - (fit.amplitudes > 0).sum(1)
    gone = NOWHERE * value(fit.parameters, "theta_E")
    without = descent.at(changed(fit.parameters, {"x": gone, "y": gone}))
    return Refinement(
        fit.parameters,
        descent.covariance(fit),
        fit.amplitudes,
        observed,
        descent.model,
        chi_square,
        degrees,
        without.chi_square - fit.chi_square,
        _counter(descent, fit),
        fit.converged,
        descent.weight,
    )


def _counter(descent: Descent, fit: Fitted) -> CounterImages:
    model, weight = descent.model, descent.weight
    arcs = fit.amplitudes[:, -1:, None] * model.lights(fit.parameters).source[:, 0]
    x, y = model.observed.axes()
    across, along = (
        x - value(fit.parameters, "lens_x")[:, None, None],
        y - value(fit.parameters, "lens_y")[:, None, None],
    )
    towards = across * value(fit.parameters, "x")[:, None, None] + along * value(fit.parameters, "y")[:, None, None]
    weighed = weight * arcs * (towards < 0)
    power = (weighed * arcs).sum((1, 2))
    seen = (weighed * (model.observed.pixels - fit.image + arcs)).sum((1, 2))
    return CounterImages(power.sqrt(), seen / power.clamp(min=1e-12))
