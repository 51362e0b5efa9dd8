"""A classifier begins with the layers of a network that clusters, and learns classes from few labels."""

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.plugins import architecture as architecture_named
from zoo_core.testing.networks import network_of
from zoo_core.train.fit import train
from zoo_core.train.warm import warm

RECIPE = """
id: scan.test
architecture: scan
plugin: zoo-scan
train: {{dataset: slc2020, arguments: {{split: train, path: {lenses}}}}}
validation: {{dataset: slc2020, arguments: {{split: validation, path: {lenses}}}}}
bands: [grey]
classes: ["0", "1"]
preprocess: [{{op: bin, factor: 2}}, {{op: frame, size: 32}}]
arguments: {{looks: [plain], heads: 2, options: {{width: 4}}}}
settings: {{neighbours: 5, temperature: 0.5}}
batch_size: 24
validate_every: 20
optimiser: {{lr: 3.0e-3}}
augmentation: {{dihedral: false}}
stages: {{simclr: {{steps: 40}}, scan: {{steps: 1, validate_every: 1}}, selflabel: {{steps: 1, validate_every: 1}}}}
publish: {{storage: float32}}
"""


@pytest.fixture(scope="module")
def clusters(tmp_path_factory, lenses):
    """Folder of a network that was trained on rings and blobs without labels."""
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "recipe.yaml").write_text(RECIPE.format(lenses=lenses))
    return train(folder / "recipe.yaml", folder / "run", device="cpu", progress=False)


def finetuned(clusters, lenses, out, **how):
    return zoo.finetune(
        clusters,
        on="slc2020",
        data=lenses,
        arguments={"split": "train"},
        validation={"split": "validation"},
        architecture="scan_classifier",
        out=out,
        device="cpu",
        progress=False,
        **how,
    )


def test_two_labels_of_each_class_suffice(clusters, lenses, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="zoo"):
        model = zoo.load(
            finetuned(clusters, lenses, tmp_path / "few", labels_per_class=2, steps=60, lr=0.03, freeze=True)
        )

    assert "slc2020: 4 of its images are used" in caplog.text
    assert model.task.name == "classification" and model.heads.classes == ("no_sub", "sub")
    test = zoo.open_dataset("slc2020", path=lenses, split="test")
    guessed = model(test.images(slice(None))).probabilities.argmax(1).numpy()
    assert (guessed == test.truth()["label"]).mean() > 0.9


def test_all_but_the_head_begins_as_in_the_network_that_clusters(clusters, lenses, tmp_path):
    start = zoo.load(clusters).network.state_dict()

    frozen = zoo.load(finetuned(clusters, lenses, tmp_path / "frozen", steps=1, freeze=True)).network

    for name, tensor in frozen.state_dict().items():
        if not name.startswith("head."):
            torch.testing.assert_close(tensor, start[name], msg=name, rtol=1e-3, atol=1e-4)  # half precision


def test_it_has_the_names_of_the_network_that_clusters():
    shared = {name for name in network_of("scan_classifier", outputs=3).state_dict() if not name.startswith("head.")}

    assert shared and shared <= set(network_of("scan", outputs=3).state_dict())


def test_two_classes_have_one_logit():
    network = network_of("scan_classifier", options={"width": 4})

    logits = network(torch.from_numpy(np.zeros((2, 1, 32, 32), np.float32)))

    assert logits.shape == (2, 1)


def test_a_stem_that_takes_but_one_channel_can_be_started_from():
    start, architecture = zoo.load("scan.substructure"), architecture_named("scan_classifier", "zoo-scan")
    assert start.spec is not None
    arguments = {key: value for key, value in start.spec.arguments.items() if key != "heads"}
    network = network_of("scan_classifier", outputs=3, **arguments)

    warm(replace(start, architecture=architecture, network=network, heads=architecture.heads), arguments, start)

    given = start.network.state_dict()
    for name, tensor in network.state_dict().items():
        assert name.startswith("head.") or torch.equal(tensor, given[name])
