"""The network of the clusters, and what it lets learn when."""

import sys

import pytest
import torch
from torch import Generator
from zoo_scan.backbones import backbone
from zoo_scan.trunk import CHANNELS

from zoo_core.errors import NotInstalledError, SpecError
from zoo_core.testing.networks import network_of


def built(outputs=3, **arguments):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return network_of("scan", outputs=outputs, options={"width": 4}, **arguments).eval()


def images(count=3, size=32):
    return torch.randn(count, 1, size, size, generator=Generator().manual_seed(0))


@pytest.mark.parametrize("clusters", [2, 3, 10])
def test_there_is_a_logit_for_each_cluster(clusters):
    logits, embedding = built(clusters)(images())

    assert logits.shape == (3, clusters)
    assert embedding.shape == (3, 32)


def test_one_cluster_is_refused():
    with pytest.raises(SpecError, match="two clusters"):
        network_of("scan")


@pytest.mark.parametrize(("width", "parameters"), [(24, 0.7e6), (48, 2.7e6)])
def test_the_small_network_is_small(width, parameters):
    network, dimension = backbone("small", 2, {"width": width})

    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(parameters, rel=0.1)
    assert dimension == 8 * width


def test_transforms_are_channels_of_the_same_pixels():
    network = built(looks=tuple(CHANNELS))
    x = images()

    transformed = torch.cat([transform(x) for transform in CHANNELS.values()], dim=1)

    torch.testing.assert_close(network.features(x), network.backbone(transformed))


def test_the_answer_is_that_of_the_chosen_head():
    network = built(heads=4)
    x = images()
    network.heads.chosen.fill_(2)

    logits, embedding = network(x)

    torch.testing.assert_close(logits, network.heads.all(embedding)[2])


def test_projection_and_cluster_heads_learn_in_turn():
    network = built()

    for on in (True, False):
        network.contrasting(on)
        assert all(p.requires_grad == on for p in network.projection.parameters())
        assert all(p.requires_grad != on for p in network.heads.parameters())
        assert all(p.requires_grad for p in network.backbone.parameters())


def test_contrastive_embeddings_have_unit_length():
    network = built()

    projections = network.projections_of(network.stem(images()))

    torch.testing.assert_close(projections.norm(dim=1), torch.ones(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"looks": ("pink",)}, "pink"), ({"model": "small", "options": {"depth": 3}}, "depth")],
)
def test_what_cannot_be_built_says_why(arguments, message):
    with pytest.raises(SpecError, match=message):
        network_of("scan", outputs=2, **arguments)


def test_without_timm_its_models_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)

    with pytest.raises(NotInstalledError, match="pip install timm"):
        backbone("resnet18", 1, {})


def test_any_network_of_timm_can_be_the_backbone():
    pytest.importorskip("timm")

    network, dimension = backbone("vit_tiny_patch16_224", 1, {"img_size": 64, "depth": 1})

    assert network(images(size=64)).shape == (3, dimension)
