"""Any vision transformer of timm is a network of the zoo."""

import pytest
import torch

from zoo_core.errors import SpecError, UnknownNameError
from zoo_core.tasks import Heads, task_named
from zoo_core.testing.networks import network_of


def build(channels, outputs, size=64, **arguments):
    return network_of("vit", channels, outputs, size, **arguments)


def images(channels: int, size: int = 64) -> torch.Tensor:
    return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("model", "channels"), [("vit_tiny_patch16_224", 1), ("vit_small_patch16_224", 4), ("deit_tiny_patch16_224", 1)]
)
def test_any_model_of_the_family_takes_any_number_of_channels(model, channels):
    network = build(channels, outputs=3, model=model, options={}).eval()

    with torch.no_grad():
        outputs = network(images(channels))

    assert outputs.shape == (2, 3)


def test_it_takes_the_size_that_it_is_built_for():
    network = build(1, outputs=3, size=96).eval()

    with torch.no_grad():
        assert network(images(1, size=96)).shape == (2, 3)


def test_a_misspelt_model_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"did you mean .*vit_tiny_patch16_224"):
        build(1, 3, model="vit_tiny_patch16")


def test_a_model_of_another_family_is_refused():
    with pytest.raises(UnknownNameError, match="resnet18"):
        build(1, 3, model="resnet18")


def test_an_option_that_timm_does_not_take_is_named():
    with pytest.raises(SpecError, match="colour"):
        build(1, 3, options={"colour": "red"})


def test_features_are_the_input_of_the_head():
    network = build(3, 3).eval()

    with torch.no_grad():
        features, outputs = network.features(images(3)), network(images(3))

    assert features.shape == (2, 128)
    torch.testing.assert_close(network.body.head(features), outputs)


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
    with torch.no_grad():
        assert network(images(1, size=81)).shape == (2, flow) and network.features(images(1, size=81)).shape == (2, 32)
