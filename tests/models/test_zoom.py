"""Models of lenses that look again, at what lies within a few Einstein radii of the image's centre."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.errors import ArgumentError
from zoo_core.images.augmentation import dihedral
from zoo_core.models.zoom import LEAST, within

NETWORK = "resnet_regression.euclid"


@pytest.fixture(scope="module")
def zoom():
    return zoo.zoom(NETWORK, device="cpu", id="zoom.mine", radii=[2.5], looks=2)


@pytest.fixture(scope="module")
def lenses():
    return zoo.open_dataset("modelling_euclid", n=10, seed=31)


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("side", [64, 65])
def test_what_is_seen_stays_and_what_lies_farther_out_is_gone(side):
    images = noise(2, 2, side, side)
    images[..., 0, 0] = images[..., side // 2, -1] = 1000.0
    seen = within(images, torch.tensor([20.0, 25.0]))
    middle = slice(side // 2 - 19, (side + 1) // 2 + 19)
    torch.testing.assert_close(seen[:, :, middle, middle], images[:, :, middle, middle], atol=0, rtol=0)
    assert float(seen.abs().max()) < 10


def test_the_frame_is_that_of_each_image_and_has_at_least_some_pixels():
    images = noise(3, 1, 64, 64)
    kept = (within(images, torch.tensor([1.0, 20.0, 40.0])) == images)[:, 0, 32].sum(1)
    assert kept.tolist() == [2 * LEAST, 40, 64]


def test_it_commutes_with_turning_the_image():
    images = noise(1, 1, 64, 64)
    images[..., 20:24, 40:44] += 50.0
    half = torch.tensor([20.0])
    for view in range(8):
        turned, after = within(dihedral(images, view), half), dihedral(within(images, half), view)
        assert torch.equal(turned[..., 12:52, 12:52], after[..., 12:52, 12:52])


def test_it_answers_as_its_member_does_of_the_cut_image(zoom, lenses):
    images, member = lenses.images([0, 1]), zoo.load(NETWORK, device="cpu")
    prepared = member.preprocess.prepared(images, 0.1)
    seen = prepared
    for _ in range(2):
        theta_E = member.prediction(member.preprocess.channels(seen)).mean[:, 0]
        seen = within(prepared, 2.5 * theta_E / 0.1)
    expected, found = member.prediction(member.preprocess.channels(seen)), zoom(images, pixel_scale=0.1)
    torch.testing.assert_close(found.mean, expected.mean)
    torch.testing.assert_close(found.covariance, expected.covariance)


def test_several_frames_are_a_mixture_whose_epistemic_part_is_what_they_differ_by(lenses):
    model = zoo.zoom(NETWORK, device="cpu", radii=[1.5, 3.0], looks=1)
    found = model(lenses.images([0]), pixel_scale=0.1)
    assert found.means.shape == (1, 2, 7)
    apart = float(found.means[0, 0, 0] - found.means[0, 1, 0]) / 2
    assert float(found.epistemic[0, 0, 0]) == pytest.approx(apart**2, rel=1e-3) and apart != 0


def test_an_image_is_measured_alone_as_in_a_batch(zoom, lenses):
    images = lenses.images(slice(0, 4))
    together, alone = zoom(images, pixel_scale=0.1), zoom(images[2:3], pixel_scale=0.1)
    torch.testing.assert_close(together.mean[2:3], alone.mean, atol=1e-4, rtol=0)


def test_what_stands_outside_of_the_lens_does_not_matter(zoom, lenses):
    """A bright neighbour beyond two and a half Einstein radii moves the first answer, and not the last."""
    images = np.array(lenses.images([9]))
    crowded = images.copy()
    crowded[..., 18:22, 18:22] += 10 * images[..., 45:55, 45:55].mean()
    first = [float(zoom.network.member(one, 0.1).mean[0, 0]) for one in (images, crowded)]
    last = [float(zoom(one, pixel_scale=0.1).mean[0, 0]) for one in (images, crowded)]
    assert abs(first[1] - first[0]) > 0.01 and last[1] == pytest.approx(last[0], abs=1e-3)


def test_it_flags_as_its_member_does_of_the_whole_image():
    member, images = zoo.load("resnet_regression.hst", device="cpu"), zoo.open_dataset("modelling_hst", n=1).images([0])
    found, expected = (one.predict(images, pixel_scale=0.05) for one in (zoo.zoom(member), member))
    np.testing.assert_allclose(found["novelty"], expected["novelty"], rtol=1e-4)
    assert "outside" in found.colnames


def test_a_fit_begins_with_what_it_says(zoom, lenses):
    assert "refined" in zoom.predict(lenses.images([0]), pixel_scale=0.1, refine=True).colnames


def test_what_measures_no_lens_and_what_cannot_be_looked_at_are_refused():
    with pytest.raises(ArgumentError, match=r"lastro.space measures no lens: theta_E is not among"):
        zoo.zoom("lastro.space", device="cpu")
    with pytest.raises(ArgumentError, match=r"radii are \[2.0, 1.0\]; arcs lie at 1 Einstein radius"):
        zoo.zoom(NETWORK, device="cpu", radii=[2.0, 1.0])
    with pytest.raises(ArgumentError, match=r"looks is 0; it is a number from 1 to 16"):
        zoo.zoom(NETWORK, device="cpu", looks=0)
