"""Training images that are made while a network trains, each for one batch."""

from collections.abc import Callable, Sequence
from collections.abc import Generator as Iterating
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Generator, Tensor

from ...interfaces import TrainingView

__all__ = ["Fresh", "Show"]

ENDLESS = 2**31  # blocks

T = TypeVar("T")

Show = Callable[[Tensor, Generator], tuple[Tensor, Tensor]]
"""Images and targets of some scenes of a block, by their numbers in it."""


class Fresh(TrainingView, Generic[T]):
    """An endless sequence of scenes that are rendered when they are needed, in order, and never shown again.

    Rows are numbers of scenes.

    Arguments:
        drawn: called with numbers of blocks; yields what is drawn of each, in order, until it is closed.
        rendered: called with what is drawn of a block; returns what shows its scenes.
        block: scenes in a block.
    """

    def __init__(self, drawn: Callable[[Sequence[int]], Iterating[T]], rendered: Callable[[T], Show], block: int):
        self._drawn, self._render, self._size = drawn, rendered, block
        self._rendered: dict[int, Show] = {}
        self._coming: tuple[int, Iterating[T]] | None = None

    @property
    def targets(self) -> np.ndarray:
        """Targets of no row: there are as many images as there are steps."""
        return np.zeros(0, np.float32)

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """See `TrainingView.draw`; the rows follow one another, and those of the last call."""
        blocks = rows // self._size
        parts = [self._of_block(int(block), rows[blocks == block], generator) for block in np.unique(blocks)]
        images, targets = zip(*parts, strict=True)
        return torch.cat(images), torch.cat(targets)

    def close(self) -> None:
        """End what draws ahead."""
        if self._coming is not None:
            self._coming[1].close()
        self._coming = None

    def _of_block(self, block: int, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        if block not in self._rendered:
            self._rendered.clear()  # its memory is free for the next one
            self._rendered[block] = self._render(self._next(block))
        scenes = torch.from_numpy(rows % self._size).to(generator.device, non_blocking=True)
        return self._rendered[block](scenes, generator)

    def _next(self, block: int) -> T:
        if self._coming is None or self._coming[0] != block:
            self.close()
            self._coming = block, self._drawn(range(block, ENDLESS))
        _, coming = self._coming
        found = next(coming)
        self._coming = block + 1, coming
        return found
