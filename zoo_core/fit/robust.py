"""Which pixels have a say, and how much: what no model explains must not decide where the model goes.

A pixel whose residual is r standard deviations counts as under Student's t with nu degrees of freedom,

    w = (nu + 1) / (nu + r^2 / s^2),

where s is the spread of all residuals, found from their median. Bright light is never fitted to better than a share of
itself, since galaxies are no ellipses and PSFs no Gaussians: sigma^2 grows by (share x light)^2.

Source: Lange, Little & Taylor (1989), J. Am. Stat. Assoc. 84, 881, for the weights.
"""

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from .observed import Observed

__all__ = ["MISMATCH", "flat_weight", "smoothed", "student_cost", "student_weight", "with_mismatch"]

MISMATCH = 0.05  # share of the light that models may miss anywhere
NU = 4.0  # degrees of freedom: as Lange et al. take them where they do not fit them
MEDIAN = 0.455  # of chi^2 with one degree of freedom
REACH = 3  # pixels of the kernel that smooths, a side


def flat_weight(observed: Observed) -> Tensor:
    """1 / sigma^2 of the pixels that count, (B, H, W)."""
    return torch.where(observed.counted, observed.sigma**-2, 0.0)


def student_weight(observed: Observed, image: Tensor) -> Tensor:
    """Weights of the pixels (B, H, W) beside a model of them."""
    square = ((observed.pixels - image) / observed.sigma) ** 2
    spread = torch.stack([_median(row[counted]) for row, counted in zip(square, observed.counted, strict=True)])
    spread = (spread / MEDIAN).clamp(min=1.0)[:, None, None]
    return flat_weight(observed) * (NU + 1) / (NU + square / spread) / spread


def student_cost(observed: Observed, image: Tensor) -> Tensor:
    """What a model leaves (B,): -2 ln of the likelihood of Student's t, (nu + 1) ln(1 + r^2 / nu) over the pixels."""
    square = ((observed.pixels - image) / observed.sigma) ** 2 * observed.counted
    return (NU + 1) * torch.log1p(square / NU).sum((1, 2))


def with_mismatch(observed: Observed, light: Tensor, share: float) -> Observed:
    """The images with noise that grows by a share of the light (B, H, W), smoothed over a pixel."""
    square = observed.sigma**2 + (share * smoothed(light, observed.counted)) ** 2
    return replace(observed, sigma=square.sqrt())


def smoothed(planes: Tensor, counted: Tensor) -> Tensor:
    """Means over the pixels about each that count, with the weight of a Gaussian of one pixel."""
    offset = torch.arange(-REACH, REACH + 1).to(planes)
    line = torch.exp(-0.5 * offset**2)
    kernel = (line[:, None] * line)[None, None]
    total, weight = (
        F.conv2d(part[:, None], kernel, padding=REACH)[:, 0] for part in (planes * counted, counted.to(planes))
    )
    return torch.where(weight > 0, total / weight.clamp(min=1e-9), 0.0)


def _median(values: Tensor) -> Tensor:
    return values.median() if len(values) else values.new_zeros(())
