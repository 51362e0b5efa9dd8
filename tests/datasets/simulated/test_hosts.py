"""Arcs are painted on real galaxies, the same galaxies without arcs are no lenses, and real images stand among them."""

import numpy as np
import pytest
import torch
from astropy.io import fits

import zoo_core as zoo
from zoo_core.datasets.public.sky import split_of
from zoo_core.datasets.simulated.examples import Examples, examples_of
from zoo_core.datasets.simulated.hosts import BRIGHTNESS, Hosts, hosts_of
from zoo_core.datasets.simulated.telescope_images import read_telescope_images
from zoo_core.errors import DatasetError
from zoo_core.sim.cutouts import FRAME

SIDE = FRAME.side
HEADER = "file,label,arc,name,band,pixel_scale\n"


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def galaxy(seed: int, side: int = 60) -> np.ndarray:
    y, x = np.indices((side, side)) - (side - 1) / 2
    return (80 * np.exp(-np.hypot(x, y) / 4) + np.random.default_rng(seed).normal(size=(side, side))).astype("f4")


@pytest.fixture
def folder(tmp_path):
    lines = []
    for number in range(12):
        label = "lens" if number % 3 == 0 else "nonlens"
        fits.writeto(tmp_path / f"{number}.fits", 7.0 + 3 * galaxy(number))
        lines.append(f"{number}.fits,{label},,object {number},F814W,0.1\n")
    (tmp_path / "labels.csv").write_text(HEADER + "".join(lines))
    return tmp_path


def test_hosts_are_galaxies_of_the_training_split_that_are_no_lenses(folder):
    hosts = hosts_of(read_telescope_images(folder), 0.5)

    expected = [number for number in range(12) if number % 3 and split_of(f"object {number}") == "train"]
    assert len(hosts.images) == len(expected) > 0
    assert hosts.images.shape[1:] == (SIDE, SIDE) and hosts.images.isfinite().all()


def test_hosts_are_in_units_of_their_noise_without_sky(folder):
    corners = hosts_of(read_telescope_images(folder), 0.5).images[:, :30, :30]

    assert corners.mean().abs() < 0.3
    assert 0.8 < corners.std() < 1.3


def test_the_share_of_foregrounds_is_replaced_and_the_others_stay_as_they_are():
    hosts = Hosts(torch.full((3, SIDE, SIDE), 5.0), 0.3)
    foreground = torch.zeros(1000, SIDE, SIDE)

    painted, noise = hosts.instead_of(foreground, generator())

    replaced = noise > 0
    assert 0.25 < replaced.float().mean() < 0.35
    assert torch.equal(painted[~replaced], foreground[~replaced])
    torch.testing.assert_close(painted[replaced].mean((1, 2)), 5 * noise[replaced])
    assert noise[replaced].min() >= BRIGHTNESS[0] and noise[replaced].max() <= BRIGHTNESS[1]


def test_a_host_stays_near_the_centre_and_keeps_its_flux_but_for_size_and_brightness():
    y, x = torch.meshgrid(torch.arange(SIDE) - SIDE // 2, torch.arange(SIDE) - SIDE // 2, indexing="ij")
    hosts = Hosts(torch.exp(-(x**2 + y**2) / 50.0)[None], 1.0)

    painted, noise = hosts.instead_of(torch.zeros(64, SIDE, SIDE), generator())
    peaks = painted.flatten(1).argmax(1)
    fluxes = painted.sum((1, 2)) / noise / hosts.images.sum()

    assert (peaks // SIDE - SIDE // 2).abs().max() <= 4 and (peaks % SIDE - SIDE // 2).abs().max() <= 4
    assert fluxes.min() > 0.6 and fluxes.max() < 1.7  # the zoom squared
    assert len(peaks.unique()) > 10


def test_the_same_generator_draws_the_same_hosts():
    hosts, foreground = Hosts(torch.randn(5, SIDE, SIDE, generator=generator(1)), 0.5), torch.zeros(8, SIDE, SIDE)

    first, second = hosts.instead_of(foreground, generator(2))[0], hosts.instead_of(foreground, generator(2))[0]

    assert torch.equal(first, second)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_that_is_none_is_refused(folder, share):
    with pytest.raises(DatasetError, match=r"painted = "):
        hosts_of(read_telescope_images(folder), share)


def test_a_folder_of_lenses_alone_is_refused(folder):
    table = (folder / "labels.csv").read_text().replace("nonlens", "lens")
    (folder / "labels.csv").write_text(table)

    with pytest.raises(DatasetError, match="hosts must not be lenses"):
        hosts_of(read_telescope_images(folder), 0.5)


@pytest.fixture
def painted(folder, tmp_path):
    return zoo.open_dataset("finding_space", n=8, seed=3, lens_fraction=0.5, hosts=folder, painted=1.0, cache=tmp_path)


def test_arcs_are_painted_on_hosts_and_their_twins_go_without(painted, tmp_path):
    painted.hosts = Hosts(torch.zeros(1, SIDE, SIDE), 1.0)  # what is left of an image is its arcs and noise
    view = painted.training_view(tmp_path / "bank", torch.device("cpu"))

    images, shown = view.draw(np.tile(np.arange(8), 24), generator())
    light = images.nanmean((1, 2, 3)).nan_to_num()

    assert set(shown.tolist()) == {0.0, 1.0}
    assert light[shown == 1].median() > 5 * light[shown == 0].median().abs()


def test_hosts_change_what_identifies_the_data_set_and_nothing_else_that_is_frozen(painted, tmp_path):
    plain = zoo.open_dataset("finding_space", n=8, seed=3, lens_fraction=0.5, cache=tmp_path)

    assert painted.fingerprint() != plain.fingerprint()
    assert painted.parameter_digest(0, 8) == plain.parameter_digest(0, 8)


@pytest.fixture
def real(folder, tmp_path):
    images = {"hosts": folder, "painted": 0.5, "real": 0.5, "cache": tmp_path}
    return zoo.open_dataset("finding_space", n=8, seed=3, lens_fraction=0.5, **images)


def test_examples_are_the_training_split_of_both_classes_with_its_frames(folder):
    examples = examples_of(read_telescope_images(folder), 0.5)

    expected = {number: number % 3 == 0 for number in range(12) if split_of(f"object {number}") == "train"}
    assert sorted(examples.labels.tolist()) == sorted(expected.values())
    assert examples.images.isfinite().sum((1, 2)).tolist() == [60 * 60] * len(expected)


def test_an_example_takes_the_place_of_an_image_of_its_own_class():
    labels = torch.tensor([0, 1, 1, 0, 1])
    examples = Examples(torch.where(labels > 0, 7.0, -7.0)[:, None, None].expand(5, 4, 4), labels, 0.3)
    shown = (torch.arange(2000) % 2).float()

    images = examples.instead_of(torch.zeros(2000, 1, 4, 4), shown, generator())[:, 0, 0, 0]

    assert 0.25 < (images != 0).float().mean() < 0.35
    assert set(images[shown == 1].tolist()) == {0.0, 7.0} and set(images[shown == 0].tolist()) == {0.0, -7.0}


def test_some_images_of_a_batch_are_examples(real, tmp_path):
    view = real.training_view(tmp_path / "bank", torch.device("cpu"))

    images, shown = view.draw(np.tile(np.arange(8), 12), generator())
    sums = real.examples.images.flatten(1).nansum(1)
    same = images.flatten(1).nansum(1)[:, None] == sums

    assert 0.3 < same.any(1).float().mean() < 0.7
    assert torch.equal(real.examples.labels[same.nonzero()[:, 1]].float(), shown[same.nonzero()[:, 0]])


def test_examples_change_what_identifies_the_data_set(real, folder, tmp_path):
    without = zoo.open_dataset(
        "finding_space", n=8, seed=3, lens_fraction=0.5, hosts=folder, painted=0.5, cache=tmp_path
    )

    assert real.fingerprint() != without.fingerprint()
    assert np.array_equal(real.images([3]), without.images([3]), equal_nan=True)


def test_a_share_of_examples_without_a_folder_is_refused():
    with pytest.raises(DatasetError, match="hosts=FOLDER"):
        zoo.open_dataset("finding_space", n=8, real=0.5)


def test_nothing_but_examples_is_refused(folder):
    with pytest.raises(DatasetError, match=r"real = 1.0"):
        zoo.open_dataset("finding_space", n=8, hosts=folder, real=1.0)


def test_examples_of_one_class_are_refused(folder):
    table = (folder / "labels.csv").read_text().replace("nonlens", "lens")
    (folder / "labels.csv").write_text(table)

    with pytest.raises(DatasetError, match="lenses and galaxies"):
        examples_of(read_telescope_images(folder), 0.5)
