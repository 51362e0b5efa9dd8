"""A new network with the weights of a trained one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import zoo_core as zoo
from zoo_core.errors import WeightsError
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.network import Dimensions, initialised
from zoo_core.train.warm import centre, head_of, preprocess_for, warm

STACKED = (
    {"op": "frame", "size": 12},
    {"op": "stack", "of": [{"op": "asinh", "softening": 1.0}, {"op": "clip", "low": -1.0, "high": 1.0}]},
)


@pytest.fixture
def start(toy):
    """The toy network in three bands that have two channels each; random weights."""
    model = zoo.build("toy", bands=["g", "r", "i"])
    preprocess = Preprocess.from_operations(STACKED, ("g", "r", "i"))
    network = initialised(model.architecture, Dimensions(6, 1, 12), {}).eval()
    return replace(model, network=network, preprocess=preprocess)


def warmed(start, bands, classes=("none", "middle")):
    preprocess = Preprocess.from_operations(STACKED, bands)
    heads = zoo.Heads(classes=classes)
    outputs = 1 if len(classes) == 2 else len(classes)
    network = initialised(start.architecture, Dimensions(preprocess.n_channels, outputs, 12), {}).eval()
    warm(replace(start, network=network, preprocess=preprocess, heads=heads), {}, start)
    return network, preprocess


def same(one, other):
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)  # sums in another order


@torch.no_grad()
@pytest.mark.parametrize("count", [1, 2, 5])
def test_an_image_that_is_alike_in_all_bands_gives_what_it_gave_in_any_number_of_new_ones(start, count):
    image = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    network, preprocess = warmed(start, tuple(f"new{k}" for k in range(count)))

    before = start.network(start.preprocess.channels(image.expand(-1, 3, -1, -1)))

    same(network(preprocess.channels(image.expand(-1, count, -1, -1))), before)


class Equalised(nn.Module):
    """Its first weights are N(0, 1) and divided by the root of their number as they are used, then it rectifies."""

    def __init__(self, channels, outputs):
        super().__init__()
        self.first = EqualisedConv(channels, 6)
        self.rest = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, outputs))

    def forward(self, x):
        return self.rest(self.first(x))


class EqualisedConv(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(outputs, inputs, 3, 3)), nn.Parameter(torch.randn(outputs))

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight / self.weight[0].numel() ** 0.5, self.bias).relu()


@torch.no_grad()
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("sign", [1, -1])  # of the biases: with all negative it answers no faint image
def test_so_it_does_where_a_layer_divides_its_weights_by_their_number(start, count, sign):
    image = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    architecture = replace(start.architecture, build=zoo.any_size(Equalised))
    start = replace(start, architecture=architecture, network=Equalised(6, 1).eval())
    bias = start.network.first.bias
    bias.copy_(sign * bias.abs() / 10)
    network, preprocess = warmed(start, tuple(f"new{k}" for k in range(count)))

    before = start.network(start.preprocess.channels(image.expand(-1, 3, -1, -1)))

    same(network(preprocess.channels(image.expand(-1, count, -1, -1))), before)


@torch.no_grad()
def test_bands_are_found_by_their_names(start):
    images = torch.randn(4, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    network, preprocess = warmed(start, ("i", "g", "r"))

    same(network(preprocess.channels(images[:, [2, 0, 1]])), start.network(start.preprocess.channels(images)))


@torch.no_grad()
def test_as_many_bands_of_other_names_take_the_weights_in_their_order(start):
    images = torch.randn(4, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    network, preprocess = warmed(start, ("F435W", "F606W", "F814W"))

    same(network(preprocess.channels(images)), start.network(start.preprocess.channels(images)))


def test_a_band_that_was_there_keeps_its_weights_in_proportion(start):
    network, _ = warmed(start, ("r",))

    same(network[0].weight, 3 * start.network[0].weight[:, [1, 4]])  # channels: g, r, i of the first look, then ...


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")])
def test_other_classes_have_a_head_of_their_own_and_the_rest_is_kept(start, classes):
    network, _ = warmed(start, ("g", "r", "i"), classes)

    same(network[0].weight, start.network[0].weight)
    assert network[4].weight.shape[0] == (1 if len(classes) == 2 else 3)
    assert not torch.equal(network[4].weight[:1], start.network[4].weight)


def test_the_same_classes_keep_the_head(start):
    network, _ = warmed(start, ("g", "r", "i"))

    same(network[4].weight, start.network[4].weight)


def test_the_head_is_what_depends_on_the_outputs(start):
    assert head_of(start, {}) == ["4.bias", "4.weight"]


class Wrapped(nn.Module):
    """The toy network as a part of another one, whose output has as many columns."""

    def __init__(self, channels, outputs):
        super().__init__()
        self.body = build_toy(channels, outputs)

    def forward(self, x):
        return self.body(x)


def build_toy(channels, outputs):
    return zoo.build("toy", bands=channels).architecture.build(channels=channels, outputs=outputs, size=12)


def test_another_architecture_takes_what_has_the_same_name_and_not_the_head(start):
    other = replace(start.architecture, name="other")
    network = initialised(other, Dimensions(6, 1, 12), {})
    head = network[4].weight.clone()

    warm(replace(start, architecture=other, network=network), {}, start)

    same(network[0].weight, start.network[0].weight)
    same(network[4].weight, head)


def test_a_backbone_under_another_name_is_found(start):
    wrapped = replace(start, architecture=replace(start.architecture, name="wrapped"), network=Wrapped(6, 1))
    twice = replace(start.architecture, name="twice", build=zoo.any_size(Twice))
    network = initialised(twice, Dimensions(6, 1, 12), {})

    warm(replace(start, architecture=twice, network=network), {}, wrapped)

    same(network.trunk[0].weight, wrapped.network.body[0].weight)


class Twice(nn.Module):
    """The same backbone, called trunk."""

    def __init__(self, channels, outputs):
        super().__init__()
        self.trunk = build_toy(channels, outputs)

    def forward(self, x):
        return self.trunk(x)


def test_weights_of_which_nothing_fits_are_an_error(start):
    other = zoo.build("lastro")

    with pytest.raises(WeightsError, match="no tensor of the name and shape"):
        warm(start, {}, other)


def test_the_standard_of_a_preprocessing_is_that_of_the_mean_band():
    declared = [{"op": "frame", "size": 12}, {"op": "standardise", "mean": [1.0, 3.0], "std": [2.0, 4.0]}]

    changed = preprocess_for([*declared, {"op": "stack", "of": declared[1:]}])

    standard = {"op": "standardise", "mean": [2.0], "std": [3.0]}
    assert changed == [declared[0], standard, {"op": "stack", "of": [standard]}]


def test_a_head_for_parameters_begins_at_their_mean_and_variance(toy):
    model = zoo.build("toyheight")
    heights = zoo.open_dataset("toy_spots", plugin="zoo-toy", n=500, classes=0).targets()

    centre(model.network, ["4.bias", "4.weight"], model.task.first_output(lambda: heights, model.heads))

    expected = [heights.mean(), np.log(heights.var())]
    np.testing.assert_allclose(model.network[4].bias.detach(), expected, rtol=1e-6)
