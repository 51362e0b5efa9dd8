"""Metrics of the validation images: their definitions, by scikit-learn where it has them, and what a monitor may be."""

import csv
import logging

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.plugins import metrics as plugin_metrics
from zoo_core.tasks import task_named
from zoo_core.train.descent import Session
from zoo_core.train.fit import run
from zoo_core.train.metrics import Monitor, measured, monitor_of
from zoo_core.train.module import BestWeights, TrainingModule
from zoo_core.train.recipe import recipe_of

CLASSIFICATION, REGRESSION = task_named("classification"), task_named("regression")
TWO, THREE = zoo.Heads(classes=("no", "yes")), zoo.Heads(classes=("no", "sphere", "vort"))
MASS = zoo.Heads(parameters=("log10_mass", "q"), units=("dex", ""))


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_of_three_classes_the_area_is_the_mean_of_each_against_the_rest():
    logits, labels = drawn(200, 3), torch.arange(200) % 3
    logits[range(200), labels] += 1

    found = measured(logits, labels.float(), CLASSIFICATION, THREE)

    expected = roc_auc_score(labels, logits.softmax(1), multi_class="ovr", average="macro")
    assert found["val_auroc"] == pytest.approx(expected, abs=1e-9)
    assert found["val_accuracy"] == accuracy_score(labels, logits.argmax(1))


def test_probabilities_that_round_to_one_still_rank():
    labels = torch.tensor([0, 0, 0, 1, 2])
    logits = torch.tensor([[90.0, 0, 0], [80, 0, 0], [70, 0, 0], [60, 0, 0], [50, 0, 0]])

    found = measured(logits, labels.float(), CLASSIFICATION, THREE)

    assert found["val_auroc"] == pytest.approx(np.mean([1.0, 0.75, 1.0]))  # class 0: all 1 in float32


def test_of_two_classes_it_is_that_of_the_positive_one():
    logits, labels = drawn(100, 1), torch.arange(100) % 2

    found = measured(logits, labels.float(), CLASSIFICATION, TWO)

    assert found["val_auroc"] == roc_auc_score(labels, logits[:, 0])
    assert found["val_accuracy"] == accuracy_score(labels, logits[:, 0] > 0)


def test_a_class_without_images_leaves_the_area_out():
    assert "val_auroc" not in measured(drawn(20, 3), torch.arange(20) % 2, CLASSIFICATION, THREE)
    assert "val_auroc" not in measured(drawn(20, 1), torch.ones(20), CLASSIFICATION, TWO)


def test_the_error_of_parameters_is_that_of_their_means():
    outputs, targets = drawn(50, 4), drawn(50, 2, seed=1)

    found = measured(outputs, targets, REGRESSION, MASS)

    assert found["val_mae"] == pytest.approx(mean_absolute_error(targets, outputs[:, :2]), rel=1e-5)
    assert found["val_mae_q"] == pytest.approx(mean_absolute_error(targets[:, 1], outputs[:, 1]), rel=1e-5)


def toy_recipe(monitor, classes=2, architecture="toy", n=20):
    data = {"dataset": "toy_spots", "plugin": "zoo-toy", "arguments": {"n": n, "classes": classes}}
    content = {"architecture": architecture, "plugin": "zoo-toy", "id": f"{architecture}.test", "train": data}
    return recipe_of({**content, "validation": data, "monitor": monitor}, "test")


def monitor_with(monitor, heads=TWO, classes=2, n=20):
    task = CLASSIFICATION if classes else REGRESSION
    validation = zoo.open_dataset("toy_spots", plugin="zoo-toy", n=n, classes=classes)
    return monitor_of(toy_recipe(monitor), task, heads, validation)


@pytest.mark.parametrize(
    ("monitor", "data", "message"),
    [
        ("mae", {}, "no classification metric is called 'mae'"),
        ("mea", {"heads": MASS, "classes": 0}, "no regression metric is called 'mea'; did you mean mae"),
        ("auroc", {"heads": MASS, "classes": 0}, "no regression metric is called 'auroc'"),
        ("of_clusters", {}, "no classification metric is called 'of_clusters'"),
        ("auroc", {"heads": THREE, "classes": 3, "n": 2}, "none of vort"),
        ("auroc", {"n": 1}, "none of yes"),
        ("bias[height]", {"heads": MASS, "classes": 0}, "best at 0, where poor models are too"),
    ],
)
def test_a_monitor_that_is_not_defined_is_an_error_before_training(toy, monitor, data, message):
    with pytest.raises(RecipeError, match=message):
        monitor_with(monitor, **data)


@pytest.mark.parametrize(
    ("monitor", "data", "higher_is_better"),
    [
        ("loss", {}, False),
        ("auroc", {}, True),
        ("auroc", {"heads": THREE, "classes": 3}, True),
        ("brier", {}, False),
        ("clear_of_tall", {}, True),
        ("mae", {"heads": MASS, "classes": 0}, False),
        ("mae[height]", {"heads": MASS, "classes": 0}, False),
    ],
)
def test_a_monitor_knows_which_way_is_better(toy, monitor, data, higher_is_better):
    assert monitor_with(monitor, **data).higher_is_better is higher_is_better


@pytest.mark.parametrize(("monitor", "best"), [("clear_of_tall", max), ("brier", min)])
def test_a_metric_of_a_plugin_or_of_the_core_decides_which_weights_are_kept(toy, tmp_path, monitor, best):
    recipe = toy_recipe(monitor).model_copy(update={"steps": 6, "validate_every": 2})

    run(recipe, tmp_path, Session.starting("cpu", resume=False, progress=False, max_time=None))

    (log,) = tmp_path.glob("log/*/metrics.csv")
    logged = [float(row[f"val_{monitor}"]) for row in csv.DictReader(log.open()) if row[f"val_{monitor}"]]
    model = zoo.build("toy", device="cpu")
    model.network.load_state_dict(load_file(tmp_path / "best.safetensors"))
    data = zoo.open_dataset("toy_spots", plugin="zoo-toy", n=20)
    columns = {name: np.array(column) for name, column in model(data.images(slice(20))).to_table().items()}
    metrics = {one.name: one for one in [*CLASSIFICATION.metrics(model.heads), *plugin_metrics(["zoo-toy"])]}
    kept = metrics[monitor].value(CLASSIFICATION.scores(columns, model.heads), data.truth())
    assert len(logged) == 3 and len(set(logged)) == 3
    assert kept == pytest.approx(best(logged), rel=1e-5)


class Weight(TrainingModule):
    """One weight, of which each validation finds the next value."""

    def __init__(self, found):
        super().__init__(nn.Linear(1, 1), toy_recipe("auroc"), {})
        self.found = iter(found)

    def validation_step(self, batch, step):
        self.network.weight.data += 1

    def metrics(self):
        return {"val_auroc": next(self.found)}


def test_weights_from_before_a_metric_was_not_finite_are_kept_and_it_is_said(tmp_path, caplog):
    module, best = Weight([0.75, float("nan")]), BestWeights(tmp_path / "best", Monitor("auroc", higher_is_better=True))
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False, callbacks=[best])
    trainer.validate(module, DataLoader([0]), verbose=False)
    before = module.network.weight.clone()

    with caplog.at_level(logging.WARNING, "zoo"):
        trainer.validate(module, DataLoader([0]), verbose=False)

    torch.testing.assert_close(load_file(tmp_path / "best")["weight"], before)
    assert "auroc is not finite; training ends here, and the weights that were best before are kept" in caplog.text
