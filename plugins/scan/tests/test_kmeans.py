"""k-means on the features that SCAN begins with."""

import pytest
import torch
from safetensors.torch import load_file
from torch import Generator

import zoo_core as zoo
from zoo_core.testing.networks import network_of
from zoo_core.train.fit import train

RECIPE = """
id: {name}.test
architecture: {name}
plugin: zoo-scan
seed: 3
train: {{dataset: slc2020, arguments: {{split: train, path: {lenses}}}}}
validation: {{dataset: slc2020, arguments: {{split: validation, path: {lenses}}}}}
bands: [grey]
classes: ["0", "1"]
preprocess: [{{op: bin, factor: 2}}, {{op: frame, size: 32}}]
arguments: {{looks: [plain], options: {{width: 4}}}}
settings: {{neighbours: 5, temperature: 0.5}}
batch_size: 24
validate_every: 2
augmentation: {{dihedral: false}}
stages: {{{stages}}}
publish: {{storage: float32}}
"""
SHORT = "scan: {steps: 1, validate_every: 1}, selflabel: {steps: 1, validate_every: 1}"


def trained(folder, lenses, name, stages):
    folder.mkdir()
    (folder / "recipe.yaml").write_text(RECIPE.format(name=name, lenses=lenses, stages=stages))
    return train(folder / "recipe.yaml", folder, device="cpu", progress=False)


@pytest.fixture(scope="module")
def kmeans(tmp_path_factory, lenses):
    return zoo.load(trained(tmp_path_factory.mktemp("runs") / "kmeans", lenses, "kmeans", "simclr: {steps: 4}"))


def test_its_features_are_those_that_scan_begins_with(kmeans, tmp_path, lenses):
    trained(tmp_path / "scan", lenses, "scan", "simclr: {steps: 4}, " + SHORT)

    begun = load_file(tmp_path / "scan" / "simclr" / "best.safetensors")

    for name, tensor in kmeans.network.backbone.state_dict().items():
        torch.testing.assert_close(tensor, begun[f"backbone.{name}"], msg=name)


@torch.no_grad()
def test_an_image_belongs_to_the_nearest_centroid():
    network = network_of("kmeans", outputs=3, looks=["plain"], options={"width": 4}).eval()
    images = torch.randn(5, 1, 32, 32, generator=Generator().manual_seed(0))

    logits, features = network(images)

    assert torch.equal(logits.argmax(1), torch.cdist(features, network.centroids).argmin(1))


def test_centroids_are_where_the_training_images_are(kmeans, lenses):
    data = zoo.open_dataset("slc2020", path=lenses, split="train")

    found = kmeans(data.images(slice(None)))

    clusters = found.probabilities.argmax(1)
    means = torch.stack([found.embedding[clusters == k].mean(0) for k in range(2)])
    torch.testing.assert_close(means, kmeans.network.centroids, rtol=1e-2, atol=1e-2)  # of Lloyd's last step
