"""Where a run is spread to: processes of this machine, a Dask scheduler, or jobs of a batch system."""

from __future__ import annotations

import inspect
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
import yaml

from ..errors import ArgumentError, NotInstalledError, SchedulerError
from .parallel import cores

if TYPE_CHECKING:
    from dask_jobqueue import JobQueueCluster
    from distributed import Client, LocalCluster

__all__ = ["SYSTEMS", "batch_systems", "check_scheduler", "connected", "job_script", "submitted"]

SYSTEMS = {
    "htcondor": "HTCondorCluster",
    "lsf": "LSFCluster",
    "moab": "MoabCluster",
    "oar": "OARCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "slurm": "SLURMCluster",
}
"""Batch systems, and the classes of dask-jobqueue that submit to them."""

PROTOCOLS = ("tcp://", "tls://", "ucx://", "ws://", "wss://")
DESCRIPTIONS = (".yaml", ".yml")
TIMEOUT = 10  # s, for a scheduler to answer
READERS = 4  # threads of a worker with an accelerator: while one computes, the others read

logger = logging.getLogger("zoo")


def check_scheduler(scheduler: str) -> None:
    """Raise ArgumentError unless it is `local`, an address or a file that is there; NotInstalledError without Dask."""
    _require_dask()
    if Path(scheduler).suffix in (*DESCRIPTIONS, ".json"):
        if not Path(scheduler).is_file():
            raise ArgumentError(f"scheduler= (--scheduler) is {scheduler}, and there is no such file")
    elif scheduler != "local" and not _is_address(scheduler):
        raise ArgumentError(
            f"scheduler= (--scheduler) is {scheduler!r}; choose local, an address such as tcp://host:8786, the .json "
            "file of a Dask scheduler, or a .yaml file that describes batch jobs"
        )


@contextmanager
def connected(scheduler: str, workers: int | None = None, timeout: float = TIMEOUT) -> Iterator[Client]:
    """A client of that scheduler; what is started for it ends with the `with` block.

    Arguments:
        scheduler: see `check_scheduler`.
        workers: processes of `local`; None: one an accelerator, or else one a core.
        timeout: s, for a scheduler to answer.

    Raises:
        SchedulerError: it does not answer, or has no workers.
    """
    from distributed import Client

    check_scheduler(scheduler)
    if scheduler == "local":
        with _local(workers) as cluster, Client(cluster) as client:
            yield client
    elif Path(scheduler).suffix in DESCRIPTIONS:
        with submitted(Path(scheduler)) as cluster, Client(cluster) as client:
            _await_jobs(client)
            yield client
    else:
        with _at(scheduler, timeout) as client:
            yield client


def job_script(path: str | Path) -> str:
    """The script of one job of those that a file describes; nothing is submitted.

    Arguments:
        path: YAML with `system` (one of `SYSTEMS`), `jobs` (how many), and arguments of dask-jobqueue's class:
            `cores`, `memory`, `queue`, `walltime`, `job_extra_directives`, `job_script_prologue` ...

    Raises:
        ArgumentError: a key that the class does not know, or a value that it refuses.
    """
    with _described(Path(path)) as (cluster, _):
        return cluster.job_script()


@contextmanager
def submitted(path: Path) -> Iterator[JobQueueCluster]:
    """The jobs that a file describes, submitted; they end with the `with` block.

    Raises:
        ArgumentError: as `job_script`.
        SchedulerError: the batch system takes no job.
    """
    with _described(path) as (cluster, workers):
        try:
            _submit(cluster, workers)
        except (RuntimeError, ValueError, OSError) as error:
            raise SchedulerError(f"{path}: no job is submitted: {' '.join(str(error).split())}") from error
        yield cluster


@contextmanager
def _described(path: Path) -> Iterator[tuple[JobQueueCluster, int]]:
    """The cluster that a file describes, without jobs, and how many workers it shall have."""
    described = _description(path)
    system, jobs = described.pop("system"), described.pop("jobs")
    arguments = {"processes": 1, **described}
    cluster_class = getattr(batch_systems(), SYSTEMS[system])
    unknown = set(described) - _arguments(cluster_class)
    if unknown:
        raise ArgumentError(f"{path}: {min(unknown)} is no argument of dask_jobqueue.{SYSTEMS[system]}")
    try:
        cluster = cluster_class(**arguments)
    except (TypeError, ValueError, OSError) as error:
        raise ArgumentError(f"{path}: {' '.join(str(error).split())}") from error
    try:
        yield cluster, jobs * arguments["processes"]
    finally:
        with suppress(AssertionError):  # of Dask, that every job was started
            cluster.close()


def _submit(cluster: JobQueueCluster, workers: int) -> None:
    """What `cluster.scale` does, which never tells what the batch system answers."""

    async def settled() -> None:
        await cluster

    while len(cluster.plan) < workers:
        cluster.worker_spec.update(cluster.new_worker_spec())
    cluster.sync(settled)


def _description(path: Path) -> dict[str, Any]:
    try:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ArgumentError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())})") from error
    if not isinstance(described, dict) or described.get("system") not in SYSTEMS:
        raise ArgumentError(f"{path}: needs `system:`, one of {', '.join(SYSTEMS)}")
    jobs = described.get("jobs")
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise ArgumentError(f"{path}: needs `jobs:`, how many to submit, a whole number from 1; it is {jobs!r}")
    return described


def batch_systems() -> ModuleType:
    """dask_jobqueue, without the handler of Ctrl-C that its import installs, which ends the process."""
    before = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)
    return dask_jobqueue


def _arguments(cluster_class: Any) -> set[str]:
    from dask_jobqueue import JobQueueCluster
    from dask_jobqueue.core import Job

    takers = (cluster_class.__init__, cluster_class.job_cls.__init__, JobQueueCluster.__init__, Job.__init__)
    return {name for taker in takers for name in inspect.signature(taker).parameters} - {"self", "kwargs"}


def _local(workers: int | None) -> LocalCluster:
    from distributed import LocalCluster

    accelerators = torch.cuda.device_count()
    count = workers or accelerators or cores()
    threads = max(1, min(READERS, cores() // count)) if accelerators else 1
    return LocalCluster(
        n_workers=count,
        threads_per_worker=threads,
        processes=True,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
    )


@contextmanager
def _at(scheduler: str, timeout: float) -> Iterator[Client]:
    from distributed import Client

    named: dict[str, Any] = {"scheduler_file": scheduler} if scheduler.endswith(".json") else {"address": scheduler}
    try:
        client = Client(timeout=timeout, set_as_default=False, **named)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise SchedulerError(f"{scheduler}: no Dask scheduler answers there ({reason}); is it running?") from error
    with client:
        found = client.scheduler_info()
        if not found["workers"]:
            raise SchedulerError(f"{scheduler}: it has no workers; start some with `dask worker {found['address']}`")
        yield client


def _await_jobs(client: Client) -> None:
    """Until the batch system has started a job, however long its queue is."""
    logger.info("jobs are submitted; waiting for the first one to start")
    client.wait_for_workers(1)


def _is_address(scheduler: str) -> bool:
    host, colon, port = scheduler.removeprefix(next(filter(scheduler.startswith, PROTOCOLS), "")).rpartition(":")
    return bool(host and colon and port.isdecimal()) and os.sep not in host


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401

        batch_systems()
    except ImportError as error:
        raise NotInstalledError(f"Dask can't be imported ({error}); pip install 'zoo-core[scale]'") from error
