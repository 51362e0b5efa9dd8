"""The bottleneck, layer by layer; what its samples and its objective are; and that the best beta is kept."""

import math
from types import SimpleNamespace

import pytest
import torch
from zoo_vib.learning import learn, objective
from zoo_vib.network import Bottleneck

import zoo_core as zoo
from zoo_core.tasks import task_named

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


class Descents:
    """A training of two images, in which the second beta explains most: a stand-in for a driven training."""

    heads = zoo.Heads(classes=("nonlens", "lens"))

    def __init__(self, betas, biases):
        self.settings, self.biases, self.stages = SimpleNamespace(betas=betas), biases, []

    def descend(self, stage, loss, metric):
        self.stages.append(stage)
        torch.nn.init.zeros_(self.network.decoder.weight)
        torch.nn.init.constant_(self.network.decoder.bias, self.biases[len(self.stages) - 1])
        self.network.eval()

    def validation_images(self, rows):
        return torch.ones(2, 1, 16, 16)[rows]

    def validation_targets(self):
        return torch.ones(2).numpy()


def test_the_beta_that_explains_validation_images_best_is_kept():
    network = Bottleneck(task_named("classification"), 1, 1, (8,), 4, 2)
    training = Descents((1e-4, 1e-3, 1e-2), (0.0, 2.0, 1.0))
    training.network = network
    learn(network, training)
    assert training.stages == ["beta_0", "beta_1", "beta_2"]
    assert network.decoder.bias.item() == 2
    assert math.isclose(network.eval()(torch.ones(1, 1, 16, 16)).item(), 2, rel_tol=1e-6)


@pytest.mark.parametrize("wrong", [{"samples": 3}, {"widths": [12]}, {"widths": []}])
def test_arguments_that_make_no_network_are_refused(wrong):
    with pytest.raises(zoo.ArgumentError, match=f"{next(iter(wrong))} = "):
        zoo.build("vib", device="cpu", **wrong)
