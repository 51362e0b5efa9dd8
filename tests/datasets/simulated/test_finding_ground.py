"""`finding_ground` is the same for ever, image by image, and its bands belong together."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.datasets.simulated.bank import Bank
from zoo_core.datasets.simulated.finding_ground import finding_ground

# sha256 of every number, in six digits, that is drawn for the first images of version 1, seed 1
DIGEST = "44304c19809e930241693b66acee2d78f1a08fbfd195eb73e73b0efbbf614688"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return finding_ground(n=6, seed=4, lens_fraction=0.5, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def bank(few, tmp_path_factory):
    view = few.training_view(tmp_path_factory.mktemp("bank"), torch.device("cpu"))
    assert isinstance(view, Bank)
    return view


def test_parameters_are_those_that_were_published():
    assert finding_ground().parameter_digest(0, 20) == DIGEST


def test_it_opens_by_name():
    dataset = zoo.open_dataset("finding_ground", n=6, seed=4)
    about = dataset.description
    assert (about.bands, about.pixel_scale, len(dataset)) == (("r", "i", "g", "u"), 0.2, 6)
    assert finding_ground().targets().sum() == 1000


def test_an_image_is_the_same_alone_and_in_a_batch(few):
    images = few.images(slice(None))
    alone, _ = few.make(3, 4)
    sigma = np.nanstd(alone, axis=(2, 3), keepdims=True)
    assert images.shape == (6, 4, 101, 101) and images.dtype == np.float32
    np.testing.assert_allclose(images[3:4] / sigma, alone / sigma, atol=1e-4)


def test_bands_are_in_one_unit(few):
    """Without noise a band of an image is the light of that band, whatever its depth."""
    components = few.components(0, 6)
    images, unit = few.images(slice(None)), components.noises["unit"][:, 0]
    light = ((components.foreground + components.arcs).numpy() * unit[:, None, None, None])[..., 45:56, 45:56]
    core = images[..., 45:56, 45:56]
    noise = 3 * 11 * unit[:, None] * components.noises["unit"] / np.where(np.arange(4) == 0, unit[:, None], 1)
    residual = np.abs(np.nansum(core - np.where(np.isnan(core), 0, light), axis=(2, 3)))
    # photon noise and zero points add to that of the sky
    assert (residual < 4 * noise + 0.05 * light.sum((2, 3))).all()


def test_each_draw_is_another_exposure_with_the_colours_of_its_scene(bank):
    first, shown = bank.draw(np.arange(6), torch.Generator().manual_seed(1))
    second, _ = bank.draw(np.arange(6), torch.Generator().manual_seed(2))
    again, _ = bank.draw(np.arange(6), torch.Generator().manual_seed(1))
    assert first.shape == (6, 4, 101, 101) and shown.shape == (6,)
    torch.testing.assert_close(first, again, equal_nan=True)
    assert not torch.equal(first.nan_to_num(), second.nan_to_num())


def test_masked_pixels_are_blank_and_the_first_band_is_always_there(bank):
    images = torch.cat([bank.draw(np.arange(6), torch.Generator().manual_seed(seed))[0] for seed in range(9)])
    blank = images.isnan().float().mean((2, 3))
    assert (blank[:, 0] < 0.9).all()
    assert 0 < (blank[:, 1:] == 1).any(1).float().mean() < 0.3


def test_the_bank_keeps_the_arcs_of_lenses_alone(bank):
    arcs = bank.arcs.images(np.arange(len(bank.arcs)))
    assert arcs.shape == (3, 4, 101, 101) and (arcs[:, 0].sum((1, 2)) > 0).all()
