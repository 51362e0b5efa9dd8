"""The training view of lens modelling: noise-free lenses, exposed anew for every batch."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from ...sim.cutouts import Components
from ...sim.modelling import Telescope
from ...sim.telescope.exposures import draw_exposures
from ...sim.telescope.noise import Draw
from ..shards import kept_or_made
from ..store import StoredView
from .scene_blocks import SceneBlock, halved, read_block, stores, write_block

__all__ = ["BLOCK", "LEAST_SNR", "RESIDUAL", "LensBank", "Lenses"]

RESIDUAL = 0.01
"""Of the light in front, standard deviation of what is left of it: as in the code that Hezaveh, Perreault Levasseur &
Marshall (2017), Nature 548, 555 have released with their networks."""

BLOCK, BATCH = 500, 50  # lenses a file; rendered at once
LEAST_SNR = 10.0  # of arcs that are shown, in a matched filter
GAIN, ARC_GAIN = (0.4, 2.0), (0.6, 1.8)  # factors of all light, and of the arcs besides, even in the logarithm


class Lenses(Protocol):
    """A data set of lenses that can be rendered without noise."""

    telescope: Telescope
    lens_light: bool

    def __len__(self) -> int: ...

    def noiseless(self, start: int, stop: int, device: torch.device) -> tuple[Components, np.ndarray]:
        """The components of these images, and their truth."""
        ...

    def learned(self, truth: np.ndarray) -> np.ndarray:
        """What is to be learned of lenses with this truth, (N, P), float32."""
        ...


class LensBank(StoredView):
    """Foregrounds and arcs of a fixed number of lenses in half precision, rendered once and kept in files.

    Arguments:
        folder: holds the files; those that are missing are made.
        lenses: the data set.
        device: where they are rendered and exposed and, if they fit, kept.
    """

    def __init__(self, folder: Path, lenses: Lenses, device: torch.device):
        blocks = [_block(folder, start, lenses, device) for start in range(0, len(lenses), BLOCK)]
        self.foreground, self.arcs, truth = stores(blocks, device)
        self.telescope, self.lens_light = lenses.telescope, lenses.lens_light
        targets = lenses.learned(truth)
        self._on_device = torch.from_numpy(targets).to(device)
        self.theta_E, self.arc_snr = (
            torch.from_numpy(truth[name].astype(np.float32)).to(device) for name in ("theta_E", "arc_snr")
        )
        super().__init__(targets, self.foreground, self.arcs)

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, side, side), NaN outside their footprint, and the parameters of the lenses."""
        return self.exposed(rows, places, generator), self._on_device[places]

    def exposed(self, rows: np.ndarray, places: Tensor, generator: Generator) -> Tensor:
        """Images (B, 1, side, side) of these lenses, NaN outside their footprint."""
        draw = Draw(generator, len(rows))
        gain, arc_gain = draw.log_uniform(*GAIN), draw.log_uniform(*ARC_GAIN)
        arc_gain = torch.maximum(arc_gain, LEAST_SNR / (self.arc_snr[places] * gain))
        left = 1.0 if self.lens_light else draw.normal(RESIDUAL)[:, None, None]
        images = draw_exposures(
            self.foreground.images(rows) * gain[:, None, None],
            self.arcs.images(rows) * (gain * arc_gain)[:, None, None],
            self.theta_E[places],
            self.telescope.distribution.survey,
            generator,
            self.telescope.frame.pixel_scale,
            left,
        )
        return images[:, None]


def _block(folder: Path, start: int, lenses: Lenses, device: torch.device) -> SceneBlock:
    """Foregrounds, arcs and truth of the lenses of a file, made if it is not there."""
    number, stop = start // BLOCK, min(start + BLOCK, len(lenses))
    return kept_or_made(
        lambda: read_block(folder, number, stop - start),
        lambda: write_block(folder, number, _rendered(start, stop, lenses, device)),
    )


def _rendered(start: int, stop: int, lenses: Lenses, device: torch.device) -> SceneBlock:
    parts: list[SceneBlock] = []
    for first in range(start, stop, BATCH):
        made, truth = lenses.noiseless(first, min(first + BATCH, stop), device)
        parts.append(SceneBlock(_stored(made.foreground), _stored(made.arcs), truth))
    return SceneBlock(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _stored(images: Tensor) -> np.ndarray:
    return halved(images).cpu().numpy()
