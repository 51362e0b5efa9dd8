"""Processes that a run has forked, found in /proc."""

import sys
import time
from pathlib import Path

import pytest

__all__ = ["alive", "children", "eventually", "needs_proc"]

WITHIN = 1200  # seconds; for what never happens, not for what takes long

needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")


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
