"""Metrics by name, and what the docs say of them."""

import re
from pathlib import Path

import pytest

from zoo_core.bench.metrics.named import select
from zoo_core.errors import UnknownNameError
from zoo_core.tasks import Heads, task_named, tasks

from ...tiny_models import HEADS

DOCS = Path(__file__).parents[3] / "docs" / "benchmarks.md"
THREE = Heads(classes=("no", "sphere", "vort"))
FINDER = task_named("classification").metrics(Heads(classes=("nonlens", "lens")))
REGRESSION = task_named("regression").metrics(Heads(parameters=("theta_E",), units=("arcsec",)))


def test_metrics_come_in_the_order_asked_for():
    assert [metric.name for metric in select(["tpr10", "auroc"], "classification", FINDER)] == ["tpr10", "auroc"]


def test_an_unknown_metric_is_an_error_that_names_the_nearest():
    with pytest.raises(UnknownNameError, match="no classification metric is called 'aucroc'; did you mean auroc"):
        select(["aucroc"], "classification", FINDER)


def test_a_metric_of_another_task_is_not_found():
    with pytest.raises(UnknownNameError, match="no regression metric is called 'auroc'"):
        select(["auroc"], "regression", [*FINDER, *REGRESSION])


def test_the_docs_explain_every_metric_and_no_other():
    explained = set(
        re.findall(r"`([a-z0-9_-]+)`", "".join(re.findall(r"^\| (`.*?) \|", DOCS.read_text(), re.MULTILINE)))
    )

    metrics = [metric for task in tasks() for metric in task_named(task).metrics(HEADS[task])]
    metrics += task_named("classification").metrics(THREE)
    assert explained == {metric.name.partition("[")[0] for metric in metrics}
