"""The model of a lens: its image is that of lenstronomy, its slopes are those of automatic differentiation."""

import math

import numpy as np
import pytest
import torch
from lenstronomy.Data.imaging_data import ImageData
from lenstronomy.Data.psf import PSF
from lenstronomy.ImSim.image_model import ImageModel
from lenstronomy.LensModel.lens_model import LensModel as TheirLens
from lenstronomy.LightModel.light_model import LightModel

from zoo_core.fit.lens_model import PARAMETERS, LensModel, changed
from zoo_core.fit.observed import Observed

SIDE, SCALE, RAYS = 40, 0.08, 4
STEP = 1e-6  # of a parameter
AT = {
    "theta_E": 0.9,
    "lens_x": 0.03,
    "lens_y": -0.02,
    "lens_e1": 0.11,
    "lens_e2": -0.07,
    "gamma_1": 0.03,
    "gamma_2": -0.02,
    "x": 0.12,
    "y": -0.08,
    "log_R": math.log(0.25),
    "e1": 0.1,
    "e2": 0.2,
    "n": 1.1,
    "light_x": 0.02,
    "light_y": -0.01,
    "light_e1": 0.08,
    "light_e2": -0.1,
    "light_twist_1": 0.05,
    "light_twist_2": -0.03,
    "log_fwhm": math.log(0.17),
}


def row(**others):
    return changed(torch.zeros(1, len(PARAMETERS), dtype=torch.float64), AT | others)


def frame(psf=None):
    empty = torch.zeros(1, SIDE, SIDE, dtype=torch.float64)
    return Observed.of(empty, empty + 1, torch.tensor([SCALE]), psf)


def gaussian_psf(fwhm=0.17, half=7):
    offset = torch.arange(-half, half + 1, dtype=torch.float64)[None, :] * SCALE
    line = torch.exp(-0.5 * (offset / (fwhm / 2.3548200450309493)) ** 2)
    kernel = line.mT @ line
    return (kernel / kernel.sum())[None]


def model(psf=None, free=PARAMETERS, rays=RAYS):
    return LensModel.of(frame(psf), torch.tensor([1.5], dtype=torch.float64), free, rays)


def shifted_psf():
    """A PSF with a wing on one side, so that a mirrored or displaced kernel shows."""
    kernel = gaussian_psf()
    return 0.8 * kernel + 0.2 * kernel.roll((1, 2), (1, 2))


def seen_by_lenstronomy(psf, sigma, galaxy, source):
    """The same lens, its galaxy of one Gaussian."""
    middle = -(SIDE - 1) / 2 * SCALE
    data = ImageData(
        np.zeros((SIDE, SIDE)), ra_at_xy_0=middle, dec_at_xy_0=middle, transform_pix2angle=np.eye(2) * SCALE
    )
    kernel = PSF(psf_type="PIXEL", kernel_point_source=psf[0].numpy())
    place = {"center_x": AT["lens_x"], "center_y": AT["lens_y"]}
    shape = {"e1": AT["light_e1"], "e2": AT["light_e2"]}
    image = ImageModel(
        data,
        kernel,
        lens_model_class=TheirLens(["SIE", "SHEAR"]),
        source_model_class=LightModel(["SERSIC_ELLIPSE"]),
        lens_light_model_class=LightModel(["GAUSSIAN_ELLIPSE"]),
        kwargs_numerics={"supersampling_factor": RAYS, "supersampling_convolution": False},
    )
    return image.image(
        [
            {"theta_E": AT["theta_E"], "e1": AT["lens_e1"], "e2": AT["lens_e2"], **place},
            {"gamma1": AT["gamma_1"], "gamma2": AT["gamma_2"], "ra_0": AT["lens_x"], "dec_0": AT["lens_y"]},
        ],
        [
            {
                "amp": source,
                "R_sersic": math.exp(AT["log_R"]),
                "n_sersic": AT["n"],
                "e1": AT["e1"],
                "e2": AT["e2"],
                "center_x": AT["x"] + AT["lens_x"],
                "center_y": AT["y"] + AT["lens_y"],
            }
        ],
        [
            {
                "amp": galaxy * 2 * math.pi * sigma**2,
                "sigma": sigma,
                "center_x": AT["light_x"],
                "center_y": AT["light_y"],
                **shape,
            }
        ],
    )


@pytest.mark.filterwarnings("ignore::DeprecationWarning:lenstronomy")
def test_the_image_is_that_of_lenstronomy():
    psf = shifted_psf()
    ours = model(psf)
    sigma = ours.sigma[0, 9].item()
    expected = seen_by_lenstronomy(psf, sigma, galaxy=2.0, source=3.0)

    lights = ours.lights(row(light_twist_1=0.0, light_twist_2=0.0))
    image = SCALE**2 * (2.0 * lights.galaxy[0, 9] + 3.0 * lights.source[0, 0])  # theirs is flux, ours brightness

    apart = np.abs(image.numpy() - expected)[9:-9, 9:-9]  # the border sees what lies beyond it, or its own other side
    # the cusp of the source is softened, and a Gaussian of six pixels sampled where theirs is averaged over each pixel
    assert apart.max() < 2e-3 * expected.max()
    assert np.sqrt((apart**2).mean()) < 1e-3 * expected.max()


def test_a_gaussian_psf_is_its_image():
    here, there = model().lights(row()), model(gaussian_psf()).lights(row())

    torch.testing.assert_close(here.source, there.source, rtol=0, atol=5e-4 * here.source.max().item())
    # the smallest Gaussian is half a pixel wide, which sampling the kernel shows
    torch.testing.assert_close(here.galaxy, there.galaxy, rtol=0, atol=1e-3)


@pytest.mark.parametrize("psf", [None, shifted_psf()], ids=["free", "given"])
def test_slopes_are_differences(psf):
    free = PARAMETERS if psf is None else PARAMETERS[:-1]
    ours = model(psf, free, rays=1)
    galaxy = torch.rand(1, ours.sigma.shape[1], generator=torch.Generator().manual_seed(0)).double()
    several = model(psf, free, rays=1).rows(torch.zeros(2 * len(free), dtype=torch.long))
    steps = torch.cat([torch.eye(len(PARAMETERS)), -torch.eye(len(PARAMETERS))]).double()[:, : len(PARAMETERS)]
    steps = steps[[k for k in range(2 * len(PARAMETERS)) if k % len(PARAMETERS) < len(free)]]

    lights, slopes = ours.slopes(row(), galaxy, torch.tensor([[3.0]]).double())

    moved = several.lights(row() + STEP * steps)
    images = (moved.galaxy * galaxy[..., None, None]).sum(1) + 3.0 * moved.source[:, 0]
    above, below = images.split(len(free))
    for plane, other in zip(lights, ours.lights(row()), strict=True):
        torch.testing.assert_close(plane, other)
    for name, slope, there in zip(free, slopes[0], (above - below) / (2 * STEP), strict=True):
        close = 1e-6 * there.abs().max().item()  # the square of the step, and rounding over it
        torch.testing.assert_close(slope, there, rtol=0, atol=close, msg=lambda text, name=name: f"{name}: {text}")


def test_a_round_lens_has_finite_slopes():
    round_one = row(lens_e1=0.0, lens_e2=0.0, lens_x=SCALE / 2, lens_y=SCALE / 2)  # in the middle of a pixel
    ours = model(rays=1)

    _, slopes = ours.slopes(round_one, torch.ones_like(ours.sigma), torch.ones(1, 1).double())

    assert slopes.isfinite().all()
