"""Figures of the validation set: their definitions, by scikit-learn where it has them."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, mean_absolute_error, roc_auc_score

import zoo_core as zoo
from zoo_core.errors import RecipeError
from zoo_core.tasks import task_named
from zoo_core.train.figures import check_monitor, figures

CLASSIFICATION, REGRESSION = task_named("classification"), task_named("regression")
TWO, THREE = zoo.Heads(classes=("no", "yes")), zoo.Heads(classes=("no", "sphere", "vort"))
MASS = zoo.Heads(parameters=("log10_mass", "q"), units=("dex", ""))


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_of_three_classes_the_area_is_the_mean_of_each_against_the_rest():
    logits, labels = drawn(200, 3), torch.arange(200) % 3
    logits[range(200), labels] += 1

    found = figures(logits, labels.float(), CLASSIFICATION, THREE)

    expected = roc_auc_score(labels, logits.softmax(1), multi_class="ovr", average="macro")
    assert found["val_auroc"] == pytest.approx(expected, abs=1e-9)
    assert found["val_accuracy"] == accuracy_score(labels, logits.argmax(1))


def test_probabilities_that_round_to_one_still_rank():
    labels = torch.tensor([0, 0, 0, 1, 2])
    logits = torch.tensor([[90.0, 0, 0], [80, 0, 0], [70, 0, 0], [60, 0, 0], [50, 0, 0]])

    found = figures(logits, labels.float(), CLASSIFICATION, THREE)

    assert found["val_auroc"] == pytest.approx(np.mean([1.0, 0.75, 1.0]))  # class 0: all 1 in float32


def test_of_two_classes_it_is_that_of_the_positive_one():
    logits, labels = drawn(100, 1), torch.arange(100) % 2

    found = figures(logits, labels.float(), CLASSIFICATION, TWO)

    assert found["val_auroc"] == roc_auc_score(labels, logits[:, 0])
    assert found["val_accuracy"] == accuracy_score(labels, logits[:, 0] > 0)


def test_a_class_without_images_leaves_the_area_out():
    assert "val_auroc" not in figures(drawn(20, 3), torch.arange(20) % 2, CLASSIFICATION, THREE)
    assert "val_auroc" not in figures(drawn(20, 1), torch.ones(20), CLASSIFICATION, TWO)


def test_the_error_of_parameters_is_that_of_their_means():
    outputs, targets = drawn(50, 4), drawn(50, 2, seed=1)

    found = figures(outputs, targets, REGRESSION, MASS)

    assert found["val_mae"] == pytest.approx(mean_absolute_error(targets, outputs[:, :2]), rel=1e-5)
    assert found["val_mae_q"] == pytest.approx(mean_absolute_error(targets[:, 1], outputs[:, 1]), rel=1e-5)


@pytest.mark.parametrize(
    ("monitor", "task", "heads", "targets", "said"),
    [
        ("mae", CLASSIFICATION, TWO, [0.0, 1.0], "mae is a figure of regression"),
        ("auroc", REGRESSION, MASS, [0.0], "auroc is a figure of classification"),
        ("auroc", CLASSIFICATION, THREE, [0.0, 2.0], "none of sphere"),
        ("auroc", CLASSIFICATION, TWO, [0.0, 0.0], "none of yes"),
    ],
)
def test_a_monitor_that_is_not_defined_is_an_error_before_training(monitor, task, heads, targets, said):
    with pytest.raises(RecipeError, match=said):
        check_monitor(monitor, task, np.array(targets), heads)


def test_what_is_defined_passes():
    check_monitor("loss", REGRESSION, np.zeros((3, 2)), MASS)
    check_monitor("mae", REGRESSION, np.zeros((3, 2)), MASS)
    check_monitor("auroc", CLASSIFICATION, np.array([0.0, 1.0, 2.0]), THREE)
