"""The training view of simulated lens finding in several bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from ...images.augmentation import random_dihedral
from ...sim.cutouts import Cutout, expose_in_bands
from ...sim.telescope.exposures import defocused
from ...sim.telescope.masks import draw_masks, masked
from ...sim.telescope.survey import Randoms, Survey, observe
from .bank import Exposures, SceneSource
from .scene_blocks import halved

__all__ = ["BandExposures", "BandScenes"]


class BandScenes(SceneSource):
    """Scenes in the bands of a distribution; their light is in sky sigma of the first band."""

    def exposures(self, truth: np.ndarray) -> BandExposures:
        """What shows scenes with this truth, each time anew."""
        return BandExposures(self, truth)

    def rendered(self, drawn: Sequence[Cutout]) -> tuple[Tensor, Tensor, np.ndarray]:
        """As `SceneSource.rendered`, (B, bands, side, side)."""
        frame = self.distribution.population.frame
        made = expose_in_bands(drawn, frame, device=self.device)
        return halved(made.foreground), halved(made.arcs), made.truth


class BandExposures(Exposures):
    """As `Exposures`, in several bands: each with a focus, a depth and noise of its own, and masks across them."""

    def __init__(self, scenes: BandScenes, truth: np.ndarray):
        super().__init__(scenes, truth)
        self.surveys: tuple[Survey, ...] = (scenes.distribution.survey, *scenes.distribution.other_surveys)
        self.frame = scenes.distribution.population.frame

    def draw(self, foreground: Tensor, arcs: Tensor, scenes: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, bands, side, side) in sky sigma of the first band, NaN where masked, and 1 for those with a lens.

        Arguments:
            foreground, arcs: (B, bands, side, side), of the scenes.
            scenes: numbers of the scenes (B,), on the device.
            generator: of the device.
        """
        lens, (gain, arc_gain) = self.lens[scenes], self.gains(scenes, generator)
        shown = lens * (torch.rand(len(scenes), generator=generator, device=generator.device) > self.twins)
        arcs = random_dihedral(arcs, generator)[0] * (arc_gain * shown)[:, None, None, None]
        light = torch.stack([foreground, arcs]) * gain[:, None, None, None]
        light = defocused(light.flatten(1, 2), generator).view_as(light)
        bands = [self._observed(light[:, :, band], band, generator) for band in range(len(self.surveys))]
        masks = draw_masks(generator, len(scenes), len(bands))
        covered = masked(self.frame.side, self.frame.pixel_scale, masks, len(bands))
        return torch.stack(bands, 1).masked_fill(covered, torch.nan), shown

    def _observed(self, light: Tensor, band: int, generator: Generator) -> Tensor:
        """One band (B, side, side) of foreground and arcs (2, B, side, side), at a depth that is drawn."""
        survey, (_, count, side, _) = self.surveys[band], light.shape
        recipes = survey.draw_noises(generator, count)
        foreground, arcs = light / recipes["unit"][:, None, None]
        return observe(foreground, arcs, recipes, Randoms.from_torch(generator, count, side, survey.slots))
