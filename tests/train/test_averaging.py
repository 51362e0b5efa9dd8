"""The moving average of the weights."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch import LightningModule
from torch import nn

from zoo_core.train.averaging import MovingAverage


class Weight(LightningModule):
    """One weight, and the moment of a normalisation."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("running_mean", torch.zeros(1))

    def follow(self, decay, values):
        """The average after the weight has had these values, a step each."""
        average = MovingAverage(decay)
        average.setup(None, self, "fit")
        for step, value in enumerate(values):
            self.weight.data.fill_(value)
            self.running_mean.fill_(value)
            average.on_train_batch_end(SimpleNamespace(global_step=step + 1), self, None, None, step)
        average.on_train_end(None, self)
        return self.weight.item(), self.running_mean.item()


def test_average_of_a_short_run_has_forgotten_how_it_began():
    weight, moment = Weight().follow(0.995, [0.0] * 40 + [1.0] * 360)

    assert weight > 0.999  # with the same decay from the first step on it is 0.84
    assert moment == weight


def test_average_of_a_long_run_decays_at_the_given_rate():
    weight, _ = Weight().follow(0.99, [0.0] * 10_000 + [1.0] * 800)

    assert weight == pytest.approx(1 - 0.99**800, abs=1e-6)
