"""A vision transformer of timm is a network of the zoo."""

import pytest
import torch

from zoo_core.tasks import Heads, task_named
from zoo_core.testing.networks import network_of


@pytest.mark.parametrize("name", ["vit", "vit_regression"])
def test_the_default_network_has_the_parameters_of_the_paper(name):
    D, depth, patch, tokens, channels, outputs = 128, 4, 8, 64, 3, 6
    embedding = channels * patch**2 * D + D + tokens * D
    block = 12 * D**2 + 13 * D  # attention 4 D^2 + 4 D, perceptron 8 D^2 + 5 D, two norms 4 D
    network = network_of(name, channels, outputs, 64)
    assert sum(one.numel() for one in network.parameters()) == embedding + depth * block + 2 * D + D * outputs + outputs


def test_a_regressor_states_any_likelihood_in_frames_of_its_patches():
    options = {"patch_size": 9, "embed_dim": 32, "depth": 1, "num_heads": 2, "class_token": False, "global_pool": "avg"}
    flow = task_named("regression").outputs(Heads(parameters=("theta_E",), units=("arcsec",), likelihood="flow"))
    network = network_of("vit_regression", 1, flow, 81, options=options).eval()
    images = torch.zeros(2, 1, 81, 81)
    with torch.no_grad():
        assert network(images).shape == (2, flow) and network.features(images).shape == (2, 32)
