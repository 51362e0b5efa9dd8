"""`restoration_space`: the same scenes observed, without noise, and with nothing but their arcs."""

import numpy as np
import pytest
import torch

from zoo_core.datasets.simulated.restoration import restoration_space
from zoo_core.errors import DatasetError

N = 8


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    torch.set_num_threads(1)
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def noisy(cache):
    return restoration_space(n=N, seed=5, cache=cache)


@pytest.fixture(scope="module")
def blended(cache):
    return restoration_space(n=N, seed=5, target="deblend", cache=cache)


def test_the_images_are_their_light_with_noise_of_the_sigma_that_is_told(noisy):
    truth = noisy.noise_free(slice(None))
    noise = (noisy.images(slice(None)) - truth.light) / truth.sigma
    spread = np.diff(np.nanpercentile(noise, [15.87, 84.13], axis=(1, 2, 3)), axis=0) / 2
    assert np.median(spread) == pytest.approx(1, abs=0.1)  # correlated noise tells a spread less well


def test_the_arcs_are_the_target_of_deblending_and_a_part_of_that_of_denoising(noisy, blended):
    everything, arcs, lens = noisy.targets(), blended.targets(), noisy.truth()["label"] == 1
    assert np.array_equal(noisy.images(slice(None)), blended.images(slice(None)), equal_nan=True)
    assert np.array_equal(np.isnan(everything), np.isnan(noisy.images(slice(None))))
    assert np.nanmin(everything - arcs) >= -1e-3  # the galaxies in front
    assert np.nanmax(np.abs(arcs[~lens])) == 0 and (np.nanmax(arcs[lens], axis=(1, 2, 3)) > 0.5).all()
    assert noisy.fingerprint() != blended.fingerprint()


def test_an_image_is_the_same_alone_and_in_a_batch(noisy):
    alone, _ = noisy.make(3, 4)
    np.testing.assert_allclose(alone[0], noisy.images([3])[0], atol=1e-4)


def test_sources_stand_where_light_is(noisy, blended):
    truth = noisy.noise_free(slice(None))
    assert len(truth.points) and len(truth.galaxies) >= N
    for image, row, column in truth.points:
        around = truth.light[image, 0, max(0, row - 3) : row + 4, max(0, column - 3) : column + 4]
        assert truth.light[image, 0, row, column] > np.median(around)
    assert not len(blended.noise_free([0]).galaxies)


@pytest.mark.parametrize("target", ["denoise", "deblend"])
def test_training_images_come_with_what_they_become(tmp_path, cache, target):
    dataset = restoration_space(n=N, seed=5, target=target, cache=cache)
    view, rows = dataset.training_view(tmp_path, torch.device("cpu")), np.arange(N)
    images, targets = view.draw(rows, torch.Generator().manual_seed(1))
    again = view.draw(rows, torch.Generator().manual_seed(1))
    others, _ = view.draw(rows, torch.Generator().manual_seed(2))
    assert torch.equal(images.isnan(), targets.isnan()) and images.shape == targets.shape == (N, 1, 101, 101)
    assert torch.equal(torch.nan_to_num(again[1]), torch.nan_to_num(targets))
    assert not torch.equal(torch.nan_to_num(others), torch.nan_to_num(images))
    if target == "denoise":  # what is left is noise of about one sky sigma
        assert 0.5 < float(torch.nanmedian((images - targets).abs())) < 1.2


@pytest.mark.parametrize("wrong", [{"target": "deconvolve"}, {"version": 7}])
def test_what_there_is_not_is_an_error(wrong):
    with pytest.raises(DatasetError, match=f"{next(iter(wrong))} = .*; choose"):
        restoration_space(**wrong)


def test_a_data_set_without_noise_free_images_says_so():
    from zoo_core.datasets.simulated.finding import finding_space

    with pytest.raises(DatasetError, match="finding_space does not know its images without their noise"):
        finding_space(n=2).noise_free([0])
