"""What a telescope records, against convolution by its definition."""

import numpy as np
import pytest
import torch
from scipy.signal import fftconvolve

from zoo_core.sim.telescope.blurring import blur, transfer
from zoo_core.sim.telescope.psf import PSF, psf_images

SIDE, FRAME, PIXEL = 20, 101, 0.05


def psfs():
    rows = np.zeros(2, PSF)
    rows["fwhm"], rows["q"], rows["phi"], rows["profile"] = (0.2, 0.3), (0.8, 1.0), 0.4, 0
    return rows


@pytest.mark.parametrize("oversample", [1, 2, 4])
def test_pixels_are_sums_of_what_the_psf_spreads_over_sub_pixels(oversample):
    width = SIDE * oversample
    light = torch.rand(2, width, width, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    shapes = psf_images(psfs(), 129, PIXEL, torch.float64).numpy()
    spectra = transfer(psfs(), width, PIXEL, oversample, torch.float64)
    recorded = blur(light, spectra, oversample)
    for image, shape, found in zip(light.numpy(), shapes, recorded.numpy(), strict=True):
        continued = np.pad(image, 64, mode="edge")
        sub_pixels = fftconvolve(continued, shape, mode="valid")
        expected = sub_pixels.reshape(SIDE, oversample, SIDE, oversample).sum((1, 3))
        # beyond the margin the frame repeats itself: nothing that these narrow Gaussians reach
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_one_psf_serves_all_images():
    light = torch.rand(3, 2 * SIDE, 2 * SIDE, generator=torch.Generator().manual_seed(2))
    one = transfer(psfs()[:1], 2 * SIDE, PIXEL, 2, light.dtype)
    each = transfer(psfs()[[0, 0, 0]], 2 * SIDE, PIXEL, 2, light.dtype)
    torch.testing.assert_close(blur(light, one, 2), blur(light, each, 2))


def gaussian_psf(fwhm):
    rows = np.zeros(1, PSF)
    rows["fwhm"], rows["q"] = fwhm, 1.0
    return rows


def test_blurring_a_point_gives_the_psf_binned_to_pixels():
    fine = torch.zeros(1, 2 * FRAME, 2 * FRAME, dtype=torch.float64)
    fine[0, 100:102, 100:102] = 0.25
    blurred = blur(fine, transfer(gaussian_psf(0.3), 2 * FRAME, PIXEL, 2, fine.dtype), 2)
    assert float(blurred.sum()) == pytest.approx(1, abs=1e-6)
    axis = (torch.arange(FRAME) - 50) * 0.1
    width = float((blurred[0] * axis[None] ** 2).sum())
    # the Gaussian; four sub-pixels 0.025" from the middle; and Sheppard's correction from 0.05" to 0.1": 1/1600
    assert width == pytest.approx((0.3 / 2.3548) ** 2 + 0.025**2 + 1 / 1600, rel=0.002)


def test_blurring_a_constant_leaves_it_up_to_the_edges():
    ones = torch.ones(1, 2 * FRAME, 2 * FRAME)
    blurred = blur(ones, transfer(gaussian_psf(0.3), 2 * FRAME, PIXEL, 2, ones.dtype), 2)
    torch.testing.assert_close(blurred, torch.full((1, FRAME, FRAME), 4.0), rtol=1e-5, atol=1e-5)
