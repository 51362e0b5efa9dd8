"""How much at once: images in a batch, processes that read, threads that compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import ArgumentError
from .images import Images
from .options import Options
from .parallel import cores
from .shards import SHARD

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["AtOnce", "batch_size"]

BATCH_CPU = 64  # views of images, which fit the cache of a core; but
LEAST_CPU = 16  # images
BATCH_GPU = 512  # images
MOST_WORKERS = 256
WORTH_WORKERS = 256  # images below which starting processes costs more than it saves
CORES_FED = 8  # cores that computing threads which also read keep busy; the interpreter reads for one at a time


@dataclass(frozen=True)
class AtOnce:
    """How much a run does at once.

    Arguments:
        batch_size: images read and predicted together.
        workers: processes that read and prepare, 0 for none.
        threads: batches in the network.
    """

    batch_size: int
    workers: int = 0
    threads: int = 1

    @classmethod
    def chosen(cls, model: Model, images: Images, options: Options) -> AtOnce:
        """What suits the device and the images, unless the options say otherwise."""
        batch = batch_size(model, options.batch_size)
        workers = min(_workers(model, images, options.workers), -(-len(images) // batch))
        return cls(batch, workers, _threads(model, images, batch))


def batch_size(model: Model, wanted: int | None) -> int:
    """Images read and predicted together: a megabyte or two for the CPU, enough to fill an accelerator."""
    if wanted is not None and wanted < 1:
        raise ArgumentError(f"batch_size= (--batch-size) is {wanted}; it must be at least 1")
    if model.device.type != "cpu":
        return min(SHARD, wanted or BATCH_GPU)
    return min(SHARD, wanted or max(LEAST_CPU, BATCH_CPU // model.views))


def _workers(model: Model, images: Images, wanted: int | None) -> int:
    """Processes that read: none where the threads of a network on the CPU can do it, or for a few images."""
    if wanted is not None and not 0 <= wanted <= MOST_WORKERS:
        raise ArgumentError(
            f"workers= (--workers) is {wanted}; 0 reads in this process, up to {MOST_WORKERS} are so many others"
        )
    if not images.in_workers:
        return 0
    if wanted is not None:
        return wanted
    if model.device.type == "cpu":
        return cores() // CORES_FED if cores() > CORES_FED and len(images) > WORTH_WORKERS else 0
    return max(1, cores() - 1) if len(images) > WORTH_WORKERS else 0


def _threads(model: Model, images: Images, batch: int) -> int:
    """Batches in the network at once: one on each core of the CPU, if there are so many."""
    if model.device.type != "cpu":
        return 1
    return max(1, min(torch.get_num_threads(), len(images) // batch))
