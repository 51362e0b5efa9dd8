"""The training view of lens modelling: noise-free lenses, exposed anew for every batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from ...interfaces import Description, TrainingView
from ...sim.cutouts import Components
from ...sim.modelling import Telescope
from ...sim.telescope.exposures import draw_exposures
from ...sim.telescope.noise import Draw
from ..shards import read_array, write_array
from ..store import ImageStore

__all__ = ["LEAST_SNR", "RESIDUAL", "LensBank"]

RESIDUAL = 0.01
"""Of the light in front, standard deviation of what is left of it: as in the code that Hezaveh, Perreault Levasseur &
Marshall (2017), Nature 548, 555 have released with their networks."""

BLOCK, BATCH = 500, 50  # lenses a file; rendered at once
LEAST_SNR = 10.0  # of arcs that are shown, in a matched filter
HALF_MAX = 60000.0  # float16 ends at 65504
GAIN, ARC_GAIN = (0.4, 2.0), (0.6, 1.8)  # factors of all light, and of the arcs besides, even in the logarithm

Block = tuple[np.ndarray, np.ndarray, np.ndarray]


class Lenses(Protocol):
    """A data set of lenses that can be rendered without noise."""

    description: Description
    telescope: Telescope
    lens_light: bool

    def __len__(self) -> int: ...

    def noiseless(self, start: int, stop: int, device: torch.device) -> tuple[Components, np.ndarray]:
        """The components of these images, and their truth."""
        ...


class LensBank(TrainingView):
    """Foregrounds and arcs of a fixed number of lenses in half precision, rendered once and kept in files.

    Arguments:
        folder: holds the files; those that are missing are made.
        lenses: the data set.
        device: where they are rendered and exposed and, if they fit, kept.
    """

    def __init__(self, folder: Path, lenses: Lenses, device: torch.device):
        blocks = [_block(folder, start, lenses, device) for start in range(0, len(lenses), BLOCK)]
        self.foreground, self.arcs = (ImageStore([block[part] for block in blocks], device) for part in (0, 1))
        truth = np.concatenate([block[2] for block in blocks])
        self.telescope, self.lens_light = lenses.telescope, lenses.lens_light
        self._targets = np.stack([truth[name] for name in lenses.description.heads.parameters], 1).astype(np.float32)
        self._on_device = torch.from_numpy(self._targets).to(device)
        self.theta_E, self.arc_snr = (
            torch.from_numpy(truth[name].astype(np.float32)).to(device) for name in ("theta_E", "arc_snr")
        )

    @property
    def targets(self) -> np.ndarray:
        """The parameters (N, P) of each lens."""
        return self._targets

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, side, side), NaN outside their footprint, and the parameters of the lenses."""
        lenses = torch.from_numpy(rows).to(generator.device, non_blocking=True)
        draw = Draw(generator, len(rows))
        gain, arc_gain = draw.log_uniform(*GAIN), draw.log_uniform(*ARC_GAIN)
        arc_gain = torch.maximum(arc_gain, LEAST_SNR / (self.arc_snr[lenses] * gain))
        left = 1.0 if self.lens_light else draw.normal(RESIDUAL)[:, None, None]
        images = draw_exposures(
            self.foreground.images(rows) * gain[:, None, None],
            self.arcs.images(rows) * (gain * arc_gain)[:, None, None],
            self.theta_E[lenses],
            self.telescope.distribution.survey,
            generator,
            self.telescope.frame.pixel_scale,
            left,
        )
        return images[:, None], self._on_device[lenses]

    def release(self) -> bool:
        """See `TrainingView.release`."""
        return any([self.foreground.release(), self.arcs.release()])


def _block(folder: Path, start: int, lenses: Lenses, device: torch.device) -> Block:
    """Foregrounds, arcs and truth of the lenses of a file, made if it is not there."""
    stop = min(start + BLOCK, len(lenses))
    files = [folder / f"{start // BLOCK:05d}.{part}.npy" for part in ("foreground", "arcs", "truth")]
    kept = _read(files, stop - start)
    if kept is None:
        for file, array in zip(files, _rendered(start, stop, lenses, device), strict=True):
            write_array(file, array)
        kept = _read(files, stop - start)
        assert kept is not None
    return kept


def _read(files: Sequence[Path], count: int) -> Block | None:
    foreground, arcs = (read_array(file, count, mapped=True) for file in files[:2])
    truth = read_array(files[2], count)
    return None if foreground is None or arcs is None or truth is None else (foreground, arcs, truth)


def _rendered(start: int, stop: int, lenses: Lenses, device: torch.device) -> Block:
    parts: list[Block] = []
    for first in range(start, stop, BATCH):
        made, truth = lenses.noiseless(first, min(first + BATCH, stop), device)
        light = [part.clamp(-HALF_MAX, HALF_MAX).half().cpu().numpy() for part in (made.foreground, made.arcs)]
        parts.append((light[0], light[1], truth))
    foreground, arcs, truth = (np.concatenate(column) for column in zip(*parts, strict=True))
    return foreground, arcs, truth
