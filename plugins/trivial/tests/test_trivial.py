"""The trivial regressions have brightness and size as input, and nothing of the shape."""

import pytest
import torch
from zoo_trivial.fit import fit, fit_parameters
from zoo_trivial.network import Trivial
from zoo_trivial.statistics import NAMES, statistics

SIDE = 101


def blob(sigma, peak, x=0.0, y=0.0):
    axis = torch.arange(SIDE) - SIDE // 2
    return peak * torch.exp(-((axis[:, None] - y) ** 2 + (axis - x) ** 2) / (2 * sigma**2))[None, None]


def named(images):
    return dict(zip(NAMES, statistics(images)[0].tolist(), strict=True))


def noise(count, seed=0):
    return torch.randn(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def test_peak_and_footprint_of_a_gaussian_are_its_own():
    found = named(blob(sigma=5.0, peak=100.0))

    inside_10_sigma = torch.pi * 2 * 25 * torch.log(torch.tensor(10.0))
    assert found["peak"] == pytest.approx(torch.tensor(101.0).log().item())
    assert found["footprint_10"] == pytest.approx(inside_10_sigma.log().item(), rel=0.01)  # pixels on the edge


def test_half_of_the_light_of_a_gaussian_is_within_its_half_light_radius():
    found = named(blob(sigma=8.0, peak=1e4))

    r50 = torch.tensor(found["r50"]).expm1()
    assert abs(r50 - 8.0 * 1.1774) < 1.0  # rings are one pixel wide


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_quarter_turn_changes_nothing(turns):
    images = noise(4) + blob(4.0, 50.0, x=8.0)

    torch.testing.assert_close(statistics(images.rot90(turns, (-2, -1))), statistics(images))


def test_an_empty_frame_has_finite_statistics():
    assert statistics(torch.zeros(2, 1, SIDE, SIDE)).isfinite().all()


def test_it_learns_to_tell_bright_from_faint_but_not_an_arc_from_its_mirror_image():
    targets = torch.arange(600) % 2
    peaks = 20.0 + 40.0 * targets
    images = noise(600) + blob(4.0, 1.0) * peaks.view(-1, 1, 1, 1)
    side = torch.where(targets == 1, 12.0, -12.0)
    mirrored = noise(600, seed=1) + torch.cat([blob(3.0, 40.0, x=float(x)) for x in side])

    assert accuracy(images, targets) > 0.95
    assert accuracy(mirrored, targets) < 0.6


def test_it_learns_the_size_of_a_blob_with_its_error_and_of_its_place_the_mean():
    generator = torch.Generator().manual_seed(0)
    sizes, places = 3 + 3 * torch.rand(400, generator=generator), 8 * torch.randn(400, generator=generator)
    blobs = [blob(float(size), 50.0, x=float(place)) for size, place in zip(sizes, places, strict=True)]
    targets = torch.stack([sizes, places], 1)
    network = Trivial(channels=1, outputs=4)
    images = noise(400) + torch.cat(blobs)

    fit_parameters(network, images[:300], targets[:300])

    with torch.no_grad():
        mean, log_variance = network(images[300:]).chunk(2, dim=1)
    error = (mean - targets[300:]).std(0)
    assert error[0] < 0.2 * sizes.std()
    assert error[1] > 0.9 * places.std()
    torch.testing.assert_close(log_variance.exp().sqrt().mean(0), error, rtol=0.4, atol=0.0)


def accuracy(images, targets):
    network = Trivial(channels=1, outputs=1)
    fit(network, images[:400], targets[:400], seed=0)
    with torch.no_grad():
        called = network.eval()(images[400:])[:, 0] > 0
    return (called == (targets[400:] == 1)).float().mean()
