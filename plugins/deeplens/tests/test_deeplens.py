"""CMU DeepLens is the network that was published."""

import pytest
import torch
from zoo_deeplens.network import Bottleneck, DeepLens

SIDES = [101, 101, 51, 26, 13, 7, 1]  # Lanusse et al. (2018), after the stem, each stage and the head


def images(count: int, channels: int = 3) -> torch.Tensor:
    return torch.randn(count, channels, 101, 101, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("channels", "parameters"), [(1, 3_508_545), (3, 3_511_681), (4, 3_513_249)])
def test_it_has_the_published_number_of_parameters(channels, parameters):
    network = DeepLens(channels, outputs=1)

    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_feature_maps_shrink_as_published():
    network, sides = DeepLens(4, outputs=1).eval(), []
    for layer in (network.stem_bn, *network.units[2::3]):
        layer.register_forward_hook(lambda layer, inputs, output: sides.append(output.shape[-1]))

    with torch.no_grad():
        features = network.features(images(1, channels=4))

    assert [*sides, 1] == SIDES
    assert features.shape == (1, 512)


def test_it_has_forty_seven_layers_on_its_main_path():
    network = DeepLens(1, outputs=1)
    convolutions = [name for name, layer in network.named_modules() if isinstance(layer, torch.nn.Conv2d)]

    assert len([name for name in convolutions if not name.endswith("short")]) + 1 == 47


def test_only_what_changes_stride_or_width_has_a_convolution_as_its_shortcut():
    units = DeepLens(1, outputs=1).units

    assert [number for number, unit in enumerate(units) if unit.short is not None] == [3, 6, 9, 12]
    assert [number for number, unit in enumerate(units) if unit.pre is None] == [0]


def test_a_unit_whose_branch_is_zero_is_its_shortcut():
    unit = Bottleneck(8, 4, 8, stride=1, activate=True).eval()
    torch.nn.init.zeros_(unit.conv3.weight)
    torch.nn.init.zeros_(unit.conv3.bias)
    x = torch.randn(2, 8, 9, 9, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        assert torch.equal(unit(x), x)


def test_where_the_width_changes_the_shortcut_is_of_the_activated_input():
    unit = Bottleneck(8, 4, 16, stride=2, activate=True).eval()
    torch.nn.init.zeros_(unit.conv3.weight)
    torch.nn.init.zeros_(unit.conv3.bias)
    x = torch.randn(2, 8, 9, 9, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        expected = unit.short(torch.nn.functional.elu(unit.pre(x)))
        torch.testing.assert_close(unit(x), expected)


def test_features_are_what_the_head_sees():
    network, x = DeepLens(3, outputs=1).eval(), images(2)

    with torch.no_grad():
        torch.testing.assert_close(network.head(network.features(x)), network(x))
