"""The schedules of the LASTRO recipe."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from zoo_core.train.recipe import Amortised, DropoutSchedule
from zoo_core.train.schedules import AmortisedNorm, ScheduledDropout


def at(step):
    return SimpleNamespace(global_step=step)


def test_amortised_moments_start_as_those_of_the_batch_and_freeze():
    network = nn.Sequential(nn.BatchNorm1d(2)).train()
    norm = AmortisedNorm(Amortised(decay=0.6, every=1000))
    norm.on_train_start(at(0), network)
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(0)) * 3 + 5

    norm.on_train_batch_start(at(0), network)
    network(x)
    norm.on_train_batch_end(at(0), network)

    torch.testing.assert_close(network[0].running_mean, x.mean(0))
    norm.on_train_batch_start(at(1_000_000), network)
    network(x + 100)
    torch.testing.assert_close(network[0].running_mean, x.mean(0))


def test_moments_do_not_move_between_training_batches():
    network = nn.Sequential(nn.BatchNorm1d(2)).eval()
    norm = AmortisedNorm(Amortised())
    norm.on_train_start(at(0), network)

    network(torch.full((8, 2), 7.0))

    assert network[0].running_mean.tolist() == [0, 0]


@pytest.mark.parametrize(("step", "rate"), [(0, 0.0), (2000, 0.25), (10**6, 0.5)])
def test_dropout_rises_from_none_to_a_half(step, rate):
    network = nn.Sequential(nn.Dropout(0.9))

    ScheduledDropout(DropoutSchedule()).on_train_batch_start(at(step), network)

    assert network[0].p == pytest.approx(rate)
