"""A residual network of timm is a network of the zoo."""

from pathlib import Path

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.datasets.writer import simulate
from zoo_core.errors import SpecError
from zoo_core.models.backbones import backbone_names
from zoo_core.testing.networks import network_of
from zoo_core.train.fit import train

RECIPES = Path(__file__).parents[1] / "recipes"


def build(channels, outputs, size=64, **arguments):
    return network_of("resnet", channels, outputs, size, **arguments)


def images(channels: int, count: int = 2) -> torch.Tensor:
    return torch.randn(count, channels, 64, 64, generator=torch.Generator().manual_seed(0))


def test_the_family_has_all_residual_networks_of_timm():
    assert {"resnet18", "resnet50", "resnet152", "wide_resnet50_2", "seresnet50"} <= set(backbone_names(["resnet"]))


@pytest.mark.parametrize(("pool", "side"), [(True, 2), (False, 4)])
def test_without_pooling_maps_are_twice_as_large(pool, side):
    network = build(1, 3, pool=pool, options={}).eval()

    with torch.no_grad():
        maps = network.body.forward_features(images(1))

    assert maps.shape[-2:] == (side, side)


def test_a_regressor_with_dropout_is_several_networks_and_without_the_plain_one():
    wide = {"model": "resnet10t", "pool": True, "options": {}}
    thinned = network_of("resnet_regression", 1, 4, 64, **wide, dropout=0.1, passes=3).eval()
    plain = network_of("resnet_regression", 1, 4, 64, **wide).eval()

    with torch.no_grad():
        assert thinned(images(1)).shape == (2, 3, 4) and thinned.features(images(1)).shape == (2, 512)
        assert plain(images(1)).shape == (2, 4)
    assert [name.removeprefix("network.") for name in thinned.state_dict()] == list(plain.state_dict())


def test_blocks_of_pixels_begin_as_pixels_of_their_mean():
    coarse = network_of("resnet_regression", 2, 4, 32, model="resnet10t", pool=True, options={"stem_type": ""}).eval()
    fine = network_of(
        "resnet_regression", 2, 4, 64, model="resnet10t", pool=True, options={"stem_type": ""}, shuffle=2
    ).eval()

    fine.load_state_dict(coarse.state_dict(), strict=False)

    with torch.no_grad():
        torch.testing.assert_close(fine(images(2)), coarse(torch.nn.functional.avg_pool2d(images(2), 2)))
    fine(images(2)).sum().backward()
    assert fine.body.conv1.within.grad.any()


@pytest.mark.parametrize(
    ("size", "options", "message"), [(63, {"stem_type": ""}, "do not fill images of 63"), (64, {}, "no single")]
)
def test_blocks_that_there_cannot_be_are_refused(size, options, message):
    with pytest.raises(SpecError, match=message):
        network_of("resnet_regression", 1, 4, size, model="resnet10t", pool=True, options=options, shuffle=2)


def test_the_default_network_is_small():
    network = build(3, 3)

    assert sum(parameter.numel() for parameter in network.parameters()) < 2e6


def test_the_recipe_for_deeplense_trains_on_the_folders_of_the_field(tmp_path):
    simulate("substructure", 30, 5, tmp_path / "simulated", format="deeplense", arguments={"size": 150})
    for ours, theirs in (("no", "no_sub"), ("sphere", "cdm"), ("vort", "axion")):
        (tmp_path / "simulated" / ours).rename(tmp_path / "simulated" / theirs)

    recipe = tmp_path / "deeplense.yaml"
    recipe.write_text((RECIPES / "deeplense.yaml").read_text().replace("batch_size: 64", "batch_size: 4"))

    folder = train(recipe, tmp_path / "run", data=tmp_path / "simulated", steps=2, progress=False)

    model = zoo.load(folder)
    assert model.heads.classes == ("no_sub", "cdm", "axion")
    assert model.spec.training_sets == ("substructure", "deeplense")
    noise = np.random.default_rng(0).normal(size=(1, 1, 150, 150)).astype(np.float32)
    assert model(noise, pixel_scale=0.05).probabilities.shape == (1, 3)
