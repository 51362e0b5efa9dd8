"""What the measured mass of a candidate does not explain of its image."""

from __future__ import annotations

import numpy as np
import torch

from ..fit.lens_priors import MASS, Guess
from ..fit.mass_model import MassModel
from ..fit.observed import Observed
from ..fit.refinement import refine
from ..images.sky import level_and_noise

__all__ = ["residual_of"]


def residual_of(pixels: np.ndarray, lens: MassModel, pixel_scale: float) -> np.ndarray:
    """Image less model in units of its sky's noise, (H, W); NaN where nothing was fitted.

    The mass stays as it was measured; the light of the lens galaxy, the source and the width of the PSF are fitted for
    it, see `fit.refinement`.

    Arguments:
        pixels: (H, W), finite, centred on the origin of the lens's places.
        lens: that was measured.
        pixel_scale: arcsec.
    """
    image = torch.from_numpy(np.asarray(pixels, np.float64))[None]
    level, noise = level_and_noise(image.float())
    scale = torch.tensor([pixel_scale], dtype=torch.float64)
    observed = Observed.of(image - level, noise.double().expand_as(image), scale)
    mean = {name: torch.tensor([getattr(lens, name)], dtype=torch.float64) for name in MASS}
    found = refine(observed, Guess(mean, {"theta_E": torch.zeros(1, dtype=torch.float64)}), free_mass=False)
    left = (found.fitted.pixels - found.image) / noise[0]
    return _placed(left[0], found.fitted, observed)


def _placed(residual: torch.Tensor, fitted: Observed, whole: Observed) -> np.ndarray:
    """The part that was fitted, at its place in the whole image."""
    height, width = whole.pixels.shape[1:]
    left, top = (whole.origin[0] - fitted.origin[0]).round().long().tolist()
    placed = np.full((height, width), np.nan)
    rows, columns = np.nonzero(fitted.counted[0].numpy())
    inside = (rows + top >= 0) & (rows + top < height) & (columns + left >= 0) & (columns + left < width)
    rows, columns = rows[inside], columns[inside]
    placed[rows + top, columns + left] = residual.numpy()[rows, columns]
    return placed
