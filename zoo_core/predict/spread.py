"""A run over many machines: shards go to the workers of a Dask scheduler, which write them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, cast

from ..errors import ArgumentError, SchedulerError, ZooError
from .cluster import connected
from .options import Options, Progress
from .run import Run

if TYPE_CHECKING:
    from distributed import Client, Future

    from ..models.model import Model
    from .worker import Place

__all__ = ["finish_spread"]

AHEAD = 2  # shards at or before each thread of the workers
REPORT = 30.0  # s between lines on how far a run is
HOPELESS = 10  # shards that fail one after the other before the run is given up

logger = logging.getLogger("zoo")


def finish_spread(run: Run, options: Options) -> None:
    """Make the shards that are not there yet, on the workers of a scheduler.

    A worker that dies costs the shard that it was at, which another one takes. What a worker cannot do is reported
    at the end, when the others have gone on.

    Arguments:
        run: its model may be on any device.
        options: whose scheduler is one of `cluster.check_scheduler`; without a batch size, each worker takes what suits
            its device.

    Raises:
        ArgumentError: images in memory, which have no place on other machines.
        SchedulerError: the scheduler or its workers cannot be used, or shards could not be made.
    """
    if not run.images.in_workers:
        raise ArgumentError("scheduler= (--scheduler) takes images in files, not arrays or data sets")
    assert options.scheduler is not None
    try:
        with connected(options.scheduler, options.workers) as client, _equipped(client, run, options.device) as name:
            _Spread(run, client, name, options.batch_size, _Pace(len(run.images), options.progress)).finish()
    except TimeoutError as error:
        why = " ".join(str(error).split()) or "no answer"
        raise SchedulerError(f"{options.scheduler}: workers or scheduler are too busy ({why}); {_REMEDY}") from error


@contextmanager
def _equipped(client: Client, run: Run, device: str | None) -> Iterator[str]:
    """Every worker, also one that comes later, holds the model; the name by which it does."""
    from .worker import Held, Place

    token = run.shards.folder / f".{token_hex(4)}.run"
    token.touch()
    model = _on_cpu(run.scorer.model)
    place = Place(str(Path.cwd()), str(token.resolve()), _versions(model), _packages(model))
    name = f"zoo-{token.name}"
    try:
        _check_workers(client, place)
        client.register_plugin(Held(name, replace(run.scorer, model=model), device, place), name=name)
        yield name
        with suppress(OSError):  # the rows are there: a worker that is gone, or busy, need not be told
            client.unregister_worker_plugin(name)
    finally:
        token.unlink(missing_ok=True)


def _check_workers(client: Client, place: Place) -> None:
    from .worker import objection

    found = cast(dict[str, Any], client.run(objection, place, on_error="return"))
    refusing = {worker: _in_words(answer) for worker, answer in found.items() if answer is not None}
    if refusing:
        worker, reason = next(iter(refusing.items()))
        raise SchedulerError(f"{len(refusing)} of {len(found)} workers cannot take part, as {worker}: {reason}")


def _in_words(answer: str | BaseException) -> str:
    if isinstance(answer, ImportError):
        return f"it cannot import the zoo ({answer}); install zoo-core=={version('zoo-core')} on workers"
    return answer if isinstance(answer, str) else " ".join(repr(answer).split())


def _versions(model: Model) -> dict[str, str]:
    """Versions of the zoo, and of the plugin that the model's entry names."""
    plugin = (model.spec and model.spec.plugin) or "zoo-core"
    return {name: version(name) for name in dict.fromkeys(["zoo-core", plugin])}


def _packages(model: Model) -> tuple[str, ...]:
    return tuple(sorted({type(layer).__module__.partition(".")[0] for layer in model.network.modules()}))


def _on_cpu(model: Model) -> Model:
    """A copy, unless it is there already: the caller's stays where it is."""
    return model if model.device.type == "cpu" else replace(model, network=deepcopy(model.network).cpu())


@dataclass
class _Pace:
    """How far the run is, as a bar where there is one, else as a line now and then."""

    total: int
    progress: Progress | None
    done: int = 0
    made: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)
    reported: float = field(default_factory=time.monotonic)

    def add(self, images: int, failed: int) -> None:
        """So many images more are done, of which so many could not be used."""
        self.done, self.made, self.failed = self.done + images, self.made + images, self.failed + failed
        if self.progress:
            self.progress(self.done, self.total)
        elif time.monotonic() - self.reported > REPORT:
            self.reported = time.monotonic()
            logger.info("%s", self)

    def __str__(self) -> str:
        rate = self.made / max(time.monotonic() - self.began, 1e-9)
        left = (self.total - self.done) / max(rate, 1e-9) / 60
        return (
            f"{self.done} of {self.total} images, {rate:.0f} a second, {self.failed} could not be used, "
            f"about {left:.0f} minutes left"
        )


@dataclass
class _Spread:
    run: Run
    client: Client
    name: str
    batch_size: int | None
    pace: _Pace
    failures: dict[int, str] = field(default_factory=dict)
    in_a_row: int = 0

    def finish(self) -> None:
        """All shards that are missing, a bounded number of them known to the scheduler at a time."""
        from distributed import as_completed

        missing = list(self.run.missing())
        self.pace.done = len(self.run.images) - sum(self._size(number) for number in missing)
        queue = iter(missing)
        numbers = {self._submit(number): number for number in islice(queue, self._ahead())}
        futures = as_completed(list(numbers), loop=self.client.loop)
        for future in futures:
            number = numbers.pop(future)
            self._take(number, future)
            for another in islice(queue, max(0, self._ahead() - len(numbers))):
                submitted = self._submit(another)
                numbers[submitted] = another
                futures.add(submitted)
        if self.failures:
            raise SchedulerError(self._failure())

    def _submit(self, number: int) -> Future:
        from .worker import SealedTask, ShardTask, finish_shard

        run = self.run
        shards = replace(run.shards, folder=run.shards.folder.resolve(), first=number)
        task = ShardTask(self.name, run.images.part(*run.span(number)), shards, run.pixel_scale, self.batch_size)
        return self.client.submit(finish_shard, SealedTask.of(task), key=f"{self.name}-{number}", pure=False)

    def _take(self, number: int, future: Future) -> None:
        from distributed import KilledWorker

        try:
            self.pace.add(self._size(number), future.result())
            self.in_a_row = 0
            return
        except CancelledError as error:
            raise SchedulerError(f"the scheduler is gone; {_REMEDY}") from error
        except KilledWorker:
            self.failures[number] = "its workers died one after the other, perhaps for their memory"
        except ZooError as error:
            self.failures[number] = str(error)
        self.in_a_row += 1
        if self.in_a_row == HOPELESS:
            raise SchedulerError(self._failure())

    def _failure(self) -> str:
        number, reason = next(iter(self.failures.items()))
        start, stop = self.run.span(number)
        return (
            f"{len(self.failures)} of {self.run.count} shards were not made, as that of images {start} to {stop - 1}: "
            f"{reason}; {_REMEDY}"
        )

    def _size(self, number: int) -> int:
        start, stop = self.run.span(number)
        return stop - start

    def _ahead(self) -> int:
        return AHEAD * max(1, sum(cast(dict[str, int], self.client.nthreads()).values()))


_REMEDY = "what is finished is kept; --resume (resume=True) goes on from there"
