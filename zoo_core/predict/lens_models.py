"""What a measured mass makes of an image: the best light of lens and source for it, and what that leaves over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..fit.lens_priors import MASS, Guess
from ..fit.observed import Observed
from ..fit.refinement import refine
from ..images.sky import level_and_noise
from ..tasks import Regression

__all__ = ["LensImage", "modelled"]


@dataclass(frozen=True, eq=False)
class LensImage:
    """An image about its lens and the model of it, (side, side) each, in the unit of the image.

    Arguments:
        pixels: the image.
        model: light of the lens galaxy and of the lensed source, and the background.
        sigma: of the noise and of what models of galaxies miss.
        counted: pixels that were fitted.
        chi_square: of these, over the degrees of freedom.
    """

    pixels: np.ndarray
    model: np.ndarray
    sigma: np.ndarray
    counted: np.ndarray
    chi_square: float

    @property
    def residual(self) -> np.ndarray:
        """Image minus model in sigma, NaN where nothing was fitted."""
        return np.where(self.counted, (self.pixels - self.model) / self.sigma, np.nan)


def modelled(pixels: np.ndarray, measured: np.ndarray | None, pixel_scale: float, posterior: Regression) -> LensImage:
    """The image with the mass that the posterior's mean states, whose light is fitted, see `fit.refinement`.

    Arguments:
        pixels: (H, W), finite.
        measured: (H, W), false where pixels were filled or added; None: all were measured.
        pixel_scale: arcsec.
        posterior: of this image alone.
    """
    image = torch.from_numpy(pixels).double()[None]
    noise = level_and_noise(image)[1].expand_as(image)
    counted = None if measured is None else torch.from_numpy(measured)[None]
    observed = Observed.of(image, noise, torch.tensor([pixel_scale], dtype=torch.float64), counted=counted)
    found = refine(observed, _guess(posterior), free_mass=False)
    fitted = found.fitted
    return LensImage(
        pixels=fitted.pixels[0].numpy(),
        model=sum(found.images(), torch.zeros_like(fitted.pixels))[0].numpy(),
        sigma=fitted.sigma[0].numpy(),
        counted=fitted.counted[0].numpy(),
        chi_square=float(found.chi_square / found.degrees),
    )


def _guess(posterior: Regression) -> Guess:
    """The means of the mass and their errors."""
    places = {name: posterior.parameters.index(name) for name in MASS if name in posterior.parameters}
    mean, covariance = posterior.mean.cpu().double(), posterior.covariance.cpu().double()
    return Guess(
        {name: mean[:, place] for name, place in places.items()},
        {name: covariance[:, place, place].sqrt() for name, place in places.items()},
    )
