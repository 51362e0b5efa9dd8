"""Where a fit begins: an Einstein radius and a place of the source from a grid, the lens galaxy solved for at each.

A fit that follows the gradient finds the nearest minimum, and there is one wherever an arc covers another arc, or what
is left of the lens galaxy. All combinations of a few Einstein radii, places and sizes of a round source are therefore
compared in coarse pixels, with the best amplitudes of the lens galaxy's Gaussians and the source (`nonnegative`).
"""

import math

import torch
from torch import Tensor

from .descent import SIGNED
from .lens_model import LensModel, Lights, changed, named
from .nonnegative import nonnegative
from .sersic import Sersic

__all__ = ["best_starts", "source_places"]

RINGS = ((0.04, 3), (0.13, 6), (0.24, 9), (0.36, 11), (0.5, 12), (0.66, 12))
"""Distances of the source from the lens, Einstein radii, and how many places there are at each."""

SIZES = (0.07, 0.2)  # half-light radii of the source, arcsec
PROFILE = 1.0  # its Sersic index
SOFTENED = 0.2  # pixels: of the cusps of sources, of which a ray a pixel is traced
RENDERED = 256  # sources at once


def source_places() -> Tensor:
    """Places (S, 2) of the source, in Einstein radii from the lens.

    >>> source_places().shape
    torch.Size([53, 2])
    """
    places = []
    for radius, count in RINGS:
        angle = 2 * math.pi * (torch.arange(count, dtype=torch.float64) + 0.5) / count
        places.append(radius * torch.stack([angle.cos(), angle.sin()], 1))
    return torch.cat(places)


def best_starts(
    model: LensModel, weight: Tensor, at: Tensor, theta_E: Tensor, penalty: Tensor
) -> tuple[Tensor, Tensor]:
    """For every image and Einstein radius the best place and size of the source.

    Arguments:
        model: of B images in coarse pixels.
        weight: of the pixels, (B, H, W).
        at: parameters (B, P), of which mass, light and PSF are kept.
        theta_E: Einstein radii that are tried, (B, T), arcsec.
        penalty: what the priors add to each, (B, T).

    Returns:
        Parameters (B, T, P), and their chi^2 with the penalty, (B, T).
    """
    best, costs = [], []
    for image in range(len(at)):
        one = torch.tensor([image], device=at.device)
        some, planes = model.rows(one), model.rows(one).lights(at[one])
        found = [_best_source(some, planes, weight[image], at[image], radius) for radius in theta_E[image]]
        best.append(torch.stack([start for start, _ in found]))
        costs.append(torch.stack([cost for _, cost in found]))
    return torch.stack(best), torch.stack(costs) + penalty


def _best_source(
    model: LensModel, planes: Lights, weight: Tensor, at: Tensor, theta_E: Tensor
) -> tuple[Tensor, Tensor]:
    """The best start of one image with this Einstein radius, (P,), and its chi^2."""
    places = source_places().to(at) * theta_E
    candidates = torch.cat([_with_source(at, theta_E, places, size) for size in SIZES])
    sources = torch.cat([_sources(model, part) for part in candidates.split(RENDERED)])
    others = torch.cat([planes.background, planes.galaxy], 1)[0]
    root, image = weight.sqrt(), model.observed.pixels[0]
    others, sources, image = ((part * root).flatten(-2) for part in (others, sources, image))
    count = len(sources)
    across = sources @ others.T
    corner = (others @ others.T).expand(count, -1, -1)
    gram = torch.cat(
        [torch.cat([corner, across[:, None]], 1), torch.cat([across, sources.square().sum(1)[:, None]], 1)[:, :, None]],
        2,
    )
    rhs = torch.cat([(others @ image).expand(count, -1), (sources @ image)[:, None]], 1)
    amplitudes, _ = nonnegative(gram, rhs, SIGNED)
    taken = 2 * (amplitudes * rhs).sum(1) - torch.einsum("cm,cmn,cn->c", amplitudes, gram, amplitudes)
    place = taken.argmax()
    return candidates[place], image.square().sum() - taken[place]


def _with_source(at: Tensor, theta_E: Tensor, places: Tensor, size: float) -> Tensor:
    rows = at.expand(len(places), -1)
    source = {"theta_E": theta_E, "x": places[:, 0], "y": places[:, 1], "log_R": math.log(size), "n": PROFILE}
    return changed(rows, source | {"e1": 0.0, "e2": 0.0})


def _sources(model: LensModel, candidates: Tensor) -> Tensor:
    """Sources (C, H, W) through the lens that all of them share but for where they stand."""
    first = named(candidates[:1])
    softening = SOFTENED * model.observed.pixel_scale[:, None, None]
    return model.sources(Sersic.at(named(candidates), *model.beta(first), softening).brightness, first)
