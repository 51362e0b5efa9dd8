"""What is drawn ahead in other processes comes in order, and nothing is left running."""

import multiprocessing
import os
import time
from pathlib import Path

from zoo_core.datasets.simulated.ahead import drawn_ahead
from zoo_core.datasets.simulated.finding import finding_space_shifted

from .spans import die, square

SPANS = [(k, k + 1) for k in range(5)]


def others():
    """Processes of this one, but for the workers of a Dask cluster that another test has started."""
    return [child for child in multiprocessing.active_children() if "Dask" not in child.name]


def test_results_come_in_order_from_other_processes_which_then_end():
    found = list(drawn_ahead(square, SPANS, processes=2))

    assert [value for value, _ in found] == [0, 1, 4, 9, 16]
    assert os.getpid() not in {process for _, process in found}
    assert not others()


def test_without_processes_everything_is_drawn_here():
    assert list(drawn_ahead(square, SPANS, processes=0)) == [(k * k, os.getpid()) for k in range(5)]


def test_where_processes_die_everything_is_drawn_here():
    assert list(drawn_ahead(die, SPANS, processes=1)) == [0, 1, 2, 3, 4]


def test_processes_end_when_nobody_wants_more():
    endless = drawn_ahead(square, ((k, k + 1) for k in range(10**9)), processes=1)
    next(endless)

    endless.close()

    while others():  # the limit of the suite ends a test that hangs
        time.sleep(0.05)


def test_cutouts_drawn_in_other_processes_are_those_drawn_here(tmp_path: Path):
    dataset = finding_space_shifted(n=5, seed=9, cache=tmp_path)

    elsewhere, here = (list(drawn_ahead(dataset.cutouts, SPANS[:2], processes)) for processes in (1, 0))

    assert elsewhere == here
