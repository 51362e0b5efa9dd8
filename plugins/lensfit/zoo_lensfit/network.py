"""The fit as a network: what training images share is a buffer, and so is what is normal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.fit.macrofit import MacroFit, fit_macro
from zoo_core.fit.macrolearn import LensGuess, learn_macro
from zoo_core.fit.macromodel import PARAMETERS, MacroModel, columns
from zoo_core.fit.macroresponse import rings, significance

from .normal import STATISTICS, Normal

__all__ = ["LensFit", "first_guess", "lensfit", "train"]

MARGINAL = ("mass",)  # of the statistics without parameters, the one that finds masses put into smooth lenses best
RINGS = ((0.6, 8), (0.85, 12), (1.1, 16), (1.4, 16))  # radii in Einstein radii, and masses tried on each


class LensFit(nn.Module):
    """How improbable the image is under a smooth lens.

    Arguments:
        channels: of the images; there must be one.
        model: the lens, its priors and the light of its galaxy, as first guesses.
        statistics: of the fit, that count, see `Normal`.
        components: principal directions of the residuals of training images.
        iterations: of a fit at most.
    """

    means: Tensor
    psf: Tensor
    light: Tensor

    def __init__(self, channels: int, model: MacroModel, statistics: Sequence[str], components: int, iterations: int):
        super().__init__()
        if channels != 1:
            raise SpecError(f"lensfit: {channels} channels; a lens is fitted to one band, choose it with bands")
        self.iterations = iterations
        self._guess = model
        self.register_buffer("means", model.means.float())
        self.register_buffer("psf", torch.tensor(model.psf))
        self.register_buffer("light", model.light.clone())
        self.normal = Normal(model.side**2, components, self.latent_size, statistics)

    @property
    def latent_size(self) -> int:
        """Numbers that describe a fit."""
        return len(self._guess.free) + 2 + len(self.light)

    @property
    def model(self) -> MacroModel:
        """What all images share, as it was learned."""
        means = dict(zip(PARAMETERS, self.means.tolist(), strict=True))
        priors = {name: (mean, self._guess.prior(name)[1]) for name, mean in means.items()}
        return replace(self._guess, priors=priors, psf=self.psf.item(), light=self.light)

    def fit(self, images: Tensor) -> MacroFit:
        """Fits of images (B, 1, side, side), in double precision: no image's result depends on its companions."""
        return fit_macro(images[:, 0].double(), self.model, iterations=self.iterations)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score (B,), the best-fitting model in the shape of x, and what was fitted (B, latent_size)."""
        with torch.no_grad():
            fit = self.fit(x)
            latent = self._latent(fit)
            score = self.normal(fit.residuals / fit.sigma, self._significance(fit), latent)
        return score.to(x), fit.model_images[:, None].to(x), latent.to(x)

    @torch.no_grad()
    def learn(self, images: Tensor, rounds: int) -> None:
        """Take Einstein radius, PSF, the galaxy's light and the means of the priors from images (N, 1, side, side)."""
        learned = learn_macro(images[:, 0].double(), self.model, rounds)
        self.means.copy_(learned.means)
        self.psf.fill_(learned.psf)
        self.light.copy_(learned.light)

    @torch.no_grad()
    def take_as_normal(self, images: Tensor) -> None:
        """Learn how residuals and parameters of images (N, 1, side, side) are distributed."""
        fit = self.fit(images)
        self.normal.learn(fit.residuals / fit.sigma, self._significance(fit), self._latent(fit))

    def _significance(self, fit: MacroFit) -> Tensor:
        theta_E = self.model.prior("theta_E")[0]
        return significance(self.model, fit, rings(tuple(r * theta_E for r, _ in RINGS), tuple(n for _, n in RINGS)))

    def _latent(self, fit: MacroFit) -> Tensor:
        """The free parameters, then the amplitudes over their sum."""
        total = fit.amplitudes.abs().sum(1, keepdim=True).clamp(min=torch.finfo(fit.amplitudes.dtype).tiny)
        return torch.cat([fit.parameters[:, columns(self._guess.free)], fit.amplitudes / total], dim=1)


def lensfit(
    channels: int, outputs: int, size: int, marginalised: bool, components: int, iterations: int, **guess: Any
) -> LensFit:
    """The detector before it has been trained; what is not named here is of `first_guess`."""
    model = first_guess(size, **guess)
    return LensFit(channels, model, MARGINAL if marginalised else STATISTICS, components, iterations)


def train(detector: LensFit, training: zoo.Training) -> None:
    """Learn what images share from some of them in rounds of fits, then what is normal from all."""
    images = training.images()
    detector.learn(images[: training.settings.learn_images], training.settings.rounds)
    detector.take_as_normal(images)


def first_guess(
    side: int,
    pixel: int,
    priors: Mapping[str, tuple[float, float]] | None,
    grid: Mapping[str, tuple[float, ...]] | None,
    **lens: Any,
) -> MacroModel:
    """What images of so many pixels a side share, before they are fitted; what is not named here is of `LensGuess`.

    Raises:
        SpecError: a name is none of a parameter of a macro-lens, or of a lens galaxy.
    """
    size = side * pixel
    try:
        return LensGuess(pixel, priors=priors or any_lens(size), grid=grid or anywhere(size), **lens).model(side)
    except ValueError as error:
        raise SpecError(f"lensfit: {error}") from error


def any_lens(size: int) -> dict[str, tuple[float, float]]:
    """Priors of a lens that fills a frame of so many pixels."""
    wide = {"theta_E": (size / 6, size / 40), "x": (0.0, size / 16), "y": (0.0, size / 16)}
    source = {"log_R": (math.log(size / 20), 0.3), "e1": (0.0, 0.15), "e2": (0.0, 0.15)}
    return wide | source | {"gamma_1": (0.0, 0.1), "gamma_2": (0.0, 0.1)}


def anywhere(size: int) -> dict[str, tuple[float, ...]]:
    """Source positions to start from in such a frame."""
    places = tuple(step * size / 30 for step in range(-4, 5))
    return {"x": places, "y": places}
