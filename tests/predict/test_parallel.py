"""Doing several things at once."""

import os
import signal
import threading
import time
from functools import partial

import pytest
import torch

from zoo_core.errors import ZooError
from zoo_core.predict.parallel import in_processes, in_threads


def slow_square(number: int) -> int:
    time.sleep(0.01 * (number % 3))  # later tasks may finish first
    return number**2


def end(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("several", [in_threads, in_processes])
@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order(several, workers):
    tasks = (partial(slow_square, number) for number in range(20))
    assert list(several(tasks, workers)) == [number**2 for number in range(20)]


@pytest.mark.parametrize("several", [in_threads, in_processes])
def test_tasks_are_drawn_as_results_are_taken(several):
    drawn = []
    results = several((drawn.append(number) or partial(slow_square, number) for number in range(1000)), 2)
    next(results)
    assert len(drawn) < 20
    results.close()


def test_threads_compute_on_one_core_and_the_setting_is_restored():
    before = torch.get_num_threads()
    assert set(in_threads([torch.get_num_threads] * 8, 2)) == {1}
    assert torch.get_num_threads() == before


def test_overlapping_calls_compute_on_one_core_each_and_the_last_restores_the_setting():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        first, second = (in_threads([torch.get_num_threads] * 9, 2) for _ in range(2))
        counts = [next(first), next(second)]
        first.close()
        counts += second
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)

    assert counts == [1] * 10
    assert after == 2


def test_error_of_a_task_is_raised_and_no_thread_is_left():
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        list(in_threads([partial(divmod, 1, 0)] * 4, 2))
    assert threading.active_count() == before


def test_killed_reader_is_a_clear_error_and_no_hang():
    with pytest.raises(ZooError, match="fewer --workers"):
        list(in_processes((partial(end, number) for number in range(10)), 2))
