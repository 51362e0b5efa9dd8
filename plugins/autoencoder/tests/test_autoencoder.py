"""The autoencoders: layers as published, losses that are what they say, and scores that know ordinary residuals."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from zoo_autoencoder.bodies import BODIES
from zoo_autoencoder.learning import fit_score, varied
from zoo_autoencoder.network import kl_divergence
from zoo_autoencoder.scores import Likelihood, LocalMaximum, Principal, WhitenedResidual

from zoo_core.testing.networks import network_of

NAMES = ["autoencoder", "vae", "aae"]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def built(name, size=57, **arguments):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return network_of(name, size=size, **{"latent": 8, "directions": 5, **arguments})


def blobs(images, seed=0):
    """A Gaussian blob of random place and width, 57 pixels a side."""
    x = torch.arange(57.0) - 28
    places = 16 * (torch.rand(images, 2, 1, 1, generator=generator(seed)) - 0.5)
    widths = 4 + 2 * torch.rand(images, 1, 1, generator=generator(seed + 1))
    return torch.exp(-((x[:, None] - places[:, 0]) ** 2 + (x - places[:, 1]) ** 2) / (2 * widths**2))[:, None]


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def descended(network, images, steps, rate=1e-3):
    """The losses of a few steps of Adam."""
    optimiser = torch.optim.Adam(network.train().parameters(), lr=rate)
    losses = []
    for step in range(steps):
        loss = network.objective(images, images, generator(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def test_the_published_encoder_has_the_published_layers():
    body = BODIES["published"](1)

    shapes, x = [], torch.zeros(2, 1, 150, 150)
    for layer in body.encoder:
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))

    assert [shapes[k] for k in (0, 2, 4, 5)] == [(16, 49, 49), (32, 15, 15), (64, 9, 9), (5184,)]
    assert body.decoder(x).shape == (2, 1, 150, 150)


def test_the_published_encoder_has_5_311_336_parameters():
    network = built("autoencoder", 150, body="published", latent=1000, score="mse")

    assert count(network.encoder) + count(network.to_latent) == 5_311_336  # 800 + 25,120 + 100,416 + 5,185,000


def test_the_published_discriminator_has_three_layers_of_256_256_and_1():
    network = built("aae", 150, body="published", latent=1000, score="mse", width=5.0)

    widths = [layer.out_features for layer in network.discriminator if isinstance(layer, torch.nn.Linear)]
    assert widths == [256, 256, 1]


def test_the_published_score_is_the_mean_squared_residual():
    network = built("autoencoder", score="mse").eval()

    with torch.no_grad():
        score, reconstruction, _ = network(blobs(3))

    torch.testing.assert_close(score, ((blobs(3) - reconstruction) ** 2).mean((1, 2, 3)))


def test_the_divergence_is_that_of_two_gaussians():
    mean, log_variance = torch.randn(2, 4, 6, generator=generator())

    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1)

    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)


def test_the_divergence_counts_in_full():
    network, images = built("vae", score="mse"), blobs(4)
    with torch.no_grad():
        network.from_latent.weight.zero_()  # the image no longer depends on the latent: only its divergence does
        near = network.objective(images, images, generator())
        divergence = kl_divergence(*network.posterior(images)).mean()
        network.to_latent.bias.add_(30.0)
        far = network.objective(images, images, generator())
        added = kl_divergence(*network.posterior(images)).mean() - divergence

    torch.testing.assert_close(far - near, added / 57**2, rtol=1e-4, atol=1e-5)


def test_a_variational_latent_is_drawn_in_training_and_its_mean_is_used_after():
    network = built("vae")
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        drawn = [network.train().encode(blobs(2)) for _ in range(2)]
        predicted = [network.eval().encode(blobs(2)) for _ in range(2)]

    assert not torch.equal(*drawn)
    assert torch.equal(*predicted)


def test_each_player_of_the_adversarial_game_has_gradients_of_its_own():
    network = built("aae", weight=1.0)

    network._judged(network.encode(blobs(4))).sum().backward()

    assert all(parameter.grad is None for parameter in network.discriminator.parameters())
    assert network.to_latent.weight.grad.abs().sum() > 0


def test_latents_far_from_the_prior_deceive_a_discriminator_less():
    network = built("aae", latent=2, score="mse", weight=1.0)
    optimiser = torch.optim.Adam(network.discriminator.parameters(), lr=1e-2)
    for step in range(60):
        optimiser.zero_grad()
        network.objective(blobs(32), blobs(32), generator(step)).backward()
        optimiser.step()

    with torch.no_grad():
        realistic = network._judged(torch.randn(100, 2, generator=generator(1))).mean()
        degenerate = network._judged(network.encode(blobs(100))).mean()  # of a new encoder: next to one point

    assert realistic > degenerate


@pytest.mark.parametrize("name", NAMES)
def test_training_reduces_the_loss(name):
    losses = descended(built(name), blobs(32), 40)

    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_the_same_generator_gives_the_same_loss():
    for name in NAMES:
        network = built(name).train()
        one, other = (network.objective(blobs(4), blobs(4), generator(3)) for _ in range(2))
        assert torch.equal(one, other)


def test_whitening_gives_the_mahalanobis_distance_in_all_directions():
    vectors = torch.randn(400, 6, generator=generator()) @ torch.randn(6, 6, generator=generator(1))
    vectors = vectors / vectors.norm(dim=1, keepdim=True)  # of one length: none counts less than another
    vectors = torch.cat([vectors, -vectors]).double()
    principal = Principal(6, 6).double()

    principal.fit(vectors, seed=0)

    inverse = np.linalg.inv(np.cov(vectors.numpy(), rowvar=False))
    expected = np.einsum("bi,ij,bj->b", vectors.numpy(), inverse, vectors.numpy())
    np.testing.assert_allclose(principal(vectors)[0].numpy(), expected, rtol=1e-6)  # their lengths are equal to float32


def test_a_few_long_residuals_do_not_decide_what_is_ordinary():
    vectors = torch.randn(1000, 20, generator=generator()) * torch.linspace(3, 1, 20)
    spoilt = vectors.clone()
    spoilt[:30, 19] *= 50
    with_outliers, without = Principal(20, 5), Principal(20, 5)

    without.fit(vectors, seed=0)
    with_outliers.fit(spoilt, seed=0)

    torch.testing.assert_close(with_outliers(vectors)[0].mean(), without(vectors)[0].mean(), rtol=0.1, atol=0)


def test_the_likelihood_is_that_of_probabilistic_pca():
    scales = torch.tensor([5.0, 3.0] + [0.5] * 8)
    residuals = (torch.randn(300, 10, generator=generator()) * scales).view(-1, 1, 2, 5)
    score = Likelihood(10, 3, 2).double()
    score.fit(residuals, torch.zeros(300, 3), seed=0)

    known = score.residual
    left = torch.eye(10) - known.directions @ known.directions.T
    covariance = (known.directions * known.variances) @ known.directions.T + known.remainder * left
    normal = multivariate_normal(known.mean.numpy(), covariance.numpy())
    constant = np.linalg.slogdet(2 * np.pi * covariance.numpy())[1]

    expected = (-2 * normal.logpdf(residuals.flatten(1).double().numpy()) - constant) / 10
    np.testing.assert_allclose(score(residuals.double(), torch.zeros(300, 3)), expected, rtol=1e-6)


@pytest.mark.parametrize("score", ["whitened", "likelihood", "latent"])
def test_ordinary_images_score_of_the_order_of_one(score):
    network = built("autoencoder", score=score)
    images = blobs(200) + 0.02 * torch.randn(200, 1, 57, 57, generator=generator())

    fit_score(network, images, half_turns=False, seed=0)

    with torch.no_grad():
        scores = network(images)[0]
    assert scores.isfinite().all()
    assert 0.5 < scores.median() < 2


def test_whitening_finds_a_change_along_a_direction_in_which_nothing_varies():
    noise = torch.randn(300, 1, 8, 8, generator=generator())
    noise[:, :, 4:] *= 5  # the lower half is known badly
    score = WhitenedResidual(64, 2, 60)
    score.fit(noise, torch.zeros(300, 2), seed=0)
    upper, lower = torch.zeros(2, 1, 1, 8, 8)
    upper[..., 1, 1], lower[..., 6, 1] = 6.0, 6.0

    assert score(upper, torch.zeros(1, 2)) > 3 * score(lower, torch.zeros(1, 2))


def test_directions_without_variance_give_finite_scores():
    residuals = torch.zeros(20, 1, 8, 8)
    residuals[..., 0, 0] = torch.randn(20, 1, generator=generator())
    score = WhitenedResidual(64, 2, 10)
    score.fit(residuals, torch.zeros(20, 2), seed=0)

    assert score(residuals, torch.zeros(20, 2)).isfinite().all()


def test_a_local_maximum_does_not_move_with_the_anomaly_or_turn_with_the_image():
    residual = torch.zeros(1, 1, 20, 20)
    residual[..., 5:8, 6:9] = -0.3
    score = LocalMaximum()

    expected = torch.tensor([0.3])
    for moved in (residual, residual.roll(4, -1), residual.rot90(1, (-2, -1)), -residual):
        torch.testing.assert_close(score(moved, torch.zeros(1, 2)), expected)


def test_half_turns_leave_half_of_the_images_and_no_third_kind():
    images = blobs(400)

    turned_or_not = varied(images, generator())

    same = (turned_or_not == images).flatten(1).all(1)
    turned = (turned_or_not == images.flip(-1, -2)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert 140 < same.sum() < 260


@pytest.mark.parametrize("name", NAMES)
def test_a_fitted_score_does_not_depend_on_its_companions(name):
    network = built(name, directions=20)
    fit_score(network, blobs(100), half_turns=True, seed=0)

    with torch.no_grad():
        together = network(blobs(7, seed=5))[0]
        alone = torch.cat([network(image[None])[0] for image in blobs(7, seed=5)])

    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-5)  # directions of little variance amplify rounding
