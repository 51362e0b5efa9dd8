"""Batches are resampled, binned and framed as single images are."""

import numpy as np
import pytest
import torch

from zoo_core.images import geometry, geometry_torch


def images(side: int) -> np.ndarray:
    """Noise with a border and a box that were not measured."""
    found = np.random.default_rng(3).normal(size=(2, 1, side, side)).astype(np.float32)
    found[:, :, :3], found[:, :, 20:26, 10:15] = np.nan, np.nan
    return found


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def same(ours: torch.Tensor, theirs: list[tuple[np.ndarray, np.ndarray]], where: slice = slice(None)) -> None:
    for image, (pixels, valid) in zip(ours.numpy(), theirs, strict=True):
        np.testing.assert_array_equal(np.isfinite(image), valid)
        chosen = valid[..., where, :]
        np.testing.assert_allclose(image[..., where, :][chosen], pixels[..., where, :][chosen], atol=1e-5)


@pytest.mark.parametrize("side", [40, 41])
def test_larger_pixels_are_those_of_single_images(side):
    given = images(side)

    ours = geometry_torch.resample(torch.from_numpy(given), 0.1, 0.17, generator())

    same(ours, [geometry.resample(image, np.isfinite(image), 0.1, 0.17) for image in given])


def test_smaller_pixels_are_those_of_single_images_away_from_the_gaps():
    given = images(40)

    ours = geometry_torch.resample(torch.from_numpy(given), 0.1, 0.06, generator())

    # gaps are continued with noise of their own before a spline is laid through the pixels
    same(ours, [geometry.resample(image, np.isfinite(image), 0.1, 0.06) for image in given], slice(55, None))


@pytest.mark.parametrize("factor", [2, 3])
def test_bins_are_those_of_single_images(factor):
    given = images(41)

    ours = geometry_torch.bin_mean(torch.from_numpy(given), factor)

    same(ours, [geometry.bin_mean(image, np.isfinite(image), factor) for image in given])


@pytest.mark.parametrize(("side", "size"), [(40, 31), (41, 30), (30, 41), (31, 40), (33, 33)])
def test_the_centre_of_a_frame_is_that_of_single_images(side, size):
    given = np.random.default_rng(3).normal(size=(1, 1, side, side)).astype(np.float32)

    ours = geometry_torch.centred(torch.from_numpy(given), size)[0].numpy()

    theirs, _ = geometry.frame(given[0], size)
    np.testing.assert_array_equal(ours[np.isfinite(ours)], theirs[np.isfinite(ours)])
    assert np.isfinite(ours).sum() == min(side, size) ** 2
