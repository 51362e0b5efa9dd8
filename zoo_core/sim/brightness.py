"""Brightness of arcs: how bright they are to be, and what comes out on the rendered image."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .telescope import survey
from .telescope.noise import NoiseTable

__all__ = ["ARCS", "MEASURED", "Arcs", "MeasuredArcs", "Wanted", "arc_snr", "brightened", "contrast", "gain"]


@dataclass(frozen=True)
class Arcs:
    """Ranges that the brightness of arcs is drawn from, even in the logarithm and in this order.

    Arcs have the flux ratio; more, where they would otherwise fall below the signal to noise or the contrast that is
    drawn: arcs that nobody can see are no lenses, and where they start to be seen varies.

    Arguments:
        flux_ratio: of the arcs to the host.
        least_snr: in a matched filter.
        least_contrast: of the arcs to the light under them.
    """

    flux_ratio: tuple[float, float] = (0.015, 0.6)
    least_snr: tuple[float, float] = (10.0, 40.0)
    least_contrast: tuple[float, float] = (0.1, 0.5)


ARCS = Arcs()
"""Those of version 1."""


class MeasuredArcs(NamedTuple):
    """Columns of TRUTH that are measured on the rendered image, (B,); the others are drawn."""

    arc_snr: Tensor
    magnification: Tensor
    arc_contrast: Tensor
    arc_flux: Tensor


MEASURED = MeasuredArcs._fields


class Wanted(NamedTuple):
    """How bright arcs are to be, (B,)."""

    flux: Tensor
    least_contrast: Tensor
    least_snr: Tensor
    source_flux: Tensor  # 0: one


def brightened(foreground: Tensor, arcs: Tensor, wanted: Wanted, noise: np.ndarray) -> tuple[Tensor, MeasuredArcs]:
    """The arcs at the brightness that was drawn, and what comes out.

    Their factor is the largest of those that give the flux, the least contrast and the least signal to noise.

    Arguments:
        foreground, arcs: (B, side, side).
        wanted: of each.
        noise: dtype NOISE, (B,).
    """
    drawn_flux = arcs.sum((1, 2))
    factor = torch.maximum(wanted.flux / drawn_flux, wanted.least_contrast / contrast(foreground, arcs))
    factor = torch.maximum(factor, gain(wanted.least_snr, foreground, arcs, noise))
    arcs = arcs * factor[:, None, None]
    measured = MeasuredArcs(
        arc_snr=arc_snr(foreground, arcs, noise),
        magnification=drawn_flux / (wanted.source_flux + (wanted.source_flux == 0)),
        arc_contrast=contrast(foreground, arcs),
        arc_flux=arcs.sum((1, 2)),
    )
    return arcs, measured


def contrast(foreground: Tensor, arcs: Tensor) -> Tensor:
    """Mean surface brightness of the arcs over that of the light under them, each weighted with the arcs, (B,).

    sum(arcs^2) / sum(arcs foreground) over the pixels.
    """
    return (arcs**2).sum((1, 2)) / (arcs * foreground).sum((1, 2)).clamp_min(1e-9)


def arc_snr(foreground: Tensor, arcs: Tensor, noise: NoiseTable) -> Tensor:
    """Signal to noise of the arcs in a matched filter, as if the noise of the pixels were independent, (B,).

    sqrt(sum(arcs^2 / sigma^2)) over the pixels.
    """
    return (arcs / survey.noise_sigma(foreground + arcs, noise)).square().sum((1, 2)).sqrt()


def gain(snr: Tensor, foreground: Tensor, arcs: Tensor, noise: NoiseTable) -> Tensor:
    """The factors that give arcs this signal to noise, (B,); they contribute to the noise themselves."""
    factor = snr / arc_snr(foreground, arcs * 1e-6, noise) * 1e-6
    for _ in range(4):
        factor = factor * snr / arc_snr(foreground, arcs * factor[:, None, None], noise)
    return factor
