"""Each law of a metric is obeyed by a sound one and broken by one that breaks it."""

import itertools

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.metric import Interval, NoInterval, WeightedBootstrap
from zoo_core.testing.metric_laws import METRIC_LAWS, UntriedError, heads_for

COUNTER = itertools.count()


def accuracy(scores, truth):
    return float((scores.called == truth["label"]).mean())


def weighted(scores, truth, weights):
    return weights @ (scores.called == truth["label"]) / weights.sum(1)


def right(scores, truth):
    return int((scores.called == truth["label"]).sum()), len(truth["id"])


class Homemade(Interval):
    def value(self, scores, truth):
        return accuracy(scores, truth)


SOUND = {
    "bootstrap": zoo.Metric("m", "classification", zoo.Bootstrap(accuracy)),
    "weighted": zoo.Metric("m", "classification", WeightedBootstrap(weighted)),
    "binomial": zoo.Metric("m", "classification", zoo.Binomial(right)),
    "none": zoo.Metric("m", "classification", NoInterval(accuracy)),
    "error rate": zoo.Metric("m", "classification", NoInterval(lambda s, t: 1 - accuracy(s, t)), False),
    "anomaly": zoo.Metric("m", "anomaly", zoo.Bootstrap(lambda s, t: float(np.corrcoef(s.score, t["label"])[0, 1]))),
    "clusters": zoo.Metric(
        "m",
        "clustering",
        zoo.Bootstrap(lambda s, t: max(np.mean(s.cluster == t["label"]), np.mean(s.cluster != t["label"]))),
    ),
    "regression": zoo.Metric(
        "m", "regression", zoo.Bootstrap(lambda s, t: float(np.abs(s.means["theta_E"] - t["theta_E"]).mean())), False
    ),
}


def clobber(scores, truth):
    value = accuracy(scores, truth)
    scores.probabilities[:] = 0.5
    return value


def of_first(scores, truth):
    return float(scores.called[0] == truth["label"][0]) + accuracy(scores, truth)


def with_ties_as_they_come(scores, truth):
    ranked = truth["label"][np.argsort(np.round(scores.positive, 1), kind="stable")]
    return float(np.flatnonzero(ranked).mean())


BROKEN = [
    ("defined", NoInterval(lambda s, t: float("nan")), "it is nan of perfect predictions"),
    ("defined", NoInterval(lambda s, t: accuracy(s, t) + next(COUNTER)), "another number the second time"),
    ("defined", NoInterval(clobber), "it changes the perfect predictions"),
    ("direction", NoInterval(lambda s, t: 1 - accuracy(s, t)), "higher is declared better"),
    ("direction", NoInterval(lambda s, t: 1.0), "it is 1 of perfect and 1 of the opposite"),
    ("order", NoInterval(of_first), "of the same in another order"),
    ("order", NoInterval(with_ties_as_they_come), "of the same in another order"),
    ("interval", Homemade(), "interval is Homemade, not one of Bootstrap"),
    ("interval", zoo.Binomial(lambda s, t: (99, 60)), "99 successes of 60 trials"),
    (
        "interval",
        WeightedBootstrap(lambda s, t, w: np.full(len(w), accuracy(s, t))),
        "not what the same",
    ),
    ("interval", WeightedBootstrap(lambda s, t, w: weighted(s, t, w)[:1]), "resamples give shape"),
]


@pytest.mark.parametrize("law", METRIC_LAWS)
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_metric_obeys_every_law(law, name):
    metric = SOUND[name]
    assert list(METRIC_LAWS[law](metric, heads_for(metric, {}))) == []


@pytest.mark.parametrize(("law", "interval", "message"), BROKEN)
def test_each_law_is_broken_by_a_metric_that_breaks_it(law, interval, message):
    metric = zoo.Metric("m", "classification", interval)
    assert message in "; ".join(METRIC_LAWS[law](metric, heads_for(metric, {})))


def test_the_classes_are_those_of_the_plugin():
    three = zoo.Heads(classes=("a", "b", "c"))
    assert heads_for(SOUND["none"], {"classification": three}) is three
    assert list(METRIC_LAWS["direction"](SOUND["none"], three)) == []


def test_a_metric_of_a_column_that_is_not_there_is_not_tried():
    metric = zoo.Metric("m", "classification", NoInterval(lambda scores, truth: truth["arc_snr"].mean()))
    with pytest.raises(UntriedError, match="it asks for 'arc_snr'"):
        list(METRIC_LAWS["defined"](metric, heads_for(metric, {})))
    with pytest.raises(UntriedError, match="metrics of restoration are not tried"):
        heads_for(zoo.Metric("m", "restoration", NoInterval(lambda scores, truth: 1.0)), {})
