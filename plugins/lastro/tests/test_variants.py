"""The variants of LASTRO are the networks that were published."""

import pytest
import torch
from zoo_lastro.dihedral import DihedralConv, DihedralNorm, DihedralPool, GroupSum, LiftingConv, inverse, product
from zoo_lastro.invariant import Invariant
from zoo_lastro.residual import Residual, UnitBlock
from zoo_lastro.views import Centre, Views

import zoo_core as zoo
from zoo_core.images.augmentation import D4, dihedral
from zoo_core.train.warm import warm

CENTRE_SIDES = [41, 37, 33, 29, 25, 21, 17, 13, 9, 5, 1, 1, 1]
RESIDUAL_SIDES = [100, 96, 92, 46, 40, 36, 18, 14, 10, 4, 1, 1, 1]
INVARIANT_SIDES = [98, 96, 48, 46, 44, 22, 20, 18, 9, 7, 5, 1, 1, 1]
MADE_OF = ("UnitConv", "UnitBlock", "UnitPool", "LiftingConv", "DihedralConv", "DihedralPool")


def seeded(network, *arguments):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return network(*arguments).eval()


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def sides_of(network: torch.nn.Module) -> list[int]:
    sides: list[int] = []
    for layer in network.body:
        if type(layer).__name__ in MADE_OF:
            layer.register_forward_hook(lambda layer, inputs, output: sides.append(output.shape[-1]))
    with torch.no_grad():
        network(torch.zeros(1, 1, 101, 101))
    return sides


@pytest.mark.parametrize(
    ("network", "channels", "parameters"),
    [
        (Views, 1, 7_035_308),
        (Views, 3, 7_036_620),
        (Residual, 1, 4_863_021),
        (Residual, 3, 4_863_149),
        (Invariant, 1, 1_753_705),
        (Invariant, 3, 1_753_833),
    ],
)
def test_each_has_the_published_number_of_parameters(network, channels, parameters):
    assert sum(parameter.numel() for parameter in network(channels, 1).parameters()) == parameters


@pytest.mark.parametrize(
    ("network", "sides"), [(Centre, CENTRE_SIDES), (Residual, RESIDUAL_SIDES), (Invariant, INVARIANT_SIDES)]
)
def test_feature_maps_shrink_as_published(network, sides):
    assert sides_of(seeded(network, 1, 1)) == sides


@pytest.mark.parametrize(("network", "features"), [(Residual, 1024), (Invariant, 256)])
def test_features_are_what_the_head_sees(network, features):
    network, x = seeded(network, 3, 2), noise(2, 3, 101, 101)

    with torch.no_grad():
        found = network.features(x)
        torch.testing.assert_close(network.head(found[..., None, None]).flatten(1), network(x))

    assert found.shape == (2, features)


def test_the_centre_does_not_see_the_border():
    network, x = seeded(Centre, 1, 2), noise(2, 1, 101, 101)
    other = noise(2, 1, 101, 101) + 5
    other[..., 28:73, 28:73] = x[..., 28:73, 28:73]

    with torch.no_grad():
        assert torch.equal(network(x), network(other))


def test_views_decide_by_two_numbers_of_each_network():
    network, x = seeded(Views, 1, 1), noise(2, 1, 101, 101)
    network.centre.forward = lambda images: torch.zeros(len(images), 2)

    with torch.no_grad():
        whole = network.whole(x)
        expected = network.head(network.join(torch.cat([whole, 0 * whole], 1)[..., None, None])).flatten(1)
        torch.testing.assert_close(network(x), expected)


@pytest.mark.parametrize(("outputs", "convolutions"), [(16, 2), (24, 3)])
def test_a_residual_block_keeps_zero_mean_and_unit_variance(outputs, convolutions):
    block = seeded(UnitBlock, 16, outputs, convolutions)

    with torch.no_grad():
        y = block(noise(64, 16, 15, 15))

    assert y.shape == (64, outputs, 15 - 2 * convolutions, 15 - 2 * convolutions)
    assert y.mean().abs() < 0.1
    assert 0.8 < y.var() < 1.25


def test_products_and_inverses_are_those_of_turning_images():
    x = torch.arange(9.0).view(1, 1, 3, 3)

    for g in D4:
        assert torch.equal(dihedral(dihedral(x, g), inverse(g)), x)
        for h in D4:
            assert torch.equal(dihedral(dihedral(x, h), g), dihedral(x, product(g, h)))


@pytest.mark.parametrize("element", D4)
@pytest.mark.parametrize("layer", [DihedralConv(2, 3, 3), DihedralPool(2), DihedralNorm(2)], ids=str)
def test_a_layer_of_a_turned_image_gives_its_turned_features(layer, element):
    x = noise(2, 16, 12, 12)

    with torch.no_grad():
        turned_first, turned_last = layer.eval()(turned(x, element)), turned(layer(x), element)

    torch.testing.assert_close(turned_first, turned_last, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("element", D4)
def test_an_image_is_lifted_to_features_that_turn_with_it(element):
    layer, x = LiftingConv(3, 2, 4), noise(2, 3, 11, 11)

    with torch.no_grad():
        torch.testing.assert_close(layer(dihedral(x, element)), turned(layer(x), element), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("element", D4)
def test_the_group_sum_does_not_change_when_the_features_turn(element):
    x = noise(2, 16, 1, 1)

    torch.testing.assert_close(GroupSum()(turned(x, element)), GroupSum()(x))


def test_no_turn_or_mirror_image_changes_what_the_invariant_network_says():
    network, x = seeded(Invariant, 3, 2).double(), noise(2, 3, 101, 101).double()

    with torch.no_grad():
        outputs = [network(dihedral(x, element)) for element in D4]

    for output in outputs:
        torch.testing.assert_close(output, outputs[0], atol=1e-12, rtol=1e-12)


def turned(features: torch.Tensor, u: int) -> torch.Tensor:
    """Features (B, 8 F, H, W) of an image turned by u: map g becomes map u g, turned."""
    maps = dihedral(features, u).unflatten(1, (-1, 8))
    return maps[:, :, [product(inverse(u), g) for g in D4]].flatten(1, 2)


@torch.no_grad()
@pytest.mark.parametrize("name", ["lastro", "lastro_views", "lastro_residual", "lastro_invariant"])
def test_in_four_bands_a_network_begins_with_what_it_gave_in_one(name):
    start, model = zoo.build(name), zoo.build(name, bands=["r", "i", "g", "u"])
    images = noise(2, 3, 101, 101).double()  # three channels of one band

    warm(model, {}, start)

    given = model.network.double()(images.repeat_interleave(4, 1))
    torch.testing.assert_close(given, start.network.double()(images), atol=1e-9, rtol=1e-9)  # sums in another order
