"""Runs that are ended from outside leave no process behind, and go on."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

import zoo_core as zoo
from zoo_core.errors import FileError
from zoo_core.predict import run
from zoo_core.predict.shards import SHARD, Shards

from ..tiny_models import SIZE, tiny_model
from .children import alive, children, eventually, needs_proc

RUN = Path(__file__).with_name("run_slowly.py")
IMAGES = SHARD + 500


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stack") / "stack.npy"
    np.save(path, np.random.default_rng(0).normal(size=(IMAGES, SIZE, SIZE)).astype(np.float32))
    return path


@dataclass(frozen=True)
class Killed:
    """What a run leaves that was killed after its first shard: a folder of shards, and maybe its readers."""

    shards: Path
    readers: list[int]


@pytest.fixture(scope="module")
def killed(stack: Path, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    out = tmp_path_factory.mktemp("killed") / "scores.csv"
    shards = Shards.beside(out).folder
    process = subprocess.Popen([sys.executable, str(RUN), str(stack), str(out)])
    readers = []
    while not (shards / "000000.parquet").exists():
        assert process.poll() is None
        readers = readers or children(process.pid)
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not out.exists()
    return Killed(shards, readers)


@pytest.fixture(scope="module")
def expected(stack: Path) -> np.ndarray:
    """Of a run that was not killed."""
    return np.asarray(tiny_model().predict(zoo.Files(stack, stack=True))["p_lens"])


def left_behind(killed: Killed, out: Path) -> list[int]:
    """Puts the shards of the killed run beside `out`; returns a list for the numbers of images done."""
    shutil.copytree(killed.shards, Shards.beside(out).folder)
    return []


@needs_proc
def test_no_reader_outlives_a_run_that_was_killed(killed):
    assert eventually(lambda: not any(map(alive, killed.readers)))


@needs_proc
def test_no_reader_outlives_a_run_that_was_told_to_end(stack, tmp_path):
    process = subprocess.Popen([sys.executable, str(RUN), str(stack), str(tmp_path / "t.csv")])
    readers = eventually(lambda: children(process.pid))
    process.send_signal(signal.SIGTERM)
    process.wait()
    assert readers and eventually(lambda: not any(map(alive, readers)))


@pytest.mark.parametrize("extension", ["csv", "fits", "parquet", "ecsv"])
def test_killed_run_resumes_and_has_each_image_once_in_order(model, stack, killed, expected, tmp_path, extension):
    out = tmp_path / f"scores.{extension}"
    done = left_behind(killed, out)
    model.predict(zoo.Files(stack, stack=True), out=out, resume=True, progress=lambda now, total: done.append(now))
    assert done[0] > SHARD and done[-1] == IMAGES
    table = pq.read_table(out).to_pydict() if extension == "parquet" else Table.read(out)
    assert list(table["path"]) == [f"{stack}[{number}]" for number in range(IMAGES)]
    np.testing.assert_allclose(np.asarray(table["p_lens"]), expected, atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_without_resume_nothing_old_is_kept(model, stack, killed, tmp_path):
    out = tmp_path / "scores.csv"
    done = left_behind(killed, out)
    model.predict(zoo.Files(stack, stack=True), out=out, progress=lambda now, total: done.append(now))
    assert done[0] < SHARD


def test_shards_of_another_model_are_not_taken(tiny, stack, killed, tmp_path):
    out = tmp_path / "scores.csv"
    done = left_behind(killed, out)
    tiny(views=8).predict(
        zoo.Files(stack, stack=True), out=out, resume=True, progress=lambda now, total: done.append(now)
    )
    assert done[0] < SHARD


def test_shards_of_other_images_are_not_taken(model, stack, killed, tmp_path):
    out = tmp_path / "scores.csv"
    done = left_behind(killed, out)
    shutil.copy(stack, tmp_path / "other.npy")
    other = tmp_path / "other.npy"
    model.predict(zoo.Files(other, stack=True), out=out, resume=True, progress=lambda now, total: done.append(now))
    assert done[0] < SHARD


def test_a_shorter_run_leaves_no_rows_of_a_longer_one(model, stack, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "SHARD", 8)
    images = np.random.default_rng(0).normal(size=(20, 1, SIZE, SIZE)).astype(np.float32)
    model.predict(images, out=tmp_path / "rows")

    model.predict(images[:10], out=tmp_path / "rows", resume=True)

    assert pq.read_table(tmp_path / "rows")["path"].to_pylist() == [f"array[{k}]" for k in range(10)]


def test_a_folder_that_holds_something_else_is_not_touched(model, stack, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".notes.abcd1234.partial").write_text("mine")
    (tmp_path / "mine" / "notes.txt").write_text("mine")

    with pytest.raises(FileError, match=r"holds notes\.txt"):
        model.predict(np.ones((1, 1, SIZE, SIZE), np.float32), out=tmp_path / "mine")
    assert len([*(tmp_path / "mine").iterdir()]) == 2


def test_failed_run_keeps_its_shards_for_the_next(model, stack, tmp_path):
    out = tmp_path / "scores.csv"

    def give_up(done: int, total: int) -> None:
        if done > SHARD:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.predict(zoo.Files(stack, stack=True), out=out, progress=give_up)
    counted = []
    model.predict(zoo.Files(stack, stack=True), out=out, resume=True, progress=lambda done, total: counted.append(done))
    assert counted[0] > SHARD and len(Table.read(out)) == IMAGES
