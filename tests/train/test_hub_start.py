"""A network of timm that begins with weights of timm, from its files and from the Hub."""

import json
import logging
import os
import subprocess
import sys

import pytest
import timm
import torch
from safetensors.torch import save

import zoo_core as zoo
from zoo_core.catalog.folder import read_folder
from zoo_core.errors import RecipeError, SpecError, WeightsError
from zoo_core.models.backbones import backbone
from zoo_core.models.dropout import MonteCarloDropout
from zoo_core.train.hub_start import TimmWeights, begin_with
from zoo_core.train.recipe import recipe_of

from ..hub_server import HubServer

MODEL, REPO = "test_vit", "timm/test_vit.r160_in1k"
COMMIT = "0123456789" * 4
RECIPE = """
id: vit.test
architecture: vit
plugin: zoo-vit
arguments: {{model: test_vit, options: {{}}}}
classes: [none, middle]
preprocess: [{{op: frame, size: 32}}, {{op: noise_units}}]
train: {{dataset: toy_spots, plugin: zoo-toy, arguments: {{n: 24}}}}
batch_size: 2
steps: 1
validate_every: 1
optimiser: {{lr: 1.0e-12}}
warm_start: {start}
publish: {{storage: float32}}
"""


@pytest.fixture(scope="module")
def published():
    """A model of timm of random weights, as its authors have it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return timm.create_model(MODEL).eval()


def layout(model: torch.nn.Module, **about: object) -> dict[str, bytes]:
    """The files of timm's repositories."""
    content = {"architecture": MODEL, "num_classes": 1000, "pretrained_cfg": {"num_classes": 1000}} | about
    return {"config.json": json.dumps(content).encode(), "model.safetensors": save(model.state_dict())}


@pytest.fixture
def weights_of(tmp_path):
    def read(files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        return TimmWeights.read(tmp_path / "config.json", tmp_path / "model.safetensors", "the files")

    return read


def network_of(channels=3, outputs=2, model=MODEL, **options):
    return backbone(None, model, channels, outputs, options).eval()


HEAD = ["body.head.weight", "body.head.bias"]


@torch.no_grad()
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_an_image_that_is_alike_in_all_channels_has_the_features_that_it_had(published, weights_of, channels):
    network, image = network_of(channels), torch.randn(2, 1, 160, 160, generator=torch.Generator().manual_seed(1))
    before = [network.state_dict()[name].clone() for name in HEAD]

    begin_with(network, weights_of(layout(published)), HEAD)

    features = published.forward_head(published.forward_features(image.expand(-1, 3, -1, -1)), pre_logits=True)
    torch.testing.assert_close(network.features(image.expand(-1, channels, -1, -1)), features, atol=1e-5, rtol=1e-5)
    for name, tensor in zip(HEAD, before, strict=True):
        torch.testing.assert_close(network.state_dict()[name], tensor, atol=0, rtol=0)


def test_places_are_resampled_where_images_are_smaller(published, weights_of):
    network = network_of(1, img_size=32)

    begin_with(network, weights_of(layout(published)), HEAD)

    assert network.body.pos_embed.shape[1] < published.pos_embed.shape[1]
    torch.testing.assert_close(network.body.blocks.state_dict(), published.blocks.state_dict())
    assert network(torch.zeros(2, 1, 32, 32)).shape == (2, 2)


def test_what_has_no_place_is_told_in_one_line_and_not_warned_of(published, weights_of, caplog):
    with caplog.at_level(logging.INFO):
        begin_with(network_of(1, global_pool="avg"), weights_of(layout(published)), HEAD)

    assert "the files: norm.bias, norm.weight have no place in the network, and are left out" in caplog.messages
    assert all(record.levelno < logging.WARNING for record in caplog.records)


def test_a_network_within_another_begins_so_too(published, weights_of):
    network = MonteCarloDropout(network_of(), 0.1, 2)

    begin_with(network, weights_of(layout(published)), [f"network.{name}" for name in HEAD])

    torch.testing.assert_close(network.network.body.blocks.state_dict(), published.blocks.state_dict())


@pytest.mark.parametrize(
    ("network", "about", "message"),
    [
        (torch.nn.Linear(2, 2), {}, "only a network of timm"),
        (network_of(model="resnet10t"), {}, "weights of test_vit, the network is resnet10t; write .*model: test_vit"),
        (network_of(embed_dim=32), {}, "does not fit test_vit with these options; leave out .*size mismatch"),
        (network_of(), {"pretrained_cfg": {}}, "config.json is not one of timm .*num_classes"),
    ],
)
def test_what_does_not_fit_is_refused(published, weights_of, network, about, message):
    with pytest.raises(WeightsError, match=message):
        begin_with(network, weights_of(layout(published, **about)), HEAD)


def test_weights_of_other_names_are_refused(weights_of):
    other = torch.nn.Linear(2, 2)
    with pytest.raises(WeightsError, match="no tensor of the name"):
        begin_with(network_of(), weights_of(layout(other)), HEAD)


def test_a_pickle_is_never_opened(published, weights_of):
    with pytest.raises(WeightsError, match="is no safetensors file"):
        weights_of({**layout(published), "model.safetensors": b"\x80\x02}q\x00."})


def test_options_that_would_fetch_weights_at_every_load_are_refused():
    with pytest.raises(SpecError, match=r"options: pretrained would fetch .*warm_start: hub://"):
        network_of(pretrained=True)


@pytest.mark.parametrize("address", ["hub://timm/test_vit", f"hub://test_vit@{COMMIT}", "hub://timm/test_vit@main"])
def test_a_recipe_names_the_commit(address):
    recipe = {"id": "vit.a", "architecture": "vit", "plugin": "zoo-vit", "train": {"dataset": "a"}}
    with pytest.raises(RecipeError, match=r"warm_start: .* is not hub://OWNER/NAME@COMMIT"):
        recipe_of({**recipe, "warm_start": address}, "here")


@pytest.fixture
def hub():
    with HubServer() as server:
        yield server


@pytest.fixture
def train(hub, tmp_path, toy):
    """Trains in a process of its own, as the Hub's client reads its settings when it is imported."""

    def run(commit, **variables):
        recipe = tmp_path / "recipe.yaml"
        recipe.write_text(RECIPE.format(start=f"hub://{REPO}@{commit}"))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        own = {
            "HF_ENDPOINT": hub.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(tmp_path / "hf"),
            "PYTHONPATH": str(toy),
        } | variables
        command = [sys.executable, "-m", "zoo_core", "train", str(recipe), "--restart", "-o", str(tmp_path / "run")]
        return subprocess.run([*command, "--device", "cpu"], env=kept | own, capture_output=True, text=True)

    return run


def test_a_training_begins_with_weights_of_the_hub_and_its_result_needs_no_hub(hub, published, train, tmp_path):
    commit = hub.add(REPO, layout(published))

    ended = train(commit)

    assert ended.returncode == 0, ended.stderr
    assert f"begins as test_vit of hub://{REPO}@{commit}" in ended.stderr
    assert train(commit, HF_HUB_OFFLINE="1").returncode == 0, "what the cache holds needs no Hub"
    asked = len(hub.requests)
    model = zoo.load(tmp_path / "run" / "model", device="cpu")
    assert len(hub.requests) == asked
    torch.testing.assert_close(model.network.body.blocks.state_dict(), published.blocks.state_dict())
    assert model.spec.training_data == f"hub://{REPO}@{commit}, toy_spots"
    assert "hub://" not in str(dict(read_folder(tmp_path / "run" / "model").arguments))


def test_without_a_network_it_says_what_to_do(hub, train):
    ended = train(COMMIT, HF_HUB_OFFLINE="1")

    assert ended.returncode != 0
    assert "HF_HUB_OFFLINE is set" in ended.stderr
    assert f"hf download {REPO} config.json model.safetensors --revision {COMMIT}" in ended.stderr
    assert hub.requests == []


def test_a_repository_without_safetensors_is_refused(hub, published, train):
    files = layout(published)
    commit = hub.add(REPO, {"config.json": files["config.json"], "pytorch_model.bin": b"\x80\x02}q\x00."})

    ended = train(commit)

    assert ended.returncode != 0 and "model.safetensors" in ended.stderr and "answered 404" in ended.stderr
    assert not hub.asked("GET", "pytorch_model.bin")
