"""The training view of simulated lens finding: noise-free scenes, observed anew at every look."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from ...images.augmentation import random_dihedral
from ...interfaces import TrainingView
from ...sim.cutouts import PIXEL_SCALE, SIDE, Components
from ...sim.telescope.exposures import draw_exposures
from ..shards import write_whole

__all__ = ["Bank"]

BLOCK = 1000  # scenes a file
LEAST_SNR = 9.0  # below it an arc is not shown as a lens
TWINS = 0.15  # share of looks at a lens in which its arcs are taken away
HALF_MAX = 60000.0  # float16 ends at 65504

Rendered = Callable[[int, int], Components]


class Bank(TrainingView):
    """Foregrounds and arcs in half precision, memory mapped.

    Arguments:
        folder: holds the blocks; those that are missing are made.
        targets: 1 for lenses, 0 for others, of every scene.
        rendered: called with (start, stop); returns the components of these scenes.
        draw_noises: noise recipes of a batch, at random.
    """

    def __init__(
        self,
        folder: Path,
        targets: np.ndarray,
        rendered: Rendered,
        draw_noises: Callable[[Generator, int], dict[str, Tensor]],
    ):
        self.draw_noises, self._targets = draw_noises, targets
        starts = range(0, len(targets), BLOCK)
        blocks = [block(folder, rendered, start, min(start + BLOCK, len(targets))) for start in starts]
        self.foreground, self.arcs = [part[0] for part in blocks], [part[1] for part in blocks]
        self.truth = np.concatenate([part[2] for part in blocks])
        self._arc_row = np.concatenate([np.cumsum(part[2]["label"]) - 1 for part in blocks])

    @property
    def targets(self) -> np.ndarray:
        """1 for lenses, 0 for others."""
        return self._targets

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images (B, 1, SIDE, SIDE), NaN outside their footprint; noise, brightness and arcs (turned, gone) anew."""
        rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        foreground, arcs = (torch.from_numpy(part) for part in self._components(rows))
        gain, arc_gain = self._gains(rng, rows)
        kept = torch.from_numpy(self._targets[rows] * (rng.random(len(rows)) > TWINS)).float()
        arcs = random_dihedral(arcs[:, None], generator)[:, 0] * torch.from_numpy(arc_gain)[:, None, None]
        light = torch.stack([foreground, arcs * kept[:, None, None]]) * torch.from_numpy(gain)[:, None, None]
        images = draw_exposures(*light, self._theta_E(rng, rows), self.draw_noises, generator, PIXEL_SCALE)
        return images[:, None], kept

    def _theta_E(self, rng: np.random.Generator, rows: np.ndarray) -> Tensor:
        """Einstein radii that footprints are drawn for, alike for lenses and others, arcsec."""
        alike = rng.choice(self.truth["theta_E"][self._targets > 0], len(rows))
        return torch.from_numpy(np.where(self._targets[rows] > 0, self.truth["theta_E"][rows], alike)).float()

    def _components(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        foreground, arcs = np.zeros((2, len(rows), SIDE, SIDE), np.float32)
        for i, row in enumerate(rows):
            at, inside = divmod(int(row), BLOCK)
            foreground[i] = self.foreground[at][inside]
            if self._targets[row]:
                arcs[i] = self.arcs[at][self._arc_row[row]]
        return foreground, arcs

    def _gains(self, rng: np.random.Generator, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Factors of the whole light and, besides, of the arcs; arcs stay above LEAST_SNR."""
        gain = np.exp(rng.uniform(np.log(0.4), np.log(2.0), len(rows)))
        arc_gain = np.exp(rng.uniform(np.log(0.6), np.log(1.8), len(rows)))
        snr = np.where(self._targets[rows] > 0, self.truth["arc_snr"][rows], np.inf)
        return gain.astype(np.float32), np.maximum(arc_gain, LEAST_SNR / (snr * gain)).astype(np.float32)


def block(folder: Path, rendered: Rendered, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Foregrounds, arcs (of the lenses only) and truth of a block of scenes, made if they are not there."""
    files = [folder / f"{start // BLOCK:05d}.{part}.npy" for part in ("foreground", "arcs", "truth")]
    if not files[-1].exists():
        for file, array in zip(files, made(rendered, start, stop), strict=True):
            write_whole(file, array)
    foreground, arcs = (np.load(file, mmap_mode="r", allow_pickle=False) for file in files[:2])
    return foreground, arcs, np.load(files[2], allow_pickle=False)


def made(rendered: Rendered, start: int, stop: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A block of scenes in half precision."""
    parts = [rendered(first, min(first + 50, stop)) for first in range(start, stop, 50)]
    truth = np.concatenate([part.truth for part in parts])
    light = (torch.cat([getattr(part, name) for part in parts]) for name in ("foreground", "arcs"))
    foreground, arcs = (image.clamp(-HALF_MAX, HALF_MAX).half().numpy() for image in light)
    return foreground, arcs[truth["label"] == 1], truth
