"""Lens finding in four bands from the ground: `finding_ground`.

The lenses and most of the look-alikes of `finding_space` as the Kilo-Degree Survey would show them: in r, i, g and u,
at 0.2" a pixel, blurred by the atmosphere, each band under a sky of its own. Bands are missing from some images, and
halos of bright stars hide parts of others. Pixels are in maggies: the flux over that of AB magnitude 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...sim.cutouts import BandComponents, expose_in_bands
from ...sim.ground import BANDS, FRAME, GROUND
from ...sim.telescope.masks import draw_mask, masked
from ...sim.telescope.survey import Randoms, observe
from .bank import DrawScenes
from .bank_in_bands import BandScenes
from .cutout_set import FOOTPRINT, GRAIN
from .finding import Finding

__all__ = ["FindingInBands", "finding_ground"]


class FindingInBands(Finding):
    """As `Finding`, in the bands of a survey from the ground."""

    bands = tuple(band.name for band in BANDS)
    frame = FRAME

    def components(self, start: int, stop: int, device: torch.device | str = "cpu") -> BandComponents:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Noise-free foreground and arcs (B, 4, 101, 101) on the device, the noise recipes and the truth."""
        return expose_in_bands(self.cutouts(start, stop), FRAME, device=device)

    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """These images (stop - start, 4, 101, 101) and their truth, all at once."""
        made = self.components(start, stop, device)
        streams = self.streams(start, stop - start, GRAIN)
        images = []
        for band in range(len(BANDS)):
            randoms = Randoms.from_numpy(streams, FRAME.side, self.distribution.survey.slots)
            images.append(_observed(made, band, randoms.to(device)))
        stack = torch.stack(images, 1)
        return stack.masked_fill(self._masked(start, stop).to(device), torch.nan).cpu().numpy(), made.truth

    def _masked(self, start: int, stop: int) -> Tensor:
        masks = [draw_mask(rng, len(BANDS)) for rng in self.streams(start, stop - start, FOOTPRINT)]
        return masked(FRAME.side, FRAME.pixel_scale, torch.tensor(masks, dtype=torch.float64), len(BANDS))

    def scenes(self, draw: DrawScenes, device: torch.device) -> BandScenes:
        """See `Finding.scenes`."""
        return BandScenes(draw, self.distribution, device)


def _observed(made: BandComponents, band: int, randoms: Randoms) -> Tensor:
    """One band (B, side, side) in maggies; light is in sky sigma of the first band, noise in those of its own."""
    noise, first = made.noises[:, band].copy(), made.noises["unit"][:, 0]
    depth = noise["unit"].copy() if band else np.ones_like(first)
    noise["unit"] = depth * first
    scale = torch.as_tensor(1 / depth).to(made.foreground)[:, None, None]
    return observe(made.foreground[:, band] * scale, made.arcs[:, band] * scale, noise, randoms)


def finding_ground(
    n: int = 4_000, seed: int = 1, lens_fraction: float = 0.25, cache: Path | str | None = None
) -> FindingInBands:
    """Lenses and look-alikes in r, i, g, u; by default the benchmark's 4,000 images, 1,000 of them lenses."""
    return FindingInBands("finding_ground", GROUND, n, seed, lens_fraction, cache)
