"""Layers by their depth, and what is frozen."""

import lightning.pytorch as pl
import pytest
import torch
from torch import nn

from zoo_core.train.layers import Frozen, depths, freeze, rates

IMAGES = torch.zeros(1, 1, 4, 4)


class Backwards(nn.Module):
    """Registered from the head to the stem, with a parameter of its own and a layer that nothing calls."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 1)
        self.unused = nn.Linear(4, 4)
        self.body = nn.Sequential(nn.Linear(8, 4), nn.BatchNorm1d(4), nn.ReLU())
        self.stem = nn.Linear(16, 8)
        self.offset = nn.Parameter(torch.zeros(16))

    def forward(self, x):
        return self.head(self.body(self.stem(x.flatten(1) + self.offset)))


def test_the_depth_of_a_layer_is_when_it_is_called():
    found = depths(Backwards(), IMAGES)

    order = ["offset", "stem.weight", "body.0.weight", "body.1.weight", "head.weight"]
    assert [found[name] for name in order] == [0, 0.25, 0.5, 0.75, 1]
    assert found["head.bias"] == found["head.weight"]


def test_every_parameter_has_a_depth():
    network = Backwards()

    assert depths(network, IMAGES).keys() == dict(network.named_parameters()).keys()


def test_looking_leaves_the_network_as_it_was():
    network = Backwards().train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    depths(network, IMAGES)

    assert network.training and network.body[1].training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not network.stem._forward_pre_hooks


def test_rates_fall_geometrically_from_the_head_to_the_first_layer():
    found = rates(Backwards(), IMAGES, 0.0001)

    assert [found[f"{name}.weight"] for name in ("stem", "body.0", "body.1", "head")] == pytest.approx(
        [1e-3, 1e-2, 1e-1, 1]
    )
    assert found["offset"] == pytest.approx(1e-4)
    assert set(rates(Backwards(), IMAGES, 1.0).values()) == {1.0}


def test_moments_of_what_is_frozen_do_not_move_and_others_do():
    network = Backwards()
    freeze(network, but=["head.weight", "head.bias"])

    assert [name for name, parameter in network.named_parameters() if parameter.requires_grad] == [
        "head.weight",
        "head.bias",
    ]
    module = pl.LightningModule()
    module.network = network.train()
    frozen = Frozen()
    frozen.on_train_start(None, module)
    frozen.on_train_batch_start(None, module)
    assert not network.body[1].training and not network.stem.training
    assert network.head.training and network.training
