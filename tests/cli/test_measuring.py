"""Benchmarks of images that one must have, and what is printed of a measurement."""

import logging
from itertools import count

import pytest

from zoo_core.bench.results import read_result, result_path
from zoo_core.catalog.measured import published_results
from zoo_core.cli.measuring import show_measured
from zoo_core.cli.show import PATIENCE, said_now_and_then


def test_a_benchmark_without_its_images_says_what_to_pass(zoo_command):
    answer = zoo_command("benchmark", "trivial.space", "--on", "slc2020")

    assert answer.code == 2
    assert "--data PATH" in answer.err and "zoo datasets info slc2020" in answer.err


@pytest.mark.parametrize("option", [("--data", "."), ("--split", "test")])
def test_a_benchmark_that_brings_its_images_takes_no_others(zoo_command, option):
    answer = zoo_command("benchmark", "trivial.space", "--on", "finding_space", *option)

    assert answer.code == 2
    assert "brings its own images" in answer.err


def test_a_model_of_another_task_is_refused(zoo_command, tmp_path):
    answer = zoo_command("benchmark", "trivial.space", "--on", "slc2020", "--data", tmp_path)

    assert answer.code == 2
    assert "trivial.space is for classification, the benchmark slc2020 for anomaly" in answer.err


def test_a_result_of_which_no_image_was_scored_again_is_not_passed_unless_that_is_allowed(zoo_command):
    answer = zoo_command("verify", "trivial.space", "--on", "sky_space", "--no-keep")
    allowed = zoo_command("verify", "trivial.space", "--on", "sky_space", "--no-keep", "--allow-unmeasured")

    assert (answer.code, allowed.code) == (1, 0)
    assert "nothing was scored again" in answer.out and "they come from" in answer.out


def test_the_results_to_verify_are_found_from_any_folder(zoo_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    answer = zoo_command("verify", "trivial.space", "--on", "sky_space", "--no-keep", "--allow-unmeasured")

    assert answer.code == 0 and "trivial.space" in answer.out


def test_measurements_of_many_metrics_fit_a_terminal(capsys):
    names = ("lastro.space", "classical.space", "trivial.space")
    results = [read_result(result_path(published_results(), "finding_space", name)) for name in names]

    show_measured(results, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    auroc = results[0].metrics["auroc"]
    assert sum(f"{auroc.value:.4g} ({auroc.low:.4g} to {auroc.high:.4g})" in line for line in lines) == 1
    assert all(any(name in line for line in lines) for name in names)


def test_where_no_bar_is_drawn_a_line_now_and_then_says_how_far_it_is(caplog):
    caplog.set_level(logging.INFO, "zoo")
    seconds = count(0, PATIENCE // 2)
    tick = said_now_and_then("finding_space", lambda: next(seconds))

    for done in range(1, 6):
        tick(1000 * done, 20_000)

    assert caplog.messages == ["finding_space: 2,000 of 20,000", "finding_space: 4,000 of 20,000"]
