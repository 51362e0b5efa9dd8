"""What a run writes is its own, whole, and refused in one line."""

import os
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from zoo_core.errors import FileError
from zoo_core.files import check_place, refused, sole, stamp, sweep, whole, whole_folder


@contextmanager
def files_of_at_most(size: int):
    """As on a disk that is full, the system refuses to write more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["table.csv", "folder"])
def test_the_second_run_into_the_same_place_is_refused_until_the_first_has_ended(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with sole(tmp_path / name):
        with pytest.raises(FileError, match=f"{name}: another run is writing there"), sole(tmp_path / name):
            raise AssertionError
        with sole(tmp_path / "another"):
            pass
    with sole(tmp_path / name):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_a_place_that_takes_no_file_is_not_said_to_be_another_run_s():
    with (
        pytest.raises(FileError, match=r"/proc/a.csv: no such file or directory; check the path"),
        sole(Path("/proc/a.csv")),
    ):
        raise AssertionError


def test_what_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), whole(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "before" and [*tmp_path.iterdir()] == [path]


def test_two_may_write_a_file_at_once_and_it_is_that_of_the_last_to_end(tmp_path):
    path = tmp_path / "table.csv"
    with whole(path) as first, whole(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first" and [*tmp_path.iterdir()] == [path]


def test_what_a_killed_run_left_half_written_is_swept_away_and_nothing_else(tmp_path):
    killed = "import os, sys, pathlib, zoo_core.files as files\nwith files.whole(pathlib.Path(sys.argv[1])) as part:\n"
    killed += "    part.write_text('half'); os._exit(9)"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "b.npy").write_text("whole")
    assert subprocess.run([sys.executable, "-c", killed, tmp_path / "data" / "a.npy"], check=False).returncode == 9
    assert len([*(tmp_path / "data").iterdir()]) == 2
    sweep(tmp_path)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["b.npy"]


def test_a_folder_that_was_not_whole_is_swept_away_too(tmp_path):
    half = tmp_path / "run" / ".model.ab12_cd3.partial"
    half.mkdir(parents=True)
    (half / "config.json").write_text("{}")
    sweep(tmp_path / "run")
    assert [*(tmp_path / "run").iterdir()] == []


def test_what_others_write_is_not_swept_away(tmp_path):
    (tmp_path / "another run").mkdir()
    (tmp_path / ".download.partial").write_text("of another program")
    with sole(tmp_path / "another run"), sole(tmp_path / "table.csv"), whole(tmp_path / "table.csv") as table:
        table.write_text("half")
        with whole(tmp_path / "another run" / "a.npy") as pixels:
            pixels.write_text("half")
            sweep(tmp_path)
            assert pixels.exists() and table.exists()
    assert (tmp_path / ".download.partial").exists() and (tmp_path / "table.csv").read_text() == "half"


def test_a_full_disk_is_one_line_with_the_path_and_what_to_do(tmp_path):
    path = tmp_path / "table.csv"
    line = rf"^{path}: file too large; .*write elsewhere$"
    with pytest.raises(FileError, match=line), files_of_at_most(100), whole(path) as partial:
        partial.write_bytes(bytes(1000))
    assert [*tmp_path.iterdir()] == []


def test_a_write_that_is_cut_short_is_a_full_disk_whatever_a_library_says_of_it(tmp_path):
    with files_of_at_most(100), pytest.raises(OSError) as refusal, (tmp_path / "a.npy").open("wb") as file:
        np.zeros(1000).tofile(file)
    assert refusal.value.errno is None
    assert refused(refusal.value) == "no space left on device; free some space, or write elsewhere"


def test_a_copy_that_does_not_fit_names_where_it_was_to_go(tmp_path):
    (tmp_path / "from").write_bytes(bytes(1000))
    with files_of_at_most(100), pytest.raises(OSError) as refusal:
        shutil.copyfile(tmp_path / "from", tmp_path / "to")
    assert refused(refusal.value).startswith(f"{tmp_path}/to: file too large")


def test_what_refuses_the_file_is_said_and_not_what_refuses_to_delete_it(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FileError, match=r"taken: (not a directory|file exists)"), whole(tmp_path / "taken" / "a.csv"):
        raise AssertionError


def test_a_folder_that_cannot_be_filled_is_not_there(tmp_path):
    path = tmp_path / "folder"
    with pytest.raises(FileError, match=f"^{path}: file too large"), files_of_at_most(100), whole_folder(path) as half:
        (half / "a").write_bytes(bytes(50))
        (half / "b").write_bytes(bytes(1000))
    with pytest.raises(FileError, match=f"^{tmp_path}/gone: no such file"), whole_folder(path) as half:
        shutil.copyfile(tmp_path / "gone", half / "a")
    assert [*tmp_path.iterdir()] == []


def test_places_that_cannot_be_written_are_known_before(tmp_path):
    with pytest.raises(FileError, match="it is a folder"):
        check_place(tmp_path)
    with pytest.raises(FileError, match=f"no folder {tmp_path}/gone; make it first"):
        check_place(tmp_path / "gone" / "table.csv")


def test_a_stamp_changes_with_a_file_that_is_rewritten_with_the_same_size(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"12")
    os.utime(path, ns=(0, 1))
    before = stamp([path])
    assert stamp([str(path)]) == before
    os.utime(path, ns=(0, 2))
    assert stamp([path]) != before
