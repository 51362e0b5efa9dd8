"""The classical finder: features that do not turn with the image, and heads that are what scikit-learn fitted."""

import math

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from zoo_classical import gabor, polar
from zoo_classical.features import count, features
from zoo_classical.fit import fit
from zoo_classical.network import SIZE, Classical

GRID, BANK = polar.polar_grid(SIZE), gabor.filter_bank()


def noise(images, seed=0):
    return torch.randn(images, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def ring(radius, width=2.0, peak=20.0, opening=math.pi):
    """A ring, or an arc of some half opening angle towards +x, pixels."""
    axis = torch.arange(SIZE) - (SIZE - 1) / 2
    r, theta = torch.hypot(axis[:, None], axis), torch.atan2(axis[:, None], axis[None, :])
    return (peak * torch.exp(-((r - radius) ** 2) / (2 * width**2)) * (theta.abs() <= opening))[None, None]


def features_of(images):
    return features(images, GRID, BANK)


def test_there_are_far_more_than_500_features():
    assert features_of(noise(2)).shape == (2, count(1))
    assert count(1) > 2000
    assert features_of(torch.cat([noise(2), noise(2, 1)], dim=1)).shape == (2, count(2))


@pytest.mark.parametrize("turn", [lambda x: x.rot90(1, (-2, -1)), lambda x: x.flip(-1), lambda x: x.mT])
def test_features_do_not_turn_with_the_image(turn):
    images = noise(4) + ring(15, opening=0.5)

    torch.testing.assert_close(
        features_of(turn(images)), features_of(images), atol=1e-3, rtol=1e-3
    )  # float32 sums in another order


def test_features_of_an_empty_frame_are_finite():
    assert features_of(torch.zeros(1, 1, SIZE, SIZE)).isfinite().all()


def test_a_ring_is_a_straight_line_in_polar_coordinates():
    around = polar.to_polar(ring(15.0), GRID)[0, 0]

    brightest = around.argmax(0)
    assert ((brightest + 0.5) * polar.STEP - 15.0).abs().max() <= polar.STEP


def test_filters_have_no_mean_and_unit_norm():
    assert BANK.sum(1).abs().max() < 1e-5
    torch.testing.assert_close(BANK.norm(dim=1), torch.ones(len(BANK)))


def test_a_ring_excites_tangential_filters_and_not_radial_ones():
    around = polar.to_polar(ring(15.0), GRID)
    shape = (gabor.OCTAVES, len(gabor.WAVELENGTHS), gabor.FOLDED, gabor.BANDS, gabor.STATISTICS)

    strongest = gabor.gabor_statistics(around, BANK).view(shape)[0, 0, ..., 1].amax(-1)  # of the finest filters

    tangential, radial = strongest[:2]
    assert tangential > 10 * radial


def test_harmonics_tell_a_ring_from_a_quad():
    spots = sum(ring(15.0, opening=0.15).rot90(turn, (-2, -1)) for turn in range(4))
    strength = polar.harmonics(polar.to_polar(spots, GRID)).view(polar.BANDS, polar.ORDERS)

    at_15_pixels = strength[int(15 / polar.STEP) // (polar.RADII // polar.BANDS)]
    assert at_15_pixels.argmax() == 3  # order 4


@pytest.mark.parametrize("head", ["linear", "rbf", "mlp"])
def test_each_head_learns_arcs_on_galaxies_that_are_equally_bright(head):
    network = untrained(head, width=32)
    images, targets = arcs_and_blobs(120)

    fit(network, images[:80], targets[:80], seed=0)

    with torch.no_grad():
        called = network.eval()(images[80:])[:, 0] > 0
    assert (called == (targets[80:] == 1)).float().mean() > 0.9


@pytest.mark.parametrize("head", ["linear", "rbf", "mlp"])
def test_the_same_seed_fits_the_same_weights(head):
    images, targets = arcs_and_blobs(24)
    first, second = (untrained(head, width=8) for _ in range(2))

    for network in (first, second):
        fit(network, images, targets, seed=3)

    for name, weight in first.state_dict().items():
        torch.testing.assert_close(second.state_dict()[name], weight, msg=name)


def test_the_kernel_is_the_gaussian_one():
    from sklearn.metrics.pairwise import rbf_kernel

    layer = Classical(1, 1, "rbf", 16).map
    x, _ = make_classification(20, count(1), random_state=0)
    with torch.no_grad():
        layer.log_gamma.fill_(math.log(1e-3))
        mapped = layer(torch.from_numpy(x).float())

    expected = rbf_kernel(x, layer.landmarks.detach().numpy(), gamma=1e-3)
    np.testing.assert_allclose(mapped.numpy(), expected, atol=1e-4)  # float32 distances


def untrained(head, width):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classical(1, 1, head, width)


def arcs_and_blobs(images):
    """Half with an arc, half with as bright a blob at the same distance."""
    targets = torch.arange(images) % 2
    arc, blob = ring(15.0, opening=0.8, peak=6.0), ring(15.0, width=4.0, opening=0.25, peak=9.0)
    light = torch.where(targets.view(-1, 1, 1, 1) == 1, arc, blob)
    turned = torch.cat([image[None].rot90(k % 4, (-2, -1)) for k, image in enumerate(light)])
    return noise(images) + turned, targets
