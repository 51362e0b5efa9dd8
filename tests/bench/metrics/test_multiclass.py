"""Figures of merit of three classes, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as sk

from zoo_core.bench.metrics.named import core_metrics, select
from zoo_core.tasks import Heads

CLASSES = ("no", "sphere", "vort")
METRICS = {metric.name: metric for metric in core_metrics("classification", Heads(classes=CLASSES))}


def classified(images=300, seed=0):
    """Predictions that lean towards the truth, and the truth."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, images)
    p = rng.dirichlet(np.ones(3), images) + 0.4 * (label[:, None] == np.arange(3))
    p /= p.sum(1, keepdims=True)
    ids = np.arange(images).astype(str)
    return {"id": ids, **{f"p_{name}": p[:, k] for k, name in enumerate(CLASSES)}}, {"id": ids, "label": label}


def test_the_figures_are_those_of_scikit_learn():
    predictions, truth = classified()
    p, label = np.stack([predictions[f"p_{name}"] for name in CLASSES], 1), truth["label"]

    expected = {
        "macro_auroc": sk.roc_auc_score(label, p, multi_class="ovr", average="macro"),
        "auroc[sphere]": sk.roc_auc_score(label == 1, p[:, 1]),
        "accuracy": sk.accuracy_score(label, p.argmax(1)),
        "macro_f1": sk.f1_score(label, p.argmax(1), average="macro"),
    }
    assert {name: METRICS[name].compute(predictions, truth) for name in expected} == pytest.approx(expected)


def test_a_class_that_is_never_called_has_no_f1():
    label = np.array([0, 1, 2, 2])
    called = np.array([0, 1, 0, 1])
    predictions = {f"p_{name}": (called == k).astype(float) for k, name in enumerate(CLASSES)}

    expected = sk.f1_score(label, called, average="macro", zero_division=0.0)
    assert METRICS["macro_f1"].compute(predictions, {"id": label, "label": label}) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["macro_auroc", "auroc[vort]", "macro_f1"])
def test_a_resample_is_the_metric_of_the_rows_that_were_drawn(name):
    predictions, truth = classified(60)
    rows = np.random.default_rng(1).integers(0, 60, 60)
    drawn = [{key: values[rows] for key, values in columns.items()} for columns in (predictions, truth)]

    resample = METRICS[name].resample
    assert resample is not None
    value = resample(predictions, truth, np.bincount(rows, minlength=60)[None])[0]
    assert value == pytest.approx(METRICS[name].compute(*drawn))


def test_auroc_alone_is_that_of_every_class():
    assert [metric.name for metric in select(["auroc"], "classification", METRICS.values())] == [
        "auroc[no]",
        "auroc[sphere]",
        "auroc[vort]",
    ]
