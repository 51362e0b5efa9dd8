"""All images as the stem sees them, which no stage of a training changes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from zoo_core.interfaces import Training

from .stem import Macro, Pixels

__all__ = ["Seen", "in_parts"]

CHUNK = 256  # images at once where no gradient is kept
PROBE = 4  # images whose look tells one stem from another


@dataclass(frozen=True)
class Seen:
    """What the stem gives of the training and of the validation images, (N, C, side, side) each."""

    training: Tensor
    held_out: Tensor

    @classmethod
    def of(cls, stem: Macro | Pixels, training: Training) -> "Seen":
        """Let the stem learn what it learns from images, and look at all of them.

        What takes long, a fit of every image, is kept in the folder of the run.
        """
        count, held_out = len(training.targets()), len(training.validation_targets())
        rows = np.random.default_rng(training.seed).permutation(count)
        stem.learn(training.images(rows[:CHUNK]))
        whole = partial(_seen, stem, training.images, count)
        rest = partial(_seen, stem, training.validation_images, held_out)
        if isinstance(stem, Pixels):
            return cls(whole(), rest())
        digest = _digest(stem, stem(training.images(slice(0, PROBE))))
        return cls(training.cached(f"training-{digest}", whole), training.cached(f"validation-{digest}", rest))

    def of_rows(self, rows: Tensor) -> Tensor:
        """Training images of these rows."""
        return self.training[rows.to(self.training.device)]


@torch.no_grad()
def in_parts(look: Callable[[Tensor], Tensor], seen: Tensor) -> Tensor:
    """What `look` gives of all, computed a few at once."""
    return torch.cat([look(part) for part in seen.split(CHUNK)])


@torch.no_grad()
def _seen(stem: Macro | Pixels, images: Callable[[slice], Tensor], count: int) -> Tensor:
    return torch.cat([stem(images(slice(start, min(start + CHUNK, count)))) for start in range(0, count, CHUNK)])


def _digest(stem: Macro, probe: Tensor) -> str:
    """Of what was said of the stem, what it has learned, and what it shows of a few images."""
    digest = hashlib.sha256(repr(stem.said).encode())
    for tensor in (stem.light, probe):
        digest.update(tensor.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
