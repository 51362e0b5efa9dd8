"""Batches of two domains: labelled images of the source, and images of the target whose labels nobody looks at."""

from typing import NamedTuple

import numpy as np
from torch import Generator, Tensor

from ..batches import Batches
from .altered import altered

__all__ = ["DomainBatches", "Domains"]


class Domains(NamedTuple):
    """Images of one step, (B, C, size, size) each, and the labels of the source, (B,)."""

    source: Tensor
    labels: Tensor
    target: Tensor
    altered_source: Tensor
    altered_target: Tensor


class DomainBatches(Batches):
    """Batches of the source and of the target, step by step.

    Arguments:
        source, target: of the same number of steps.
    """

    def __init__(self, source: Batches, target: Batches):
        self.source, self.target = source, target
        super().__init__(source.images, source.batch_size, source.steps, source.seed)

    def __getitem__(self, step: int) -> Domains:  # pyright: ignore[reportIncompatibleMethodOverride]
        """See `Domains`; what is altered is a function of the seed and the step on each device."""
        self.source.batch_size = self.target.batch_size = self.batch_size  # it shrinks where memory is short
        (source, labels), (target, _) = self.source[step], self.target[step]
        seed = np.random.Generator(np.random.Philox(key=[self.seed + 1, step])).integers(2**63)
        generator = Generator(source.device).manual_seed(int(seed))
        return Domains(source, labels, target, altered(source, generator), altered(target, generator))

    def rows(self, step: int) -> np.ndarray:
        """Rows of the source."""
        return self.source.rows(step)
