"""A run that is ended from outside leaves no process behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ..tiny_models import SIZE

RUN = Path(__file__).with_name("run_slowly.py")
WITHIN = 1200  # seconds; for what never happens, not for what takes long


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_reader_outlives_its_run(tmp_path, end):
    np.save(tmp_path / "stack.npy", np.zeros((4000, SIZE, SIZE), np.float32))
    process = subprocess.Popen([sys.executable, str(RUN), str(tmp_path / "stack.npy"), str(tmp_path / "t.csv")])
    readers = eventually(lambda: children(process.pid))
    process.send_signal(end)
    process.wait()
    assert eventually(lambda: not any(map(alive, readers)))


def eventually(found):
    """What is found, as soon as it is true."""
    until = time.monotonic() + WITHIN
    while not (answer := found()) and time.monotonic() < until:
        time.sleep(0.05)
    return answer


def children(pid):
    """Processes that it has forked: a program that an import asks something has another command line."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    found = path.read_text().split() if path.exists() else []
    return [int(child) for child in found if command(child) == command(pid)]


def command(pid):
    path = Path(f"/proc/{pid}/cmdline")
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(pid):
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
