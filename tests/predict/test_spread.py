"""Runs that are spread over the workers of a Dask scheduler."""

import os
import random
import resource
import signal
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from astropy.table import Table
from torch import nn

import zoo_core as zoo
from zoo_core.errors import SchedulerError
from zoo_core.images.image import RawImage
from zoo_core.images.preprocess import Preprocess
from zoo_core.images.select import Window
from zoo_core.images.source import FileSource
from zoo_core.predict import run

distributed = pytest.importorskip("distributed")

SHARD = 128  # so that few images are many shards
IMAGES, SIDE, BAD = 5 * SHARD + 100, 9, 7
OPERATIONS = [{"op": "frame", "size": SIDE}, {"op": "asinh", "softening": 1.0}]


@pytest.fixture(scope="module", autouse=True)
def small_shards():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "SHARD", SHARD)
        yield


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> zoo.Files:
    path = tmp_path_factory.mktemp("stack") / "stack.npy"
    pixels = np.random.default_rng(0).normal(size=(IMAGES, SIDE, SIDE)).astype(np.float32)
    pixels[:BAD] = np.nan
    np.save(path, pixels)
    return zoo.Files(path, stack=True)


@pytest.fixture(scope="module")
def model() -> zoo.Model:
    """Of parts that a worker can import: those of the tests it cannot."""
    model = zoo.load("trivial", device="cpu")
    network = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 1))
    return replace(model, network=network.eval(), preprocess=Preprocess.from_operations(OPERATIONS, ["VIS"]))


@pytest.fixture(scope="module")
def alone(model, stack) -> Table:
    """Of a run on this machine."""
    return model.predict(stack)


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster, set_as_default=False) as one:
        one.wait_for_workers(2)
        yield one


def spread(model, stack, cluster, out: Path, **options) -> Table:
    return model.predict(stack, out=out, scheduler=cluster.scheduler_address, **options)


def test_rows_are_those_of_one_machine(model, stack, cluster, client, alone, tmp_path):
    table = spread(model, stack, cluster, tmp_path / "scores.csv")
    assert list(table["path"]) == list(alone["path"])
    assert list(table["status"]) == list(alone["status"]) and list(table["status"]).count("error") == BAD
    np.testing.assert_array_equal(table["p_lens"].filled(-1), alone["p_lens"].filled(-1))
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_a_worker_that_is_killed_costs_no_row_and_doubles_none(model, stack, cluster, client, alone, tmp_path):
    out, moment = tmp_path / "scores", random.randrange(IMAGES - SHARD)
    victims = list(client.run(os.getpid).values())[:1]

    def kill(done: int, total: int) -> None:
        if done > moment and victims:
            os.kill(victims.pop(), signal.SIGKILL)

    spread(model, stack, cluster, out, progress=kill)
    stored = pq.read_table(out)
    assert not victims, moment
    assert stored["path"].to_pylist() == list(alone["path"]), moment
    np.testing.assert_array_equal(stored["p_lens"].fill_null(-1).to_numpy(), alone["p_lens"].filled(-1))


def test_one_machine_goes_on_where_a_cluster_was_stopped_and_a_cluster_where_one_machine_was(
    model, stack, cluster, client, alone, tmp_path
):
    out = tmp_path / "scores"
    model.predict(stack, out=out)
    first, second = out / "000001.parquet", out / "000003.parquet"
    first.unlink()
    before = second.stat().st_ino
    spread(model, stack, cluster, out, resume=True)
    assert first.exists() and second.stat().st_ino == before
    second.unlink()
    before = first.stat().st_ino
    model.predict(stack, out=out, resume=True)
    assert second.exists() and first.stat().st_ino == before


def test_a_full_disk_is_one_line_and_the_run_goes_on_from_there(model, stack, cluster, client, tmp_path):
    out = tmp_path / "scores"
    before = client.run(_allow, 2000)
    try:
        with pytest.raises(SchedulerError, match=r"of 6 shards were not made.*parquet: file too large; .*--resume"):
            spread(model, stack, cluster, out)
    finally:
        client.run(_allow, next(iter(before.values())))
    assert not [path for path in out.iterdir() if path.suffix == ".parquet"]
    assert len(spread(model, stack, cluster, out, resume=True)) == IMAGES


def _allow(size: int) -> int:
    """Bytes that a file of this process may have; returns how many it could have before."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    return before


class Meeting(nn.Module):
    """A network that ends when another image is being read, and says whether one was."""

    computing, reading = threading.Event(), threading.Event()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        Meeting.computing.set()
        return torch.full((len(images), 1), 200.0 * Meeting.reading.wait(20) - 100)


class Late(FileSource):
    """An image whose reading begins when a network computes."""

    def load(self, n_bands: int, window: Window | None = None) -> RawImage:
        if Meeting.computing.wait(20):
            Meeting.reading.set()
        return super().load(n_bands, window)


def test_a_worker_with_threads_reads_a_shard_while_it_computes_another(model, stack, tmp_path):
    sources = [FileSource(str(stack.paths), index=row) for row in range(BAD, BAD + 2 * SHARD)]
    sources[SHARD:] = [Late(one.path, index=one.index) for one in sources[SHARD:]]
    with distributed.LocalCluster(
        processes=False, protocol="tcp", n_workers=1, threads_per_worker=2, dashboard_address=":0", silence_logs=50
    ) as threads:
        meeting = replace(model, network=Meeting().eval())
        table = meeting.predict(sources, out=tmp_path / "scores.csv", scheduler=threads.scheduler_address)
    assert np.all(table["p_lens"] > 0.9), "nothing was read while the network computed"


class Absent(nn.Module):
    """Of a plugin that only this process has."""

    __module__ = "zoo_absent"


def test_workers_without_the_plugin_are_said_before_any_work(model, stack, cluster, client, tmp_path):
    with pytest.raises(SchedulerError, match=r"2 of 2 workers cannot take part.*needs the package zoo_absent"):
        spread(replace(model, network=nn.Sequential(model.network, Absent())), stack, cluster, tmp_path / "scores")
    assert not list((tmp_path / "scores").iterdir())


def test_images_in_memory_are_refused(model, cluster, client):
    with pytest.raises(zoo.ArgumentError, match="takes images in files"):
        model.predict(np.zeros((1, 1, 25, 25)), scheduler=cluster.scheduler_address)


def test_a_scheduler_without_workers_is_one_line(model, stack):
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(SchedulerError, match=r"it has no workers; start some with `dask worker tcp:"),
    ):
        model.predict(stack, scheduler=empty.scheduler_address)
