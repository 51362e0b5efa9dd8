"""Exposures drawn in batches.

Training images of noise-free scenes: another focus, other noise, other faults and another footprint in every
exposure, all drawn on the device of the scenes, with no loop over images.
"""

import torch
from torch import Tensor

from .footprint import draw_footprints, outside
from .noise import Draw
from .survey import Randoms, Survey, observe

__all__ = ["defocused", "draw_exposures", "exposed", "shortened"]

BLURRED = 0.33
"""Share of the exposures that are out of focus."""

WEIGHT = 0.45
"""Largest weight of the next pixel in the kernel of those."""


def draw_exposures(
    foreground: Tensor,
    arcs: Tensor,
    theta_E: Tensor,
    survey: Survey,
    generator: torch.Generator,
    pixel_scale: float,
    left: Tensor | float = 1.0,
) -> Tensor:
    """Exposures of blurred scenes in sky sigma, NaN where nothing was measured, shape (B, H, H).

    Arguments:
        foreground, arcs: (B, H, H), flux per pixel in sky sigma, on the generator's device.
        theta_E: of the lens, or of the galaxy if it were one, arcsec, shape (B,); footprints hold the arcs.
        survey: whose noise and faults are drawn.
        generator: all that is random; the same state gives the same exposures on the same device.
        pixel_scale: arcsec.
        left: share of the foreground that is there after it was subtracted, (B, 1, 1); its photon noise stays.
    """
    light = defocused(torch.stack([foreground, arcs]), generator)
    return exposed(light, theta_E, survey, generator, pixel_scale, left)


def exposed(
    light: Tensor,
    theta_E: Tensor,
    survey: Survey,
    generator: torch.Generator,
    pixel_scale: float,
    left: Tensor | float = 1.0,
    ratio: Tensor | float = 1.0,
) -> Tensor:
    """Exposures of light that is in focus or not as it shall be, foreground and arcs, (2, B, H, H).

    Arguments:
        ratio: by which the exposures are shorter than those that the survey's noise is of, (B,), see `shortened`.
    """
    count, side = light.shape[1:3]
    recipes = survey.draw_noises(generator, count)
    recipes = recipes | {"unit": torch.ones_like(recipes["unit"]), "shot": recipes["shot"] * ratio**0.5}
    images = observe(light[0], light[1], recipes, Randoms.from_torch(generator, count, side, survey.slots))
    if not isinstance(left, float):
        images = images - (1 - left) * light[0]
    return images.masked_fill(outside(side, draw_footprints(generator, theta_E, pixel_scale)), torch.nan)


def shortened(light: Tensor, ratio: Tensor) -> Tensor:
    """Light (..., B, H, H) in units of the sky's noise in exposures that are `ratio` (B,) times shorter.

    In a fixed unit of flux per time the variance of the sky and of photons grows with the ratio. In units of the new
    noise of the sky,

        f' = f / sqrt(ratio),   variance 1 + shot' f',   shot' = sqrt(ratio) shot
    """
    return light / ratio.to(light).sqrt()[:, None, None]


def defocused(light: Tensor, generator: torch.Generator) -> Tensor:
    """A third of the scenes through a slightly broader PSF: kernels (w, 1, w) / (1 + 2 w) along both axes.

    Arguments:
        light: (parts, B, H, H), on the generator's device; all parts of a scene are blurred alike.
    """
    draw = Draw(generator, light.shape[1])
    weight = (draw.uniform(0.0, WEIGHT) * (draw.uniform() < BLURRED)).to(light)[:, None, None]
    for axis in (-2, -1):
        light = (light + weight * (light.roll(1, axis) + light.roll(-1, axis))) / (1 + 2 * weight)
    return light
