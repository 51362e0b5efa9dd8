"""Any network of timm is a network of the zoo, in whichever plugin."""

import pytest
import torch

from zoo_core.errors import SpecError, UnknownNameError
from zoo_core.testing.networks import network_of

STRANGERS = {"swin": "resnet18", "vit": "resnet18", "resnet": "vit_tiny_patch16_224"}  # models of other families


def images(channels: int, size: int = 64) -> torch.Tensor:
    return torch.randn(2, channels, size, size, generator=torch.Generator().manual_seed(0))


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "model", "channels"),
    [
        ("swin", "swin_tiny_patch4_window7_224", 1),
        ("swin", "swin_s3_tiny_224", 4),
        ("swin", "swinv2_tiny_window8_256", 1),
        ("vit", "vit_tiny_patch16_224", 1),
        ("vit", "vit_small_patch16_224", 4),
        ("vit", "deit_tiny_patch16_224", 1),
        ("resnet", "resnet10t", 1),
        ("resnet", "resnet26d", 4),
        ("resnet", "resnext50_32x4d", 1),
        ("resnet", "ecaresnet26t", 4),
    ],
)
def test_any_model_of_the_family_takes_any_number_of_channels(name, model, channels):
    network = network_of(name, channels, 3, 64, model=model, options={}).eval()

    assert network(images(channels)).shape == (2, 3)


@torch.no_grad()
@pytest.mark.parametrize("name", ["swin", "vit"])
def test_it_takes_the_size_that_it_is_built_for(name):
    assert network_of(name, 1, 3, 96).eval()(images(1, size=96)).shape == (2, 3)


@pytest.mark.parametrize(
    ("name", "misspelt", "nearest"),
    [
        ("swin", "swin_tiny_patch4_window7", "swin_tiny_patch4_window7_224"),
        ("vit", "vit_tiny_patch16", "vit_tiny_patch16_224"),
        ("resnet", "resnet_18", "resnet18"),
    ],
)
def test_a_misspelt_model_is_answered_with_the_nearest(name, misspelt, nearest):
    with pytest.raises(UnknownNameError, match=rf"did you mean .*{nearest}"):
        network_of(name, 1, 3, 64, model=misspelt)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_model_of_another_family_is_refused(name):
    with pytest.raises(UnknownNameError, match=STRANGERS[name]):
        network_of(name, 1, 3, 64, model=STRANGERS[name])


@pytest.mark.parametrize("name", STRANGERS)
def test_an_option_that_timm_does_not_take_is_named(name):
    with pytest.raises(SpecError, match="colour"):
        network_of(name, 1, 3, 64, options={"colour": "red"})


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "arguments", "features", "head"),
    [
        ("swin", {}, 192, "head.fc"),
        ("vit", {}, 128, "head"),
        ("resnet", {"model": "resnet10t", "options": {}}, 512, "fc"),
    ],
)
def test_features_are_the_input_of_the_head(name, arguments, features, head):
    network = network_of(name, 3, 3, 64, **arguments).eval()

    found, outputs = network.features(images(3)), network(images(3))

    assert found.shape == (2, features)
    torch.testing.assert_close(network.body.get_submodule(head)(found), outputs)
