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


def test_arcs_are_in_every_exposure_where_all_scenes_are_lenses_to_be_deblended(tmp_path, cache):
    drawn = {}
    for target in ("denoise", "deblend"):
        lenses = restoration_space(n=2, seed=5, lens_fraction=1.0, target=target, cache=cache)
        view, rows = lenses.training_view(tmp_path / target, torch.device("cpu")), np.tile([0, 1], 30)
        drawn[target] = view.draw(rows, torch.Generator().manual_seed(1))
    arcs = torch.nan_to_num(drawn["deblend"][1]).flatten(1).amax(1)
    assert (arcs > 0).all()
    images = [torch.nan_to_num(images) for images, _ in drawn.values()]  # of the same noise
    assert 1 <= (images[0] != images[1]).flatten(1).any(1).sum() <= 20  # twins, one exposure in seven


def test_shorter_exposures_have_less_signal_in_their_noise(noisy, cache):
    short = restoration_space(n=N, seed=5, cache=cache, ratio=(4, 4))
    before, after = noisy.noise_free(slice(None)), short.noise_free(slice(None))
    np.testing.assert_allclose(after.light, before.light / 2, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(after.sigma, before.sigma, rtol=1e-3)  # in units of the sky: both parts grow alike
    np.testing.assert_allclose(short.truth()["arc_snr"], noisy.truth()["arc_snr"] / 2)
    noise = (short.images(slice(None)) - after.light) / after.sigma
    spread = np.diff(np.nanpercentile(noise, [15.87, 84.13], axis=(1, 2, 3)), axis=0) / 2
    assert np.median(spread) == pytest.approx(1, abs=0.1)
    assert short.fingerprint() != noisy.fingerprint() and set(short.truth()["ratio"].round(6)) == {4}


def test_ratios_are_drawn_of_each_image_and_of_each_training_image(tmp_path, cache):
    dataset = restoration_space(n=N, seed=5, cache=cache, ratio=(2, 10))
    ratios = dataset.ratios(np.arange(500))
    assert 2 <= ratios.min() < 2.1 and 9.5 < ratios.max() <= 10
    assert np.median(ratios) == pytest.approx(20**0.5, rel=0.1)
    view, plain = (
        one.training_view(tmp_path / str(k), torch.device("cpu"))
        for k, one in enumerate((dataset, restoration_space(n=N, seed=5, cache=cache)))
    )
    images, targets = view.draw(np.arange(N), torch.Generator().manual_seed(1))
    _, brighter = plain.draw(np.arange(N), torch.Generator().manual_seed(1))
    assert 0.5 < float(torch.nanmedian((images - targets).abs())) < 1.2
    peaks = [float(np.nanmax(part.numpy(), axis=(1, 2, 3)).mean()) for part in (targets, brighter)]
    assert peaks[0] < 0.75 * peaks[1]


def test_ratios_that_are_told_stand_in_a_plane_of_their_own(tmp_path, cache):
    silent, telling = (
        restoration_space(n=N, seed=5, cache=cache, ratio=(2, 10), tells_ratio=told) for told in (False, True)
    )
    targets, ratios = telling.targets(), telling.ratios(np.arange(N))
    assert np.array_equal(targets[:, :1], silent.targets(), equal_nan=True)
    np.testing.assert_array_equal(targets[:, 1], np.broadcast_to(ratios[:, None, None], (N, 101, 101)).astype("f4"))
    assert telling.fingerprint() != silent.fingerprint()
    (images, wanted), (_, light) = (
        one.training_view(tmp_path, torch.device("cpu")).draw(np.arange(N), torch.Generator().manual_seed(1))
        for one in (telling, silent)
    )
    assert torch.equal(wanted[:, :1].nan_to_num(), light.nan_to_num()) and images.shape == light.shape
    assert 2 <= wanted[:, 1].min() < wanted[:, 1].max() <= 10 and torch.equal(wanted[:, 1, 0, 0], wanted[:, 1, 50, 50])


def test_noise_of_another_kind_is_another_data_set_of_the_same_scenes(noisy, cache):
    lanczos = restoration_space(n=N, seed=5, cache=cache, noise="lanczos")
    assert lanczos.fingerprint() != noisy.fingerprint()
    truth = [one.noise_free([0, 1]) for one in (noisy, lanczos)]
    np.testing.assert_allclose(*(one.light - one.arcs for one in truth), atol=1e-3, rtol=1e-3)
    np.testing.assert_allclose(*(one.arcs / one.arcs.max() for one in truth), atol=1e-3)  # bright enough to be seen
    assert not np.allclose(*(one.images([0, 1]) for one in (noisy, lanczos)), equal_nan=True)


@pytest.mark.parametrize("wrong", [{"target": "deconvolve"}, {"version": 7}, {"noise": "none"}])
def test_what_there_is_not_is_an_error(wrong):
    with pytest.raises(DatasetError, match=f"{next(iter(wrong))} = .*; choose"):
        restoration_space(**wrong)


@pytest.mark.parametrize("ratio", [(0.5, 2), (10, 2), (2, 1000), (2,)])
def test_a_ratio_that_no_exposure_has_is_an_error(ratio):
    with pytest.raises(DatasetError, match=r"ratio = .*; give the lowest and the highest"):
        restoration_space(ratio=ratio)


def test_a_data_set_without_noise_free_images_says_so():
    from zoo_core.datasets.simulated.finding import finding_space

    with pytest.raises(DatasetError, match="finding_space does not know its images without their noise"):
        finding_space(n=2).noise_free([0])
