"""What the stem makes of all images, which no stage of a training changes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from zoo_core.interfaces import Training

from .stem import Macro, Pixels

__all__ = ["StemOutputs", "in_parts"]

CHUNK = 256  # images at once where no gradient is kept
PROBE = 4  # images by which one stem is known from another


@dataclass(frozen=True)
class StemOutputs:
    """What the stem makes of the training and of the validation images, (N, C, side, side) each."""

    training: Tensor
    held_out: Tensor

    @classmethod
    def of(cls, stem: Macro | Pixels, training: Training) -> "StemOutputs":
        """Let the stem learn what it learns from images, and apply it to all of them.

        What takes long, a fit of every image, is kept in the folder of the run.
        """
        count, held_out = len(training.targets()), len(training.validation_targets())
        rows = np.random.default_rng(training.seed).permutation(count)
        stem.learn(training.images(rows[:CHUNK]))
        whole = partial(_stemmed, stem, training.images, count)
        rest = partial(_stemmed, stem, training.validation_images, held_out)
        if isinstance(stem, Pixels):
            return cls(whole(), rest())
        digest = _digest(stem, stem(training.images(slice(0, PROBE))))
        return cls(training.cached(f"training-{digest}", whole), training.cached(f"validation-{digest}", rest))

    def of_rows(self, rows: Tensor) -> Tensor:
        """Training images of these rows."""
        return self.training[rows.to(self.training.device)]


@torch.no_grad()
def in_parts(function: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """The function of all images, (N, ...), computed CHUNK at once."""
    return torch.cat([function(part) for part in images.split(CHUNK)])


@torch.no_grad()
def _stemmed(stem: Macro | Pixels, images: Callable[[slice], Tensor], count: int) -> Tensor:
    return torch.cat([stem(images(slice(start, min(start + CHUNK, count)))) for start in range(0, count, CHUNK)])


def _digest(stem: Macro, probe: Tensor) -> str:
    """A hash of the settings of the stem, what it has learned, and what it makes of a few images."""
    digest = hashlib.sha256(repr(stem.settings).encode())
    for tensor in (stem.light, probe):
        digest.update(tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
