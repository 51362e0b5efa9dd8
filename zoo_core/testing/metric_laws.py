"""The laws of a metric, tried on predictions that are perfect, random and the opposite of perfect.

A law is a generator of faults, as in `laws`. A metric that asks for a column of the truth that no data set must have is
not tried.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..metric import Binomial, Bootstrap, Interval, Metric, NoInterval, WeightedBootstrap
from ..scores import KNOWN, KnownAnswers, Scores, Truth
from ..tasks import Heads, task_named

__all__ = ["METRIC_LAWS", "MetricLaw", "UntriedError", "heads_for"]

MetricLaw = Callable[[Metric, Heads], Iterator[str]]

ORDERS = 8
TYPED = (Bootstrap, WeightedBootstrap, Binomial, NoInterval)
SAME = 1e-9  # relative: sums in another order


class UntriedError(Exception):
    """The metric cannot be tried, and why."""


def defined(metric: Metric, heads: Heads) -> Iterator[str]:
    """It is one finite number of any predictions, the same each time, and changes neither them nor the truth."""
    trial = _trial(metric, heads)
    for name in ("perfect", "random", "opposite", "tied"):
        scores, truth = copy.deepcopy(getattr(trial, name)), copy.deepcopy(trial.truth)
        value = _value(metric, scores, truth)
        if not np.isfinite(value):
            yield f"it is {value} of {name} predictions, in which each class is there"
        elif _value(metric, scores, truth) != value:
            yield f"it is {value} of {name} predictions, and another number the second time"
        if repr(_columns(scores)) != repr(_columns(getattr(trial, name))) or repr(truth) != repr(trial.truth):
            yield f"it changes the {name} predictions or the truth that it is given"


def directed(metric: Metric, heads: Heads) -> Iterator[str]:
    """Perfect predictions are better than the opposite ones, in the direction that it declares, and random ones not.

    Random ones may be nearer to an ideal value, as those are whose errors are as large as they say.
    """
    trial = _trial(metric, heads)
    best, drawn, worst = (_value(metric, one, trial.truth) for one in (trial.perfect, trial.random, trial.opposite))
    if not metric.merit(best) > metric.merit(worst):
        yield f"it is {best:g} of perfect and {worst:g} of the opposite predictions, and {_declared(metric)} better"
    if metric.ideal is None and metric.merit(drawn) > metric.merit(best) + SAME:
        yield f"it is {drawn:g} of random predictions, better than {best:g} of perfect ones"


def _declared(metric: Metric) -> str:
    if metric.ideal is not None:
        return f"nearer to {metric.ideal:g} is declared"
    return f"{'higher' if metric.higher_is_better else 'lower'} is declared"


def any_order(metric: Metric, heads: Heads) -> Iterator[str]:
    """It does not depend on the order of the images, of which some have the same score."""
    trial = _trial(metric, heads)
    for name in ("random", "tied"):
        scores = getattr(trial, name)
        value = _value(metric, scores, trial.truth)
        for seed in range(ORDERS):
            rows = np.random.default_rng(seed).permutation(KNOWN)
            other = _value(metric, scores.at(rows), {key: column[rows] for key, column in trial.truth.items()})
            if not np.isclose(other, value, rtol=SAME, atol=SAME, equal_nan=True):
                yield f"it is {value:g} of {name} predictions, and {other:g} of the same in another order"
                break


def typed_interval(metric: Metric, heads: Heads) -> Iterator[str]:
    """Its interval is one of the typed ones, and resamples with weights are what the repeated images give."""
    if not isinstance(metric.interval, TYPED):
        yield f"interval is {type(metric.interval).__name__}, not one of {', '.join(kind.__name__ for kind in TYPED)}"
        return
    trial = _trial(metric, heads)
    value = _value(metric, trial.random, trial.truth)
    if isinstance(metric.interval, Binomial):
        successes, trials = metric.interval.counts(trial.random, trial.truth)
        if not (int(successes) == successes and int(trials) == trials and 0 <= successes <= trials):
            yield f"{successes} successes of {trials} trials are no share"
    weights = _resamples(trial.truth)
    found = np.asarray(metric.interval.resampled(trial.random, trial.truth, weights), dtype=float)
    if found.shape != (len(weights),):
        yield f"{len(weights)} resamples give shape {found.shape}"
        return
    if not np.isclose(found[0], value, rtol=SAME, atol=SAME, equal_nan=True):
        yield f"it is {value:g}, and {found[0]:g} of a resample in which each image is there once"
    repeated = Interval.resampled(metric.interval, trial.random, trial.truth, weights)
    if not np.allclose(found, repeated, rtol=1e-6, atol=SAME, equal_nan=True):
        yield "resamples by weights are not what the same images, repeated, give"


METRIC_LAWS: dict[str, MetricLaw] = {
    "defined": defined,
    "direction": directed,
    "order": any_order,
    "interval": typed_interval,
}


def heads_for(metric: Metric, provided: dict[str, Heads]) -> Heads:
    """What its predictions are of: those that its plugin has for the task, else any.

    Raises:
        UntriedError: no metric of its task is tried.
    """
    task = task_named(metric.task)
    heads = provided.get(metric.task, task.example_heads)
    if task.known_answers(heads, np.random.default_rng(0)) is None:
        raise UntriedError(f"metrics of {metric.task} are not tried: no predictions of that task are made up here")
    return heads


def _trial(metric: Metric, heads: Heads) -> KnownAnswers:
    trial = task_named(metric.task).known_answers(heads, np.random.default_rng(0))
    assert trial is not None  # which `heads_for` refuses
    return trial


def _value(metric: Metric, scores: Scores, truth: Truth) -> float:
    try:
        return metric.value(scores, truth)
    except KeyError as error:
        raise UntriedError(f"it asks for {error}, which not every data set has") from error


def _columns(scores: Scores) -> dict[str, Any]:
    return dict(vars(scores))


def _resamples(truth: Truth) -> np.ndarray:
    """Each image once, then resamples within the classes."""
    rng = np.random.default_rng(1)
    groups = truth.get("label", np.zeros(KNOWN, int))
    weights = np.ones((4, KNOWN), dtype=np.int64)
    for row in weights[1:]:
        for group in np.unique(groups):
            members = np.flatnonzero(groups == group)
            row[members] = np.bincount(rng.integers(0, len(members), len(members)), minlength=len(members))
    return weights
