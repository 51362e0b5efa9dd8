"""Models of parameters as models that map mass."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.catalog.registry import catalog
from zoo_core.errors import ArgumentError
from zoo_core.models.mass_map import map_of
from zoo_core.sim.frame import CutoutFrame
from zoo_core.sim.rays.masses import pixel_convergence
from zoo_core.sim.rays.scene import LENS, Lens
from zoo_core.sim.tables import table
from zoo_core.tasks import Heads, Regression
from zoo_core.testing.members import OF_MEMBERS_LAWS
from zoo_core.testing.trained import Trial

FRAME = CutoutFrame(side=31, pixel_scale=0.1)
HEADS = Heads(parameters=("theta_E", "e1", "e2", "lens_x"), units=("arcsec", "", "", "arcsec"))


def posterior(error, e1=0.2):
    mean = torch.tensor([[0.9, e1, 0.0, 0.1]])
    return Regression.of(mean, torch.diag(torch.tensor([error**2, 1e-8, 1e-8, 1e-8]))[None], HEADS)


def test_the_map_is_that_of_the_mean_lens():
    found, _ = map_of(posterior(0.05), FRAME)
    lens = Lens(theta_E=0.9, q=0.8 / 1.2, phi=0.0, x=0.1)
    torch.testing.assert_close(found, pixel_convergence(table([lens], LENS), FRAME).log10(), atol=1e-6, rtol=0)


def test_sigma_is_the_scatter_of_the_posterior():
    _, sigma = map_of(posterior(0.045), FRAME)  # kappa ~ theta_E
    expected = 0.045 / 0.9 / np.log(10)
    assert float(sigma.median()) == pytest.approx(expected, rel=0.05)


def test_points_that_are_no_ellipse_are_moved_to_one():
    wide = Regression.of(torch.tensor([[0.02, 0.8, 0.5, 0.0]]), 0.3 * torch.eye(4)[None], HEADS)
    assert all(part.isfinite().all() for part in map_of(wide, FRAME))


def test_it_maps_images_as_any_model_and_each_alone_as_in_a_batch():
    model = zoo.mass_map("resnet_regression.euclid", device="cpu", id="mass_map.mine")
    images = np.random.default_rng(1).normal(size=(2, 1, 101, 101)).astype(np.float32)
    images[..., 47:54, 45:56] += 20  # an ellipse of light
    together, alone = model(images, 0.1), model(images[1:], 0.1)
    assert together.image.shape == together.sigma.shape == (2, 1, 101, 101) and together.unit == "dex"
    torch.testing.assert_close(together.image[1:], alone.image, atol=1e-4, rtol=0)
    expected, _ = map_of(model.network.member(images[1:], 0.1), CutoutFrame(101, 0.1))
    torch.testing.assert_close(alone.image[0, 0], expected.float(), atol=1e-4, rtol=0)


def test_the_published_one_answers_as_its_member_called_by_hand():
    spec = catalog().model("mass_map.euclid")
    assert not list(OF_MEMBERS_LAWS["one by one"](spec, Trial("cpu")))


def test_what_measures_no_lens_is_refused():
    with pytest.raises(ArgumentError, match=r"lastro.space measures no lens: theta_E is not among"):
        zoo.mass_map("lastro.space", device="cpu")
    with pytest.raises(ArgumentError, match="size is 0"):
        zoo.mass_map("resnet_regression.euclid", device="cpu", size=0)
