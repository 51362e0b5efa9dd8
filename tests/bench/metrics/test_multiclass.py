"""Metrics of three classes, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from zoo_core.bench.metrics.named import select
from zoo_core.scores import ClassScores
from zoo_core.tasks import Heads, task_named

CLASSES = ("no", "sphere", "vort")
METRICS = {metric.name: metric for metric in task_named("classification").metrics(Heads(classes=CLASSES))}


def classified(images=300, seed=0):
    """Scores that lean towards the truth, and the truth."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, images)
    p = rng.dirichlet(np.ones(3), images) + 0.4 * (label[:, None] == np.arange(3))
    p /= p.sum(1, keepdims=True)
    return ClassScores(p), {"id": np.arange(images).astype(str), "label": label}


def test_the_metrics_are_those_of_scikit_learn():
    scores, truth = classified()
    p, label = scores.probabilities, truth["label"]

    expected = {
        "macro_auroc": sk.roc_auc_score(label, p, multi_class="ovr", average="macro"),
        "auroc[sphere]": sk.roc_auc_score(label == 1, p[:, 1]),
        "accuracy": sk.accuracy_score(label, p.argmax(1)),
        "macro_f1": sk.f1_score(label, p.argmax(1), average="macro"),
    }
    assert {name: METRICS[name].value(scores, truth) for name in expected} == pytest.approx(expected)


def test_a_class_that_is_never_called_has_no_f1():
    label = np.array([0, 1, 2, 2])
    called = np.array([0, 1, 0, 1])
    scores = ClassScores(np.eye(3)[called])

    expected = sk.f1_score(label, called, average="macro", zero_division=0.0)
    assert METRICS["macro_f1"].value(scores, {"id": label, "label": label}) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["macro_auroc", "auroc[vort]", "macro_f1"])
def test_a_resample_is_the_metric_of_the_rows_that_were_drawn(name):
    scores, truth = classified(60)
    rows = np.random.default_rng(1).integers(0, 60, 60)
    drawn = {key: values[rows] for key, values in truth.items()}

    value = METRICS[name].interval.resampled(scores, truth, np.bincount(rows, minlength=60)[None])[0]
    assert value == pytest.approx(METRICS[name].value(scores.at(rows), drawn))


def test_auroc_alone_is_that_of_every_class():
    assert [metric.name for metric in select(["auroc"], "classification", METRICS.values())] == [
        "auroc[no]",
        "auroc[sphere]",
        "auroc[vort]",
    ]
