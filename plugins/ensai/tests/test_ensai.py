"""The networks have the layers of the paper: so many parameters, maps of these sides."""

import pytest
import torch
from torch import nn
from zoo_ensai.layers import Same

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.testing.networks import network_of

FIVE = {"channels": 1, "outputs": 5, "size": 192}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def convolutions(*layers):
    """Weights and biases of convolutions (kernel, from, to)."""
    return sum(kernel**2 * before * after + after for kernel, before, after in layers)


def sides(maps, size):
    """Of the map after each layer that changes channels or pixels."""
    x, found = torch.zeros(1, 1, size, size, device="meta"), []
    for layer in maps.to("meta"):
        x = layer(x)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d) and getattr(layer, "kernel_size", 0) != (1, 1):
            found.append(x.shape[-1])
    return found


PAIRS = [(3, 1, 32), (5, 32, 32), (10, 32, 32), (10, 32, 32), (10, 32, 64), (10, 64, 64), (10, 64, 128), (3, 128, 256)]
PARAMETERS = {
    "ensai_alexnet": 36_774_725,
    "ensai_overfeat": 40_949_355,
    "ensai_pairs": 77_555_237,
}
SIDES = {
    "ensai_alexnet": [46, 22, 22, 10, 10, 10, 10, 4],
    "ensai_overfeat": [46, 23, 19, 9, 9, 9, 9, 4, 3],
    "ensai_pairs": [192, 192, 96, 96, 48, 48, 24, 24],
}


INCEPTION = 42_679_816  # of Inception-v4 for three channels and 1,000 classes (Szegedy et al. 2016), as timm has it


def unweighted(name, **given):
    """The network without numbers, which takes no time to build."""
    with torch.device("meta"):
        return network_of(name, **given)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_network_of_the_paper_has_so_many_parameters_and_maps_of_these_sides(name):
    network = unweighted(name, **FIVE, width=1.0)
    assert count(network) == PARAMETERS[name]
    assert sides(network.maps, 192) == SIDES[name]


def test_inception_has_its_parameters_but_for_the_first_and_the_last_layer():
    expected = INCEPTION - 2 * 9 * 32 - 1000 * 1537 + 5 * 1537
    assert count(unweighted("ensai_inception", **FIVE)) == expected


def test_a_narrow_inception_has_a_sixteenth_of_the_parameters_and_measures():
    narrow = network_of("ensai_inception", channels=4, outputs=14, size=96, width=0.25)
    assert count(narrow) == pytest.approx(INCEPTION / 16, rel=0.07)  # scales, biases and the head are not squares
    image = torch.randn(2, 4, 96, 96, generator=torch.Generator().manual_seed(0))
    assert narrow.features(image).shape == (2, 384) and narrow(image).isfinite().all()
    with pytest.raises(SpecError, match="multiple of 1/32"):
        network_of("ensai_inception", **FIVE, width=0.3)


def test_the_parameters_of_the_pairs_are_those_of_their_layers():
    narrow = ((1, after, after) for _, _, after in PAIRS)
    whole = 24**2 * 256 * 512 + 512 + 512 * 5 + 5
    assert PARAMETERS["ensai_pairs"] == convolutions(*PAIRS, *narrow) + whole


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_quarter_of_the_width_has_about_a_sixteenth_of_the_parameters(name):
    narrow = unweighted(name, **FIVE, width=0.25)
    assert count(narrow) == pytest.approx(PARAMETERS[name] / 16, rel=0.02)
    assert narrow.features(torch.zeros(2, 1, 192, 192, device="meta")).shape[0] == 2


@pytest.mark.parametrize("name", PARAMETERS)
def test_other_sizes_are_taken_and_a_stamp_that_is_too_small_is_refused(name):
    network = unweighted(name, channels=2, outputs=7, size=128, width=0.1, dropout=0.1, passes=3).train()
    assert network(torch.zeros(4, 2, 128, 128, device="meta")).shape == (4, 7)
    if name != "ensai_pairs":
        with pytest.raises(SpecError, match="leaves nothing of 24 x 24 pixels"):
            network_of(name, channels=1, outputs=5, size=24, width=0.05)


def test_a_convolution_that_keeps_the_size_adds_the_odd_row_behind():
    layer = Same(1, 1, 10, stride=2)
    nn.init.constant_(layer.weight, 0.0)
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight[0, 0, 4, 4] = 1.0  # four zeros before: the first output is the first pixel
        image = torch.arange(101.0**2).view(1, 1, 101, 101)
        torch.testing.assert_close(layer(image), image[..., ::2, ::2])


def test_first_weights_of_alexnet_are_small_and_its_biases_a_tenth():
    network = network_of("ensai_alexnet", **FIVE, width=0.1)
    assert float(network.head.weight.detach().abs().max()) <= 0.01 and network.head.bias.tolist() == pytest.approx(
        [0.1] * 5
    )


def test_a_narrow_alexnet_may_begin_with_weights_that_keep_the_scale_of_its_signal():
    network = network_of("ensai_alexnet", **FIVE, width=0.1, begin="he")
    image = torch.randn(4, 1, 192, 192, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        maps, whole = network.maps(image), network.features(image)
    assert 0.3 < float(whole.square().mean() / maps.square().mean()) < 3 and not network.head.bias.any()


def test_every_network_measures_an_image():
    image = torch.randn(1, 1, 192, 192, generator=torch.Generator().manual_seed(0))
    for name in (*PARAMETERS, "ensai_inception"):
        posterior = zoo.build(name, device="cpu")(image)
        assert posterior.mean.shape == (1, 5) and posterior.parameters[0] == "theta_E"
