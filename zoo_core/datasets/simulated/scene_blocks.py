"""Noise-free scenes in half precision, kept in files of a block each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..shards import read_array, write_array
from ..store import ImageStore

__all__ = ["SceneBlock", "halved", "read_block", "stores", "write_block"]

HALF_MAX = 60000.0  # float16 ends at 65504


class SceneBlock(NamedTuple):
    """Foregrounds and arcs (B, ..., side, side), float16, and the truth, a structured array (B,), of some scenes.

    Of scenes without arcs these may be left out.
    """

    foreground: np.ndarray
    arcs: np.ndarray
    truth: np.ndarray


def halved(images: Tensor) -> Tensor:
    """Images in half precision; what it cannot hold becomes the largest number that it can.

    >>> halved(torch.tensor([1e9, -2.0])).tolist()
    [60000.0, -2.0]
    """
    return images.clamp(-HALF_MAX, HALF_MAX).half()


def write_block(folder: Path, number: int, block: SceneBlock) -> None:
    """Leaves a block in its files."""
    for file, array in zip(_files(folder, number), block, strict=True):
        write_array(file, array)


def read_block(
    folder: Path, number: int, count: int, with_arcs: Callable[[np.ndarray], int] = len
) -> SceneBlock | None:
    """A block of so many scenes, its images memory mapped; None if it is not there, or damaged.

    Arguments:
        folder, number: as it was written.
        count: of its scenes.
        with_arcs: called with their truth; how many of them have their arcs kept.
    """
    foreground_file, arcs_file, truth_file = _files(folder, number)
    truth = read_array(truth_file, count)
    if truth is None:
        return None
    foreground = read_array(foreground_file, count, mapped=True)
    arcs = read_array(arcs_file, with_arcs(truth), mapped=True)
    return None if foreground is None or arcs is None else SceneBlock(foreground, arcs, truth)


def stores(blocks: Sequence[SceneBlock], device: torch.device) -> tuple[ImageStore, ImageStore, np.ndarray]:
    """Foregrounds and arcs of all blocks, where they are needed, and their truth."""
    foreground, arcs = (ImageStore([block[part] for block in blocks], device) for part in (0, 1))
    return foreground, arcs, np.concatenate([block.truth for block in blocks])


def _files(folder: Path, number: int) -> list[Path]:
    return [folder / f"{number:05d}.{part}.npy" for part in SceneBlock._fields]
