"""Ordinary lenses without end: smooth lenses between those that were fitted to the training images.

An autoencoder does not learn what lies between a few thousand images: it learns them by heart, and its residuals of a
new image are unlike those of the training images. A smooth lens has a handful of parameters, and these can be fitted.
"""

import logging
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from zoo_core.errors import RecipeError
from zoo_core.fit.macrofit import CHUNK, fit_macro, model_images
from zoo_core.fit.macrolearn import LensGuess, learn_macro
from zoo_core.fit.macromodel import columns

__all__ = ["Supply", "between", "supply_of"]

log = logging.getLogger("zoo")
LEARN_FROM, ROUNDS = 300, 4  # images and rounds in which the light of the lens galaxy is learned
BADLY_FITTED = 0.02  # of the images, which are left out: a smooth lens is not what they show
NEIGHBOURS, CORNERS = 8, 3  # fits that are near, and how many of them a new lens lies between besides one of its own
HALF_TURN = ("lens_x", "lens_y", "x", "y")  # parameters that change sign


@dataclass(frozen=True)
class Supply:
    """Synthetic images, square roots of brightness as the images they are like.

    Arguments:
        smooth: noiseless, (N, 1, side, side), kept in half precision.
        grain: what a smooth lens leaves of each training image, (M, 1, side, side).
        origin: which of those the synthetic image is next to, (N,).
    """

    smooth: Tensor
    grain: Tensor
    origin: Tensor

    def draw(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images with the grain of a similar training image, and the same without it, (count, 1, side, side) each."""
        rows = torch.randint(len(self.smooth), (count,), generator=generator)
        smooth = self.smooth[rows].float()
        return (smooth + self.grain[self.origin[rows]]).clamp(min=0), smooth


def supply_of(images: Tensor, count: int, macro: LensGuess, seed: int) -> Supply:
    """Synthetic images like these.

    Arguments:
        images: (M, 1, side, side), square roots of brightness.
        count: synthetic images.
        macro: the lens.
        seed: of what is drawn.

    Raises:
        RecipeError: the images are not square roots of one band.
    """
    if images.shape[1] != 1 or (images < 0).any():
        raise RecipeError("settings: synthetic images need one channel that ends in the operation sqrt")
    light = images.cpu()[:, 0].double().square()
    log.info("synthetic images: fitting a smooth lens to %d images", len(light))
    model = learn_macro(light[:LEARN_FROM], macro.model(light.shape[-1]), ROUNDS)
    fit = fit_macro(light, model, free_theta_E=False)  # of all ordinary images it is one and the same
    good = fit.chi_square <= fit.chi_square.quantile(1 - BADLY_FITTED)
    grain = (images.cpu() - _shown(fit.model_images))[good]
    parameters, amplitudes = _with_half_turns(fit.parameters[good]), fit.amplitudes[good].repeat(2, 1)
    fitted = columns(name for name in model.free if name != "theta_E")
    generator = Generator().manual_seed(seed)
    rows, weights = between(torch.cat([parameters[:, fitted], amplitudes], dim=1), count, generator)
    log.info("synthetic images: rendering %d", count)
    smooth = [
        _shown(model_images(model, _mixed(parameters, row, weight), _mixed(amplitudes, row, weight)))
        for row, weight in zip(rows.split(CHUNK), weights.split(CHUNK), strict=True)
    ]
    return Supply(torch.cat(smooth).half(), torch.cat([grain, grain.flip(-1, -2)]), rows[:, 0])


def between(points: Tensor, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Rows (count, CORNERS + 1) and weights of points (N, D), near each other, between which new points lie.

    The first row is any; the others are among those nearest to it, every coordinate in units of its scatter. Weights
    are uniform on the simplex, so that correlations hold and nothing lies outside of the points.

    Source: Chawla et al. (2002), JAIR 16, 321, with more than two corners.
    """
    standard = (points - points.mean(0)) / points.std(0).clamp(min=torch.finfo(points.dtype).tiny)
    first = torch.randint(len(points), (count, 1), generator=generator)
    nearest = torch.cdist(standard, standard).topk(NEIGHBOURS + 1, largest=False).indices
    others = torch.randint(NEIGHBOURS + 1, (count, CORNERS), generator=generator)
    weights = torch.empty(count, CORNERS + 1, dtype=points.dtype).exponential_(generator=generator)
    return torch.cat([first, nearest[first[:, 0]].gather(1, others)], dim=1), weights / weights.sum(1, keepdim=True)


def _with_half_turns(parameters: Tensor) -> Tensor:
    """Parameters (N, 13), then those of the images turned by 180 degrees."""
    turned = parameters.clone()
    turned[:, columns(HALF_TURN)] *= -1
    return torch.cat([parameters, turned])


def _mixed(values: Tensor, rows: Tensor, weights: Tensor) -> Tensor:
    return (weights[..., None] * values[rows]).sum(1)


def _shown(brightness: Tensor) -> Tensor:
    """Square roots of brightness, as the preprocessing makes them, (N, 1, side, side)."""
    return brightness.clamp(min=0).sqrt().float()[:, None]
