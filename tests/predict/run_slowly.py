"""Predicts a stack with a network that takes its time, to be killed on the way: STACK OUT."""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2]))

import zoo_core as zoo
from tests.tiny_models import tiny_model


class Slow(nn.Module):
    """Takes a hundredth of a second for each batch."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        time.sleep(0.01)
        return self.network(x)


torch.set_num_threads(1)
stack, out = sys.argv[1:]
model = tiny_model()
replace(model, network=Slow(model.network)).predict(zoo.Files(stack, stack=True), out=out, batch_size=16, workers=1)
