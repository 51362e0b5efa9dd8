"""Benchmarks of images that one must have."""

import pytest


def test_a_benchmark_without_its_images_says_what_to_pass(zoo_command):
    answer = zoo_command("benchmark", "trivial.space", "--on", "slc2020")

    assert answer.code == 2
    assert "--data PATH" in answer.err


@pytest.mark.parametrize("option", [("--data", "."), ("--split", "test")])
def test_a_benchmark_that_brings_its_images_takes_no_others(zoo_command, option):
    answer = zoo_command("benchmark", "trivial.space", "--on", "finding_space", *option)

    assert answer.code == 2
    assert "brings its own images" in answer.err


def test_a_model_of_another_task_is_refused(zoo_command, tmp_path):
    answer = zoo_command("benchmark", "trivial.space", "--on", "slc2020", "--data", tmp_path)

    assert answer.code == 2
    assert "trivial.space is for classification, the benchmark slc2020 for anomaly" in answer.err
