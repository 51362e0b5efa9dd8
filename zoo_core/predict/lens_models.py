"""What a measured mass makes of an image: the best light of lens and source for it, and what that leaves over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..fit.refinement import Refinement, refine
from ..tasks import Regression
from .refined import Exposed, guess_of, observed_of

if TYPE_CHECKING:
    from ..images.preprocess import Preprocess

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

    @classmethod
    def of(cls, fit: Refinement, image: int = 0) -> LensImage:
        """One image of a fit."""
        fitted = fit.fitted
        parts = (part[image].cpu().numpy() for part in (fitted.pixels, fit.image, fitted.sigma, fitted.counted))
        return cls(*parts, chi_square=float(fit.chi_square[image] / fit.degrees[image]))

    @property
    def residual(self) -> np.ndarray:
        """Image minus model in sigma, NaN where nothing was fitted."""
        return np.where(self.counted, (self.pixels - self.model) / self.sigma, np.nan)


def modelled(image: Exposed, posterior: Regression, preprocess: Preprocess) -> LensImage:
    """The image with the mass that the posterior's mean states, whose light is fitted, see `fit.refinement`.

    Arguments:
        image: of one band, its pixel scale known.
        posterior: of this image alone.
        preprocess: of the model, which says what was measured.
    """
    with torch.no_grad():
        seen = observed_of([image], preprocess, torch.device("cpu"))
        return LensImage.of(refine(seen, guess_of(posterior), free_mass=False))
