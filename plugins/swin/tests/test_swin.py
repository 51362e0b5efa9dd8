"""Any Swin transformer of timm is a network of the zoo."""

import pytest
import torch

from zoo_core.errors import SpecError, UnknownNameError
from zoo_core.testing.networks import network_of


def build(channels, outputs, size=64, **arguments):
    return network_of("swin", channels, outputs, size, **arguments)


def images(channels: int, size: int = 64) -> torch.Tensor:
    return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("model", "channels"),
    [("swin_tiny_patch4_window7_224", 1), ("swin_s3_tiny_224", 4), ("swinv2_tiny_window8_256", 1)],
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
    with pytest.raises(UnknownNameError, match=r"did you mean .*swin_tiny_patch4_window7_224"):
        build(1, 3, model="swin_tiny_patch4_window7")


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

    assert features.shape == (2, 192)
    torch.testing.assert_close(network.body.head.fc(features), outputs)
