"""The bottleneck, layer by layer; what its samples and its objective are; and that the best beta is kept."""

import logging
import re

import pytest
import torch
from safetensors.torch import load_file
from zoo_vib.learning import objective
from zoo_vib.network import LASTRO

import zoo_core as zoo
from zoo_core.errors import SpecError
from zoo_core.train.fit import train
from zoo_core.train.warm import warm

WIDTHS = (16, 32, 64, 128)


@pytest.fixture(scope="module")
def network():
    return zoo.build("vib", device="cpu").network


def test_it_has_so_many_weights(network):
    first = 3 * 16 * 25 + 2 * 16
    deeper = sum(9 * a * b + 9 * b * b + 4 * b for a, b in ((16, 32), (32, 64), (64, 128)))
    assert sum(p.numel() for p in network.parameters()) == first + deeper + (128 + 1) * 64 + 32 + 1 == 300_721
    regressor = zoo.build("vib_regression", device="cpu").network
    assert sum(p.numel() for p in regressor.parameters()) == first + deeper + (128 + 1) * 64 + (32 + 1) * 14


def test_each_level_halves_the_image(network):
    x, shapes = torch.randn(1, 3, 101, 101), []
    for level in network.encoder.levels:
        x = level(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(16, 51, 51), (32, 26, 26), (64, 13, 13), (128, 7, 7)]


def test_behind_lastro_it_begins_with_the_features_that_are_published():
    model, published = zoo.build("vib", device="cpu", encoder="lastro"), zoo.load("lastro.space", device="cpu")
    warm(model, {"encoder": "lastro"}, published)
    x = torch.randn(2, 3, 101, 101)
    assert torch.equal(model.network.eval().encoder(x), published.network.features(x))
    with pytest.raises(SpecError, match="takes images of 101 x 101"):
        LASTRO(channels=3, size=64)


def test_behind_resnet_the_published_regressor_has_the_features_of_what_it_began_with():
    model, begun = (zoo.load(name, device="cpu") for name in ("vib_regression.hst", "resnet_regression.hst"))
    x = torch.randn(2, 4, 144, 144)
    assert model.preprocess.digest == begun.preprocess.digest
    features = model.network.encoder(x), begun.network.features(x)
    torch.testing.assert_close(*features, atol=1e-5, rtol=1e-5)  # the mean of equal weights is rounded


def test_what_the_latent_is_told_is_the_divergence_of_its_distribution(network):
    x = torch.randn(3, 3, 64, 64)
    _, nats = network.answered(x, torch.zeros(3, 32))
    mean, sigma = network.latent(x)
    one, standard = torch.distributions.Normal(mean, sigma), torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(nats, torch.distributions.kl_divergence(one, standard).sum(1), rtol=1e-4, atol=1e-4)


def test_an_answer_is_the_mean_of_the_probabilities_of_its_samples(network):
    x = torch.randn(2, 3, 64, 64)
    mean, sigma = network.latent(x)
    each = torch.stack([network.decoder(mean + sigma * e).sigmoid() for e in network.normal])
    torch.testing.assert_close(network(x).sigmoid(), each.mean(0))
    torch.testing.assert_close(network.normal.mean(0), torch.zeros(32), atol=1e-6, rtol=0)


def test_a_regressor_doubts_what_samples_of_its_latent_differ_in():
    model, image = zoo.build("vib_regression", device="cpu"), torch.randn(2, 1, 101, 101)
    torch.nn.init.constant_(model.network.moments.bias, 5.0)  # a wide latent
    posterior = model(image, 0.1)
    _, sigma = model.network.latent(model.preprocess.images(image, 0.1))
    W = model.network.decoder.weight[:7] * sigma[:, None]  # means are linear in the latent
    spread = torch.cov(model.network.normal.T, correction=0)
    assert posterior.means.shape == (2, 32, 7)
    torch.testing.assert_close(posterior.epistemic, W @ spread @ W.mT, rtol=1e-3, atol=1e-4)


def test_the_price_of_a_nat_is_beta(network):
    x, y, normal = torch.randn(4, 3, 64, 64), torch.tensor([0.0, 1, 0, 1]), torch.randn(4, 32)
    heads = zoo.Heads(classes=("nonlens", "lens"))
    answers, nats = network.answered(x, normal)
    for beta in (0.0, 0.5):
        expected = torch.nn.functional.binary_cross_entropy_with_logits(answers[:, 0], y) + beta * nats.mean()
        torch.testing.assert_close(objective(network, x, y, normal, beta, heads), expected)


RECIPE = """
id: vib.tiny
architecture: vib
plugin: zoo-vib
arguments: {widths: [8], latent: 4, samples: 2}
train: {dataset: finding_space, arguments: {n: 8, seed: 1, lens_fraction: 0.5}}
validation: {dataset: finding_space, arguments: {n: 4, seed: 2, lens_fraction: 0.5}}
batch_size: 4
steps: 2
validate_every: 2
optimiser: {lr: 1.0e-2}
settings: {betas: [0.0, 10.0]}
publish: {storage: float32}
"""


def test_each_beta_goes_on_from_the_middle_one_and_the_best_on_validation_images_is_kept(tmp_path, caplog):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    with caplog.at_level(logging.INFO, logger="zoo"):
        folder = train(tmp_path / "recipe.yaml", tmp_path / "run", device="cpu", progress=False).parent

    found = re.findall(r"(\w+), beta (\S+): loss of the validation images ([0-9.]+)", caplog.text)
    assert [(stage, float(beta)) for stage, beta, _ in found] == [("middle", 10), ("beta_0", 0), ("beta_1", 10)]
    best = min(found[1:], key=lambda one: float(one[2]))[0]
    kept, stage = load_file(folder / "model" / "model.safetensors"), load_file(folder / best / "best.safetensors")
    assert kept.keys() == stage.keys()
    assert all(torch.equal(kept[name], stage[name]) for name in kept)
    assert len([*(folder / "data").glob("*.npy")]) == 1  # the validation images; of the others nobody asks all


@pytest.mark.parametrize("wrong", [{"samples": 3}, {"widths": [12]}, {"widths": []}])
def test_arguments_that_make_no_network_are_refused(wrong):
    with pytest.raises(zoo.ArgumentError, match=f"{next(iter(wrong))} = "):
        zoo.build("vib", device="cpu", **wrong)
