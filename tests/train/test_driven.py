"""A plugin drives its own training: stages, their settings, and resuming each of them."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import RecipeError, TrainingError
from zoo_core.predictions import Calibration
from zoo_core.train.fit import train

RECIPE = """
id: toyfinder.test
architecture: toyfinder
plugin: zoo-toy
seed: 5
train: {{dataset: toy_spots, plugin: zoo-toy, arguments: {{n: 60, seed: 1}}}}
validation: {{dataset: toy_spots, plugin: zoo-toy, arguments: {{n: 20, seed: 2}}}}
batch_size: 10
steps: 12
validate_every: 6
optimiser: {{lr: 1.0e-2}}
augmentation: {{dihedral: false}}
publish: {{storage: float32}}
stages: {{shrinkage: {{steps: {steps}, batch_size: 5}}}}
settings: {{log: {log}}}
"""


@pytest.fixture
def recipe(toy, tmp_path):
    def write(steps=6, log=""):
        path = tmp_path / "recipe.yaml"
        path.write_text(RECIPE.format(steps=steps, log=log))
        return path

    return write


def trained(path: Path, out: Path, **arguments):
    return zoo.load(train(path, out, device="cpu", progress=False, **arguments))


def same(one, other):
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(other[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_the_result_holds_the_buffers_that_the_plugin_set_between_its_stages(recipe, tmp_path):
    model = trained(recipe(), tmp_path / "run")

    assert model.network.spread != 1
    prediction = model(zoo.open_dataset("toy_spots", plugin="zoo-toy", n=20, seed=3).images(slice(20)))
    assert prediction.score[1::2].mean() > 2 * prediction.score[::2].mean()  # spots were never learned from
    assert model.calibration == Calibration()


def test_anomalies_are_not_learned_from_and_the_log_says_so(recipe, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="zoo"):
        trained(recipe(log=tmp_path / "seen"), tmp_path / "run")

    assert "toy_spots: only the 30 of 60 images with label 0 (none) are used" in caplog.messages
    assert "toy_spots: only the 10 of 20 images with label 0 (none) are used" in caplog.messages


def seen(path):
    """Rows and random numbers of each call of the loss."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_stage_sees_each_image_once_an_epoch_in_the_steps_and_batches_that_the_recipe_gives_it(recipe, tmp_path):
    trained(recipe(log=tmp_path / "seen"), tmp_path / "run")

    calls = [(rows, number) for rows, number in seen(tmp_path / "seen") if max(rows) < 30]  # others are validation
    first, second = calls[:12], calls[12:]
    assert [len(rows) for rows, _ in first] == [10] * 12
    assert [len(rows) for rows, _ in second] == [5] * 6
    assert sorted(row for rows, _ in first[:3] for row in rows) == list(range(30))
    assert len({number for _, number in calls}) == 18  # every step has random numbers of its own


def test_validation_images_have_rows_beyond_those_of_the_training_set(recipe, tmp_path):
    trained(recipe(log=tmp_path / "seen"), tmp_path / "run")

    beyond = [rows for rows, _ in seen(tmp_path / "seen") if max(rows) >= 30]
    assert beyond == [list(range(30, 40))] * 2


def test_a_finished_stage_is_not_run_again(recipe, tmp_path, caplog):
    weights = trained(recipe(), tmp_path / "run").network.state_dict()
    (tmp_path / "run" / "shrinkage" / "done").unlink()

    with caplog.at_level(logging.INFO, logger="zoo"):
        again = trained(recipe(), tmp_path / "run").network.state_dict()

    assert "stage reconstruction is finished, its weights are loaded" in caplog.messages
    same(weights, again)


def test_a_stage_begins_anew_if_it_or_one_before_it_changed(recipe, tmp_path, caplog):
    trained(recipe(), tmp_path / "run")

    with caplog.at_level(logging.INFO, logger="zoo"):
        trained(recipe(steps=8), tmp_path / "run")
    assert caplog.messages.count("stage reconstruction is finished, its weights are loaded") == 1
    assert "stage shrinkage begins anew" in caplog.messages

    caplog.clear()
    with caplog.at_level(logging.INFO, logger="zoo"):
        trained(recipe(steps=8, log=tmp_path / "seen"), tmp_path / "run")
    assert "stage reconstruction begins anew" in caplog.messages
    assert "stage shrinkage begins anew" in caplog.messages


def test_a_stage_begins_anew_on_pixels_of_another_scale(recipe, tmp_path, caplog):
    path, headers = recipe(), tmp_path / "files" / "pixel_scale"
    path.write_text(path.read_text().replace("toy_spots", "toy_files"))
    headers.parent.mkdir()
    headers.write_text("0.1")
    trained(path, tmp_path / "run", data=headers.parent)

    headers.write_text("0.2")
    caplog.clear()  # the level is that of whichever command ran before in this process
    with caplog.at_level(logging.INFO, logger="zoo"):
        model = trained(path, tmp_path / "run", data=headers.parent)

    assert [line for line in caplog.messages if line.startswith("stage")] == [
        "stage reconstruction begins anew",
        "stage reconstruction: 12 steps",
        "stage shrinkage begins anew",
        "stage shrinkage: 6 steps",
    ]
    assert model.preprocess.trained_at == 0.2


def test_a_stage_does_not_depend_on_whether_the_one_before_it_was_resumed(recipe, tmp_path):
    whole = trained(recipe(), tmp_path / "whole").network.state_dict()
    other = recipe(steps=8)
    trained(other, tmp_path / "parts")

    same(whole, trained(recipe(), tmp_path / "parts").network.state_dict())


def test_steps_given_hold_in_every_stage(recipe, tmp_path):
    trained(recipe(log=tmp_path / "seen"), tmp_path / "run", steps=6)

    assert len([rows for rows, _ in seen(tmp_path / "seen") if max(rows) < 30]) == 12


def test_training_leaves_the_global_random_state_alone(recipe, tmp_path):
    before = torch.get_rng_state()

    trained(recipe(), tmp_path / "run")

    assert torch.equal(before, torch.get_rng_state())


def test_a_run_killed_in_its_second_stage_resumes_there_and_ends_with_the_same_weights(recipe, toy, tmp_path):
    torch.set_num_threads(1)
    path = recipe(steps=18)
    whole = trained(path, tmp_path / "whole").network.state_dict()

    running = subprocess.Popen(
        [sys.executable, "-m", "zoo_core", "train", str(path), "--out", str(tmp_path / "killed"), "--device", "cpu"],
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(toy), "OMP_NUM_THREADS": "1", "TOY_WAITS_AT": "9"},
    )
    checkpoint = tmp_path / "killed" / "shrinkage" / "checkpoints" / "last.ckpt"
    while not checkpoint.exists() and running.poll() is None:
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert running.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "shrinkage" / "done").exists()

    same(whole, trained(path, tmp_path / "killed").network.state_dict())


def test_a_stage_that_runs_out_of_time_says_how_to_go_on(recipe, tmp_path):
    with pytest.raises(TrainingError, match="time is up in stage reconstruction"):
        trained(recipe(), tmp_path / "run", max_time="00:00:00:00")


def test_a_stage_that_the_plugin_does_not_have_is_a_warning(recipe, tmp_path, caplog):
    path = recipe()
    path.write_text(path.read_text().replace("stages: {", "stages: {reconstuction: {steps: 3}, "))

    trained(path, tmp_path / "run")

    assert "the recipe describes stages that there are not: reconstuction" in caplog.messages


def test_an_anomaly_network_without_a_training_of_its_own_learns_to_reconstruct(recipe, tmp_path):
    path = recipe()
    path.write_text(path.read_text().replace("toyfinder", "toyplain").replace("settings: {log: }\n", ""))

    model = trained(path, tmp_path / "run", steps=60)

    prediction = model(zoo.open_dataset("toy_spots", plugin="zoo-toy", n=20, seed=3).images(slice(20)))
    assert prediction.score[1::2].mean() > 2 * prediction.score[::2].mean()


def test_clustering_needs_a_training_of_its_own(recipe, tmp_path):
    path = recipe()
    path.write_text(path.read_text().replace("toyfinder", "toyclusters").replace("settings: {log: }\n", ""))

    with pytest.raises(RecipeError, match="without labels"):
        trained(path, tmp_path / "run")


def test_a_cpu_that_is_slow_in_bf16_trains_in_float32(recipe, tmp_path, monkeypatch):
    weights = []
    for precision in ("float32", "bf16"):
        path = recipe(steps=2)
        path.write_text(path.read_text() + f"precision: {precision}\n")
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
        weights.append(trained(path, tmp_path / precision).network.state_dict())
    same(*weights)
