"""What a worker of a distributed run holds and does: the model, loaded once, and one shard at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from distributed import Worker, WorkerPlugin, get_worker
from distributed.protocol import deserialize, serialize

from ..errors import SchedulerError
from ..models.devices import device_named
from .at_once import AtOnce, batch_size
from .images import Images
from .run import Run
from .scoring import Scorer
from .shards import Shards

__all__ = ["Held", "Place", "SealedTask", "ShardTask", "finish_shard", "objection"]


@dataclass(frozen=True)
class Place:
    """What every worker must see: the same versions, the same files.

    Arguments:
        folder: in which the run was started, and to which relative paths belong.
        token: a file beside the shards.
        versions: of distributions.
        packages: in which the layers of the network are defined.
    """

    folder: str
    token: str
    versions: Mapping[str, str]
    packages: tuple[str, ...]


def objection(place: Place) -> str | None:
    """Why this process cannot take part in the run; None if it can."""
    for name, wanted in place.versions.items():
        found = _version(name)
        if found != wanted:
            return f"{name} is {found or 'not installed'} there and {wanted} here; install {name}=={wanted} on workers"
    absent = [name for name in place.packages if find_spec(name) is None]
    if absent:
        return f"the network needs the package {absent[0]}, which is not installed there"
    for folder, shared in ((place.folder, place.folder), (str(Path(place.token).parent), place.token)):
        if not Path(shared).exists():
            return f"the folder {folder} of this machine is not there; workers need to see the same files"
    return None


class Held(WorkerPlugin):
    """The model of a run on one worker, which stays while the run lasts.

    Arguments:
        name: of the run.
        scorer: with the model on the CPU.
        device: where it computes; None: the best that the worker has.
        place: which the worker must see.
    """

    def __init__(self, name: str, scorer: Scorer, device: str | None, place: Place) -> None:
        self.name, self.scorer, self.device, self.place = name, scorer, device, place

    def setup(self, worker: Worker) -> None:
        """Move the model to its device.

        Raises:
            SchedulerError: the worker cannot take part.
        """
        reason = objection(self.place)
        if reason:
            raise SchedulerError(f"worker {worker.address}: {reason}")
        os.chdir(self.place.folder)
        device = device_named(self.device or _best_device(worker))
        self.scorer = replace(self.scorer, model=self.scorer.model.to(device))


@dataclass(frozen=True)
class ShardTask:
    """One shard of a run.

    Arguments:
        run: by which the worker knows the model.
        images: those of the shard.
        shards: where it is written; its number is that of the first.
        pixel_scale, batch_size: as in `Run`; no batch size: as large as suits the device.
    """

    run: str
    images: Images
    shards: Shards
    pixel_scale: float | None
    batch_size: int | None


@dataclass(frozen=True)
class SealedTask:
    """A task as Dask sends it, so that the scheduler passes on bytes and not the thousand sources in them.

    Arguments:
        header, frames: of Dask's protocol.
    """

    header: Mapping[str, Any]
    frames: Sequence[bytes]

    @classmethod
    def of(cls, task: ShardTask) -> SealedTask:
        """The task, sealed."""
        header, frames = serialize(task)
        return cls(header, [bytes(frame) for frame in frames])

    def opened(self) -> ShardTask:
        """The task."""
        return cast(ShardTask, deserialize(self.header, self.frames))


def finish_shard(sealed: SealedTask) -> int:
    """Write the rows of one shard, unless they are there already; returns how many have status `error`."""
    task = sealed.opened()
    held = get_worker().plugins[task.run]
    assert isinstance(held, Held)
    at_once = AtOnce(batch_size(held.scorer.model, task.batch_size))
    run = Run(held.scorer, task.images, task.shards, task.pixel_scale, at_once)
    run.finish(None)
    return run.failed()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _best_device(worker: Worker) -> str:
    """The best device of this machine; of several accelerators the one with the worker's number."""
    count, number = torch.cuda.device_count(), str(worker.name)
    return f"cuda:{int(number) % count}" if count > 1 and number.isdecimal() else "auto"
