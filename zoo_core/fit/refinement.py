"""A network's answer, refined by a fit to the pixels: mass, lens galaxy and source together.

The guess of the mass says where to look. A fit in coarse pixels finds where the source is (`coarse`); the last one goes
on from there in the pixels as they are, with weights that leave out what the model cannot explain (`robust`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .coarse import NOWHERE, Coarse
from .descent import Descent, Fitted, Prior
from .lens_model import PARAMETERS, LensModel, changed, named, value
from .lens_priors import Belief, Guess
from .macromodel import LENS
from .observed import Observed
from .robust import MISMATCH, flat_weight, smoothed, student_weight, with_mismatch

__all__ = ["Refinement", "refine"]

FARTHEST = 1.7  # Einstein radii from the lens, within which the images of a source lie that has several
BEYOND = 0.7  # arcsec that are fitted beyond, where the lens galaxy alone shines
UNSURE = 1.3  # the guess may be too small by so much
ROUNDS = 2  # of the last fit, with new weights each
STEPS = 40  # of Levenberg-Marquardt in each, at most
FINE_RAYS = 0.06  # arcsec, no ray is farther from the next in the last fit
FAINT = 0.1  # quantile of the smoothed pixels that is taken for the background, where light adds to the noise
MODEL_ERROR = 0.03
"""Of theta_E, relative, besides the errors of the fit: masses are no isothermal ellipsoids, sources no Sersic profiles.
Sonnenfeld et al. (2013), ApJ 777, 97, find it from systematic effects and other people's models of the same lenses."""

SHAPE_ERRORS: Mapping[str, float] = {"lens_e1": 0.1, "lens_e2": 0.1, "gamma_1": 0.05, "gamma_2": 0.05}
"""Likewise, of ellipticity and shear, each of which makes up for what the other and a simple mass can't say
(Etherington et al. 2024, arXiv:2301.05244). The ellipticities of 18 real lenses differ by 0.12 (rms) from those of
other models."""


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

    @property
    def image(self) -> Tensor:
        """The model, (B, H, W): all of `images` together."""
        return sum(self.images(), torch.zeros_like(self.fitted.pixels))

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
        """The covariance with what the model itself is off by, see MODEL_ERROR and SHAPE_ERRORS."""
        errors = {"theta_E": MODEL_ERROR * self.value("theta_E"), **SHAPE_ERRORS}
        return self.covariance + torch.diag_embed(changed(torch.zeros_like(self.parameters), errors).square())


def refine(observed: Observed, guess: Guess, free_mass: bool = True) -> Refinement:
    """Fit every image by itself.

    Arguments:
        observed: B images.
        guess: of their masses.
        free_mass: fit the mass; otherwise it stays where the guess has it, and light and source are found for it.
    """
    guess = guess.within(observed)
    belief, free = Belief.of(guess, observed), PARAMETERS
    if not free_mass:
        belief, free = belief.with_mass(guess), PARAMETERS[len(LENS) :]
    x, y, theta_E = (value(belief.prior.mean, name) for name in ("lens_x", "lens_y", "theta_E"))
    radius = FARTHEST * UNSURE * theta_E + BEYOND
    start, mean = belief.prior.mean.clone(), belief.prior.mean.clone()
    for rows, coarse in Coarse.groups(observed.about(x, y, radius), radius, belief, free):
        start[rows], prior = coarse.best()
        mean[rows] = prior.mean
    return _fine(observed, start, replace(belief, prior=Prior(mean, belief.prior.deviation)), free)


def _fine(observed: Observed, start: Tensor, belief: Belief, free: Sequence[str]) -> Refinement:
    """The best fit in the pixels as they are, with weights of what the one before has left."""
    radius = FARTHEST * value(start, "theta_E") + BEYOND
    cut = _with_light(observed.about(value(start, "light_x"), value(start, "light_y"), radius))
    rays = max(1, math.ceil(cut.pixel_scale.max().item() / FINE_RAYS))
    model = LensModel.of(cut, radius, free if observed.psf is None else free[:-1], rays)
    descent = Descent(model, belief.prior, belief.bounds, flat_weight(cut))
    fit = descent.at(belief.bounds.within(start))
    for _ in range(ROUNDS):
        descent = replace(descent, weight=student_weight(cut, fit.image))
        fit = descent.run(fit.parameters, STEPS)
    return _judged(descent, fit)


def _with_light(cut: Observed) -> Observed:
    """The images with noise that grows with all light above their background."""
    light = smoothed(cut.pixels, cut.counted)
    rows = zip(light, cut.counted, strict=True)
    background = torch.stack([row[counted].quantile(FAINT) if counted.any() else row.sum() for row, counted in rows])
    return with_mismatch(cut, (light - background[:, None, None]).clamp(min=0), MISMATCH)


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
    model, at = descent.model, named(fit.parameters)
    arcs = fit.amplitudes[:, -1:, None] * model.lights(fit.parameters).source[:, 0]
    x, y = model.observed.axes()
    towards = (x - at["lens_x"]) * at["x"] + (y - at["lens_y"]) * at["y"]
    weighed = descent.weight * arcs * (towards < 0)
    power = (weighed * arcs).sum((1, 2))
    seen = (weighed * (model.observed.pixels - fit.image + arcs)).sum((1, 2))
    return CounterImages(power.sqrt(), seen / power.clamp(min=1e-12))
