"""Filters take noise away, and are what the libraries give."""

import numpy as np
import pytest
import torch
from skimage.filters import gaussian

import zoo_core as zoo

NAMES = ("gaussian_filter", "wavelet_filter", "nlmeans_filter")


@pytest.fixture(scope="module")
def light():
    y, x = np.indices((41, 41)) - 20
    return torch.from_numpy(60 * np.exp(-(x**2 + y**2) / 50)).float()[None, None]


@pytest.mark.parametrize("name", NAMES)
def test_there_is_less_noise_afterwards_in_any_unit(name, light):
    network = zoo.build(name, device="cpu").network
    noisy = light + torch.randn(light.shape, generator=torch.Generator().manual_seed(1))
    restored = network(noisy)
    before, after = ((image - light).square().mean().sqrt() for image in (noisy, restored))
    assert after < 0.75 * before
    torch.testing.assert_close(network(1e-12 * noisy), 1e-12 * restored, rtol=1e-3, atol=1e-14)


def test_without_a_filter_the_image_stays_as_it_was_observed(light):
    torch.testing.assert_close(zoo.build("no_filter", device="cpu").network(light + 1), light + 1)


def test_the_gaussian_is_that_of_the_library(light):
    network = zoo.build("gaussian_filter", device="cpu").network
    network.strength.fill_(1.3)
    noisy = light + torch.randn(light.shape, generator=torch.Generator().manual_seed(1))
    expected = gaussian(noisy[0, 0].double().numpy(), 1.3, mode="reflect", preserve_range=True)
    np.testing.assert_allclose(network(noisy)[0, 0].numpy(), expected, atol=1e-4)


def test_beside_a_sersic_profile_an_arc_stays_and_its_galaxy_and_the_noise_go(light):
    y, x = np.indices((41, 41)) - 20
    arc = torch.from_numpy(20 * np.exp(-((np.hypot(x, y) - 13) ** 2) / 2) * (x > 8)).float()
    network = zoo.build("sersic_filter", device="cpu").network
    network.strength.fill_(3.0)
    noise = torch.randn(light.shape, generator=torch.Generator().manual_seed(1))
    found = network(light + arc + noise)[0, 0]
    assert found[arc > 10].sum() > 0.6 * arc[arc > 10].sum()
    assert found[arc < 0.1].sum() < 0.1 * light.sum()


@pytest.mark.parametrize("name", NAMES)
def test_the_best_strength_of_those_that_are_tried_is_kept(name, light):
    from zoo_filters.choice import train

    network = zoo.build(name, device="cpu").network
    noisy = light.expand(4, -1, -1, -1) + torch.randn((4, *light.shape[1:]), generator=torch.Generator().manual_seed(1))
    targets = light.expand(4, -1, -1, -1)

    class Training:
        heads = zoo.Heads()

        def images(self):
            return noisy

        def targets(self):
            return targets.numpy()

    train(network, Training())
    chosen, errors = float(network.strength), {}
    for strength in network.STRENGTHS:
        network.strength.fill_(strength)
        errors[strength] = float((network(noisy) - targets).abs().mean())
    assert chosen == pytest.approx(min(errors, key=errors.get))
