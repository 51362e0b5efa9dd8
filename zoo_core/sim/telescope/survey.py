"""Surveys.

From what a noiseless telescope records (`blurring`) to the pixels of a cutout: `observe` adds the noise and the faults
of one exposure. Fluxes are in units of the sky noise of one pixel, so that the noise of a scene is a handful of numbers
(`noise.Noise`) and any other noise can be put on the same scene.

Random numbers come from outside (`Randoms`): from a torch generator in training, from NumPy's Philox where images must
stay the same for ever. Both go through the same noise model.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .faults import EVENTS, strike
from .noise import (
    COARSE,
    Noise,
    NoiseTable,
    column,
    draw_shifted_noise,
    draw_shifted_noises,
    draw_training_noise,
    draw_training_noises,
)
from .psf import Psf, draw_shifted_psf, draw_training_psf

__all__ = [
    "SHIFTED",
    "TRAINING",
    "Randoms",
    "Survey",
    "noise_sigma",
    "observe",
]


@dataclass(frozen=True)
class Survey:
    """The telescopes and detectors that a data set covers.

    Arguments:
        draw_psf: called with a generator and the largest useful FWHM; returns a PSF.
        draw_noise: called with a generator; returns the noise of an exposure.
        draw_noises: called with a torch generator and a number of exposures; draws their recipes from the same
            distributions, on the generator's device.
        slots: for faults in one image: more than that it never has.
    """

    draw_psf: Callable[[np.random.Generator, float], Psf]
    draw_noise: Callable[[np.random.Generator], Noise]
    draw_noises: Callable[[torch.Generator, int], dict[str, Tensor]]
    slots: int = EVENTS


TRAINING = Survey(draw_training_psf, draw_training_noise, draw_training_noises)
SHIFTED = Survey(draw_shifted_psf, draw_shifted_noise, draw_shifted_noises)


@dataclass(frozen=True)
class Randoms:
    """The random numbers of a batch of exposures.

    Arguments:
        white: standard normal, (B, H, W).
        coarse: standard normal, (B, H / COARSE + 2, W / COARSE + 2).
        rows: standard normal, (B, H).
        events: uniform in [0, 1), (B, slots, 6): which kind, where (two), how strong, direction, length.
    """

    white: Tensor
    coarse: Tensor
    rows: Tensor
    events: Tensor

    def to(self, device: torch.device | str) -> "Randoms":
        """The same numbers on another device."""
        return Randoms(*(part.to(device) for part in (self.white, self.coarse, self.rows, self.events)))

    @classmethod
    def from_torch(cls, generator: torch.Generator, count: int, side: int, slots: int = EVENTS) -> "Randoms":
        """A batch drawn at once, on the generator's device, with so many slots for faults in an image."""
        normal = [(count, side, side), (count, side // COARSE + 2, side // COARSE + 2), (count, side)]
        white, coarse, rows = (torch.randn(shape, generator=generator, device=generator.device) for shape in normal)
        events = torch.rand((count, slots, 6), generator=generator, device=generator.device)
        return cls(white, coarse, rows, events)

    @classmethod
    def from_numpy(cls, generators: Sequence[np.random.Generator], side: int, slots: int = EVENTS) -> "Randoms":
        """One image a generator, each the same whatever else is in the batch, as `from_torch`."""
        coarse, drawn = side // COARSE + 2, []
        for rng in generators:
            normal = [rng.standard_normal(shape) for shape in ((side, side), (coarse, coarse), (side,))]
            drawn.append((*normal, rng.random((slots, 6))))
        return cls(*(torch.from_numpy(np.stack(column)) for column in zip(*drawn, strict=True)))


def noise_sigma(light: Tensor, noise: NoiseTable) -> Tensor:
    """Standard deviation of each pixel: sky and detector (1) and the photons of the light itself.

    sqrt(1 + shot light), in sky sigma, of the shape of `light`, (B, H, W).
    """
    return torch.sqrt(1 + column(noise, "shot", light) * light.clamp(min=0))


def observe(foreground: Tensor, arcs: Tensor, noise: NoiseTable, randoms: Randoms) -> Tensor:
    """Exposures of blurred scenes.

    Arguments:
        foreground, arcs: (B, H, W), flux per pixel in sky sigma.
        noise: recipes of the batch, tensors by field or a structured array of dtype NOISE, shape (B,).
        randoms: of the same batch.

    Returns:
        (B, H, W) in the unit of each recipe; NaN where nothing was measured.
    """
    light = foreground + arcs
    grain = _correlated(randoms.white.to(light) * noise_sigma(light, noise), noise)
    image = strike(light + grain + _background(noise, randoms, light), noise, randoms.events)
    return image * column(noise, "unit", image)


def _axis(like: Tensor) -> Tensor:
    side = like.shape[-1]
    return torch.arange(side, dtype=like.dtype, device=like.device) - (side - 1) / 2


def _correlated(grain: Tensor, noise: NoiseTable) -> Tensor:
    """White noise after the kernel (l2, l1, 1, l1, l2) / sqrt(1 + 2 l1^2 + 2 l2^2) along both axes: same variance."""
    one, two = (column(noise, name, grain) for name in ("lag_1", "lag_2"))
    for axis in (1, 2):
        near = torch.roll(grain, 1, axis) + torch.roll(grain, -1, axis)
        far = torch.roll(grain, 2, axis) + torch.roll(grain, -2, axis)
        grain = (grain + one * near + two * far) / torch.sqrt(1 + 2 * one**2 + 2 * two**2)
    return grain


def _background(noise: NoiseTable, randoms: Randoms, like: Tensor) -> Tensor:
    """Zero point and plane, bias + slope_x x + slope_y y with x and y from -1 to 1, mottle and stripes, (B, H, W)."""
    side, axis = like.shape[-1], _axis(like) / (like.shape[-1] / 2)
    size = randoms.coarse.shape[-1] * COARSE
    mottle = functional.interpolate(randoms.coarse.to(like)[:, None], size=(size, size), mode="bilinear")
    mottle = mottle[:, 0, COARSE // 2 : COARSE // 2 + side, COARSE // 2 : COARSE // 2 + side]
    rows = randoms.rows.to(like)[:, :, None]
    plane = column(noise, "slope_x", like) * axis[None, None, :] + column(noise, "slope_y", like) * axis[None, :, None]
    return (
        column(noise, "bias", like) + plane + column(noise, "mottle", like) * mottle
        + column(noise, "stripes", like) * rows
    )  # fmt: skip
