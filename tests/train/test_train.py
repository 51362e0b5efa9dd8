"""A recipe leaves a folder that `zoo.load` reads, and a killed run goes on as if nothing had happened."""

import csv
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import ArgumentError, RecipeError, TrainingError
from zoo_core.train.fit import check_unclaimed, train
from zoo_core.train.recipe import read_recipe

RECIPE = """
id: {id}
architecture: {architecture}
plugin: {plugin}
seed: 5
train: {train}
validation: {validation}
monitor: auroc
batch_size: 2
steps: {steps}
validate_every: {every}
optimiser: {{lr: 1e-3, weight_decay: 0.01, warmup_steps: 2}}
ema: 0.9
publish: {{storage: float32}}
"""
TOY = {
    "id": "toy.test",
    "architecture": "toy",
    "plugin": "zoo-toy",
    "train": "{dataset: toy_spots, plugin: zoo-toy, arguments: {n: 24, seed: 31}}",
    "validation": "{dataset: toy_spots, plugin: zoo-toy, arguments: {n: 24, seed: 32}}",
}
FINDER = {
    "id": "lastro.test",
    "architecture": "lastro",
    "plugin": "zoo-lastro",
    "train": "{dataset: finding_space, arguments: {n: 24, seed: 31, lens_fraction: 0.5, cache: cache}}",
    "validation": "{dataset: finding_space_shifted, arguments: {n: 24, seed: 32, lens_fraction: 0.5, cache: cache}}",
}


@pytest.fixture
def finder(tmp_path, monkeypatch):
    """Writes the recipe of a published network, which drops out, on simulated images that are kept in `cache`."""
    monkeypatch.chdir(tmp_path)

    def write(steps, every=20):
        path = tmp_path / "recipe.yaml"
        path.write_text(RECIPE.format(steps=steps, every=every, **FINDER) + "dropout_schedule: {final: 0, every: 1}\n")
        return path

    return write


@pytest.fixture
def recipe(tmp_path, toy):
    """Writes a recipe whose images and steps take no time."""

    def write(steps, every=20):
        path = tmp_path / "recipe.yaml"
        path.write_text(RECIPE.format(steps=steps, every=every, **TOY))
        return path

    return write


def test_the_result_loads_calibrated_and_predicts_and_the_global_random_state_is_left_alone(finder, tmp_path):
    before = torch.get_rng_state()

    folder = train(finder(steps=4, every=2), tmp_path / "run", device="cpu", progress=False)

    assert torch.equal(before, torch.get_rng_state())
    model = zoo.load(folder)
    images = zoo.open_dataset("finding_space", n=24, seed=31, lens_fraction=0.5, cache="cache")
    prediction = model(images.images(slice(3)), pixel_scale=0.1)
    assert model.trained
    assert prediction.probabilities.shape == (3, 2)
    assert model.calibration.temperature != 1
    (trained_on,) = model.spec.trained_on
    assert (trained_on.dataset, trained_on.sha256) == ("finding_space", images.fingerprint())


def test_the_prior_is_that_of_the_recipe(recipe, tmp_path):
    path = recipe(steps=2, every=1)
    path.write_text(path.read_text().replace("storage: float32", "storage: float32, prior: [0.2]"))

    model = zoo.load(train(path, tmp_path / "run", device="cpu", progress=False))

    assert model.calibration.prior == (0.2,)


def test_a_prior_that_is_none_is_refused_before_anything_is_trained(recipe, tmp_path):
    path = recipe(steps=2, every=1)
    path.write_text(path.read_text().replace("storage: float32", "storage: float32, prior: [0.2, 0.3]"))

    with pytest.raises(RecipeError, match=r"prior \[0.2, 0.3\] must hold one fraction a class"):
        train(path, tmp_path / "run", device="cpu", progress=False)

    assert not any((tmp_path / "run").glob("*"))


def test_a_monitor_that_there_is_not_is_refused_before_an_image_is_made(recipe, tmp_path):
    path = recipe(steps=2, every=1)
    path.write_text(path.read_text().replace("monitor: auroc", "monitor: aurok"))

    with pytest.raises(RecipeError, match="no classification metric is called 'aurok'; did you mean auroc"):
        train(path, tmp_path / "run", device="cpu", progress=False)

    assert not any((tmp_path / "run").glob("*"))


def test_a_run_goes_on_whatever_is_stated_of_its_weights(recipe, tmp_path):
    path = recipe(steps=2, every=1)
    path.write_text(path.read_text().replace("publish: {storage: float32}", ""))
    run = tmp_path / "run"
    run.mkdir()
    (run / "recipe.yaml").write_text(path.read_text())
    path.write_text(path.read_text() + "publish: {licence: MIT}")

    check_unclaimed(run, read_recipe(path), resume=True)

    path.write_text(path.read_text().replace("licence: MIT", "storage: float32"))
    with pytest.raises(RecipeError, match="holds another run: publish differ"):
        check_unclaimed(run, read_recipe(path), resume=True)


@pytest.fixture
def one_thread(toy):
    """Sums in one order, whatever ran before: training amplifies rounding. The environment of a run that waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(toy), "TOY_WAITS_AT": "20"}
    torch.set_num_threads(before)


def test_a_killed_run_resumes_and_ends_with_the_same_weights(recipe, tmp_path, one_thread):
    path = recipe(steps=24, every=8)
    whole = zoo.load(train(path, tmp_path / "whole", device="cpu", progress=False)).network.state_dict()

    running = subprocess.Popen(
        [sys.executable, "-m", "zoo_core", "train", str(path), "--out", str(tmp_path / "killed"), "--device", "cpu"],
        start_new_session=True,
        env=one_thread,
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoint = tmp_path / "killed" / "checkpoints" / "last.ckpt"
    while not checkpoint.exists() and running.poll() is None:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    said = running.communicate()[1].splitlines()
    resumed = zoo.load(train(path, tmp_path / "killed", device="cpu", progress=False)).network.state_dict()

    assert running.returncode == -signal.SIGKILL  # it was killed before it was done
    assert said and all(line.startswith("zoo: ") for line in said), "it says what it does, and its libraries nothing"
    for name, tensor in whole.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-4, atol=1e-5, msg=f"{name}: {{}}".format)


@pytest.mark.parametrize("every, last", [(8, "step 8: "), (8, "step 16: "), (2, "step 10: "), (1, "step 10: ")])
def test_a_run_that_ends_in_the_midst_of_a_validation_loses_nothing_of_it(recipe, tmp_path, caplog, every, last):
    path = recipe(steps=24, every=every)  # AUROC is 1 from step 8 on, and the first of equals is kept
    caplog.set_level("INFO", logger="zoo")
    arguments = {"device": "cpu", "progress": False}
    whole = train(path, tmp_path / "whole", **arguments)

    with ended_after(last), pytest.raises(KeyboardInterrupt):
        train(path, tmp_path / "ended", **arguments)
    caplog.clear()
    resumed = train(path, tmp_path / "ended", **arguments)

    validations = [message for message in caplog.messages if message.startswith("step ")]
    assert validations[0].startswith(last), "no validation comes twice, and none is left out"
    assert (resumed / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


@contextmanager
def ended_after(message):
    """Ends a run at the line of its log that begins like this."""

    def end(record):
        if record.getMessage().startswith(message):
            raise KeyboardInterrupt
        return True

    log = logging.getLogger("zoo")
    log.addFilter(end)
    try:
        yield
    finally:
        log.removeFilter(end)


def test_an_interrupted_run_says_so_and_goes_on(recipe, tmp_path, caplog, ctrl_c):
    path, checkpoint = recipe(steps=2000, every=1), tmp_path / "run" / "checkpoints" / "last.ckpt"
    caplog.set_level("INFO", logger="zoo")

    def interrupt():
        while not checkpoint.exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        train(path, tmp_path / "run", device="cpu", progress=False)

    assert f"goes on from {checkpoint}" in caplog.text
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def last_step(log):
    return max(int(row["step"]) for row in csv.DictReader(log.open()))


def test_a_run_that_is_out_of_time_ends_with_what_it_has_and_goes_on_when_it_is_given_more(recipe, tmp_path):
    path = recipe(steps=6, every=2)
    run = tmp_path / "run"
    arguments = {"out": run, "device": "cpu", "progress": False}

    early = zoo.load(train(path, max_time="00:00:00:00", **arguments))
    late = zoo.load(train(path, max_time="00:00:05:00", **arguments))

    assert early.trained and late.trained
    assert [last_step(log) for log in sorted(run.glob("log/*/metrics.csv"))] == [0, 5]


@pytest.mark.parametrize("time", ["90", "1:30", "0:0:1:x"])
def test_a_time_of_another_form_is_an_error_that_names_the_form(recipe, tmp_path, time):
    with pytest.raises(ArgumentError, match="days, hours, minutes and seconds"):
        train(recipe(steps=1), tmp_path / "run", max_time=time)


def test_a_run_that_is_shorter_than_its_interval_is_validated_at_its_end(recipe, tmp_path):
    folder = train(recipe(steps=2, every=10), tmp_path / "run", device="cpu", progress=False)

    assert [last_step(log) for log in folder.parent.glob("log/*/metrics.csv")] == [1]


def test_a_run_that_diverges_says_so(recipe, tmp_path):
    path = recipe(steps=4, every=4)
    path.write_text(path.read_text().replace("lr: 1e-3", "lr: 1e+30"))

    with pytest.raises(TrainingError, match="lower lr"):
        train(path, tmp_path / "run", device="cpu", progress=False)


def without_tall_spots(recipe, **given):
    """A recipe that is monitored by a metric of spots of which the validation images have none."""
    path, images = recipe(**given), "arguments: {n: 24, seed: 32}"
    content = path.read_text().replace("monitor: auroc", "monitor: clear_of_tall")
    path.write_text(content.replace(images, "arguments: {n: 2, seed: 0}"))
    return path


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_a_metric_that_is_not_finite_is_named_with_its_step_where_the_loss_is(recipe, tmp_path):
    with pytest.raises(
        TrainingError, match=r"step 2: clear_of_tall is not finite, while the loss is 0\.\d+: .*monitor"
    ):
        train(without_tall_spots(recipe, steps=4, every=2), tmp_path / "run", device="cpu", progress=False)


def test_a_run_of_no_steps_says_so(recipe, tmp_path):
    with pytest.raises(TrainingError, match="steps is 0"):
        train(recipe(steps=0), tmp_path / "run", device="cpu", progress=False)


def test_a_folder_with_the_run_of_another_recipe_is_left_alone(recipe, tmp_path):
    folder = train(recipe(steps=2), tmp_path / "run", device="cpu", progress=False)
    before = (folder / "model.safetensors").read_bytes()
    path = recipe(steps=2)
    path.write_text(path.read_text().replace("seed: 5", "seed: 6"))

    with pytest.raises(RecipeError, match=r"holds another run: seed differ, .*--restart"):
        train(path, tmp_path / "run", device="cpu", progress=False)

    assert (folder / "model.safetensors").read_bytes() == before
    train(path, tmp_path / "run", resume=False, device="cpu", progress=False)
    assert (folder / "model.safetensors").read_bytes() != before


def test_nothing_goes_on_from_a_run_that_was_begun_anew(recipe, tmp_path):
    path, folder = recipe(steps=2, every=1), tmp_path / "run"
    train(path, folder, device="cpu", progress=False)
    path.write_text(path.read_text().replace("seed: 5", "seed: 6"))

    anew = zoo.load(train(path, folder, resume=False, device="cpu", progress=False)).network.state_dict()
    resumed = zoo.load(train(path, folder, device="cpu", progress=False)).network.state_dict()

    assert [file.name for file in (folder / "checkpoints").iterdir()] == ["last.ckpt"]
    for name, tensor in anew.items():
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-4, atol=1e-5, msg=name)


def test_a_data_set_of_another_task_is_refused(finder, tmp_path):
    path = finder(steps=1)
    path.write_text(path.read_text() + "bands: [r, i]\n")

    with pytest.raises(RecipeError, match="bands"):
        train(path, tmp_path / "run", progress=False)


def test_fresh_images_need_a_validation_set_of_their_own(finder, tmp_path):
    path = finder(steps=2)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("validation")) + "\nfresh: true\n")

    with pytest.raises(RecipeError, match="name a data set as `validation`"):
        train(path, tmp_path / "run", device="cpu", progress=False)
