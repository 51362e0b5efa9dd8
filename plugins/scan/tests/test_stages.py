"""Three stages find the classes of a data set without its labels, and go on where they were stopped."""

import logging
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from zoo_scan.settings import Settings

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.train.fit import train
from zoo_core.typed import read_typed

SIDE = 150
STAGES = ("simclr", "scan", "selflabel")
RECIPE = """
id: scan.test
architecture: scan
plugin: zoo-scan
seed: 3
train: {{dataset: slc2020, arguments: {{split: train, path: {lenses}}}}}
validation: {{dataset: slc2020, arguments: {{split: validation, path: {lenses}}}}}
bands: [grey]
classes: [{classes}]
preprocess: [{{op: bin, factor: 2}}, {{op: frame, size: 32}}]
arguments: {{looks: [plain], heads: 2, options: {{width: 4}}}}
settings: {{views: {{symmetry: d4, shift: 2, noise: 0.05}}, neighbours: 5, temperature: 0.5}}
batch_size: 24
validate_every: {every}
optimiser: {{lr: 3.0e-3}}
augmentation: {{dihedral: false}}
stages:
  simclr: {{steps: {steps}}}
  scan: {{steps: {steps}}}
  selflabel: {{steps: {steps}}}
publish: {{storage: float32}}
"""


@pytest.fixture
def run(tmp_path, lenses):
    def trained(steps=2, classes='"0", "1"', folder="run"):
        path = tmp_path / "recipe.yaml"
        path.write_text(RECIPE.format(lenses=lenses, steps=steps, every=max(1, steps // 3), classes=classes))
        return train(path, tmp_path / folder, device="cpu", progress=False)

    return trained


def test_rings_and_blobs_become_two_clusters(run, lenses):
    model = zoo.load(run(steps=40))

    test = zoo.open_dataset("slc2020", path=lenses, split="test")
    clusters = model(test.images(slice(None))).probabilities.argmax(1).numpy()
    right = (clusters == test.truth()["label"]).mean()
    assert max(right, 1 - right) > 0.9


def test_there_may_be_more_clusters_than_classes(run):
    model = zoo.load(run(classes=", ".join(f'"{k}"' for k in range(10))))

    noise = np.random.default_rng(0).normal(size=(1, 1, SIDE, SIDE)).astype(np.float32)
    table = model(noise).to_table()

    assert list(table) == ["cluster", *(f"p_{k}" for k in range(10))]


def test_each_stage_reports_and_is_resumed_by_itself(run, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="zoo"):
        whole = load_file(run() / "model.safetensors")
    assert "of 5 training neighbours have the same label" in caplog.text
    assert "selflabel: clusters hold" in caplog.text
    for lost in STAGES[1:]:
        shutil.rmtree(tmp_path / "run" / lost)

    with caplog.at_level(logging.INFO, logger="zoo"):
        again = load_file(run() / "model.safetensors")

    assert "stage simclr is finished" in caplog.text
    assert "stage scan: 2 steps" in caplog.text
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, msg=name)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temprature": 0.1}, "temprature"),
        ({"views": {"zoom": 0.2}}, "zoom"),
        ({"temperature": 0}, "above 0"),
        ({"threshold": 1.5}, "probability"),
    ],
)
def test_settings_that_are_not_there_or_out_of_range_are_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        read_typed(Settings, settings, "settings", RecipeError)
