"""LASTRO is the network that was published."""

import pytest
import torch
from zoo_lastro.baseline import Lastro
from zoo_lastro.layers import unit_relu

SIDES = [98, 96, 48, 46, 44, 22, 20, 18, 9, 7, 5, 1, 1, 1]  # Schaefer et al. (2018), after each convolution and pool


@pytest.mark.parametrize(("channels", "parameters"), [(1, 5_674_145), (3, 5_674_657), (4, 5_674_913)])
def test_it_has_the_published_number_of_parameters(channels, parameters):
    network = Lastro(channels, outputs=1)

    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_feature_maps_shrink_as_published():
    network, sides = Lastro(1, outputs=1).eval(), []
    for layer in network.body:
        if type(layer).__name__ in ("UnitConv", "UnitPool"):
            layer.register_forward_hook(lambda layer, inputs, output: sides.append(output.shape[-1]))

    with torch.no_grad():
        network(torch.zeros(1, 1, 101, 101))

    assert sides == SIDES


def test_activation_keeps_zero_mean_and_unit_variance():
    x = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0))

    activated = unit_relu(x)

    assert activated.mean().abs() < 5e-3  # five standard errors
    assert (activated.var() - 1).abs() < 1e-2


def test_pooled_activations_are_restored_to_unit_scale():
    x = torch.randn(16, 3, 101, 101, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Lastro(3, outputs=1)

    with torch.no_grad():
        pooled = network.body[:3](x)

    assert pooled.mean().abs() < 0.2
    assert 0.8 < pooled.std() < 1.25


def test_features_are_what_the_head_sees():
    network = Lastro(3, outputs=1).eval()
    x = torch.randn(2, 3, 101, 101, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        logits = network.head(network.features(x)[:, :, None, None]).flatten(1)

    torch.testing.assert_close(logits, network(x))
