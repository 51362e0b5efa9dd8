"""`convergence_euclid`: lenses and the maps of their mass."""

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.datasets.simulated.convergence_bank import MapBank
from zoo_core.datasets.simulated.frozen import table_sha256
from zoo_core.errors import DatasetError
from zoo_core.sim.cutouts import deflector
from zoo_core.sim.rays.masses import pixel_convergence
from zoo_core.sim.rays.scene import LENS
from zoo_core.sim.tables import table

KINDS = ["ellipsoid", "pair", "subhalos"]
# sha256 of every number, in six digits, that is drawn for the first images (version 1, seed 1)
DIGEST = "d29bb2cf74c0ef19f3e5a1259cea2224aba12ec0eb9b6fec4a76edf585958df1"


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    torch.set_num_threads(1)
    return zoo.open_dataset("convergence_euclid", n=6, seed=4, masses=KINDS, cache=tmp_path_factory.mktemp("cache"))


def test_parameters_are_those_that_were_published():
    assert zoo.open_dataset("convergence_euclid", n=500, masses=KINDS).parameter_digest(0, 30) == DIGEST


def test_images_come_with_maps_on_their_grid(few):
    images, maps, truth = few.images(slice(6)), few.targets(), few.truth()
    assert images.shape == maps.shape == (6, 1, 101, 101) and maps.dtype == np.float32
    assert np.array_equal(np.isnan(images), np.isnan(maps)) and truth["mass"].tolist() == 2 * KINDS
    assert few.description.task == "convergence" and few.description.pixel_scale == 0.1


def test_the_map_of_an_ellipsoid_has_its_einstein_radius(few):
    truth, maps = few.truth_of([0, 3]), few.mass_maps([0, 3])
    radii = np.sqrt(maps.inside.sum((1, 2, 3)) * 0.01 / np.pi)
    np.testing.assert_allclose(radii, truth["theta_E"], rtol=0.05)  # its critical curve is an ellipse of that area
    kappa = np.where(maps.inside, 10**maps.log10_kappa, np.nan)
    np.testing.assert_allclose(np.nanmean(kappa, (1, 2, 3)), 1, rtol=0.03)


def test_maps_have_a_peak_at_every_mass_of_a_lens(few):
    for drawn, one in zip(few.cutouts(0, 6), few.maps(0, 6), strict=True):
        main, *others = drawn.masses or (deflector(drawn),)
        smooth = pixel_convergence(table([main], LENS), few.telescope.frame).log10().numpy()
        for mass in others:
            row, column = (int(np.floor(at / 0.1 + 101 / 2)) for at in (mass.y, mass.x))
            assert (one - smooth)[row, column] > 0.02
        assert (one >= smooth - 1e-6).all() and (others or np.allclose(one, smooth))


def test_an_image_and_its_map_are_the_same_alone_and_in_a_batch(few):
    together, alone = few.make(0, 6)[0][4], few.make(4, 5)[0][0]
    np.testing.assert_allclose(alone, together, atol=1e-4 * np.nanstd(alone))
    np.testing.assert_array_equal(few.mass_maps([4]).log10_kappa[0], few.targets()[4])


def test_the_table_covers_every_image_and_other_masses_are_other_data(few):
    other = zoo.open_dataset("convergence_euclid", n=6, seed=4)
    assert table_sha256(few) == table_sha256(zoo.open_dataset("convergence_euclid", n=6, seed=4, masses=KINDS))
    assert few.fingerprint() != other.fingerprint() and table_sha256(few) != table_sha256(other)


def test_training_images_come_with_their_maps(few, tmp_path):
    view, rows = few.training_view(tmp_path, torch.device("cpu")), np.arange(6)
    assert isinstance(view, MapBank) and len(view.targets) == 6
    images, maps = view.draw(rows, torch.Generator().manual_seed(1))
    assert images.shape == maps.shape == (6, 1, 101, 101) and torch.equal(images.isnan(), maps.isnan())
    expected = torch.from_numpy(few.maps(0, 6))[:, None].masked_fill(maps.isnan(), torch.nan)
    torch.testing.assert_close(maps, expected, atol=1e-3, rtol=0, equal_nan=True)  # half precision
    again = few.training_view(tmp_path, torch.device("cpu")).draw(rows, torch.Generator().manual_seed(1))
    torch.testing.assert_close(again[0], images, atol=0, rtol=0, equal_nan=True)


@pytest.mark.parametrize("masses", ["pair", [], ["pair", "cluster"]])
def test_masses_that_there_are_not_are_an_error(masses):
    with pytest.raises(
        DatasetError, match=r"convergence_euclid: masses = .*; give a list of ellipsoid, pair, subhalos"
    ):
        zoo.open_dataset("convergence_euclid", n=2, masses=masses)


def test_a_data_set_without_maps_says_so():
    with pytest.raises(DatasetError, match="modelling_euclid does not know the mass of its lenses pixel by pixel"):
        zoo.open_dataset("modelling_euclid", n=1).mass_maps([0])
