"""`ensai` and `astromatic2022` read files that are laid out as their simulators write them."""

import h5py
import numpy as np
import pytest
from PIL import Image

import zoo_core as zoo
from zoo_core.datasets.public.astromatic2022 import COLUMNS, astromatic2022
from zoo_core.datasets.public.ensai import ensai
from zoo_core.datasets.simulated.modelling import HEADS
from zoo_core.errors import DatasetError

SIDE = 192


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Three lenses to train on and one to test, 16-bit grey."""
    folder, rng = tmp_path_factory.mktemp("ensai"), np.random.default_rng(0)
    for split, count in (("train", 3), ("test", 1)):
        for number in range(1, count + 1):
            pixels = rng.integers(0, 65536, (SIDE, SIDE)).astype(np.uint16)
            pixels[0, number] = 65535
            Image.fromarray(pixels).save(folder / f"{split}_{number:07d}.png")
        e, phi = 0.4, np.deg2rad([20.0, 200.0, 110.0][:count])  # the first two are one SIE
        rows = [(1.5, e * np.cos(a), e * np.sin(a), 0.1, -0.2, 0.0, 0.0, 7.5) for a in phi]
        np.savetxt(folder / f"parameters_{split}.txt", rows)
    return folder


def test_ensai_pixels_are_from_zero_to_one_and_rows_follow_the_names(pictures):
    dataset = zoo.open_dataset("ensai", path=pictures)
    images = dataset.images(slice(None))
    assert (len(dataset), dataset.description.pixel_scale, images.shape) == (3, 0.04, (3, 1, SIDE, SIDE))
    assert images.min() >= 0 and [images[k, 0, 0, k + 1] for k in range(3)] == [1.0, 1.0, 1.0]
    assert dataset.truth()["id"].tolist() == ["train_0000001", "train_0000002", "train_0000003"]
    assert len(ensai(pictures, split="test")) == 1


def test_ensai_lenses_that_differ_by_half_a_turn_have_the_same_parameters(pictures):
    targets, names = ensai(pictures).targets(), ensai(pictures).description.heads.parameters
    np.testing.assert_allclose(targets[0], targets[1], atol=1e-6)
    e1, e2 = (targets[:, names.index(name)] for name in ("ellip_1", "ellip_2"))
    np.testing.assert_allclose(e1, 0.4 * np.cos(np.deg2rad([40, 40, 220])), atol=1e-6)
    np.testing.assert_allclose(e2, 0.4 * np.sin(np.deg2rad([40, 40, 220])), atol=1e-6)


def test_ensai_of_too_few_images_or_columns_is_refused(pictures, tmp_path):
    (tmp_path / "parameters_train.txt").write_text("1 2 3 4 5 6 7 8\n")
    with pytest.raises(DatasetError, match="0 images train_"):
        ensai(tmp_path)
    (tmp_path / "parameters_train.txt").write_text("1 2 3\n")
    with pytest.raises(DatasetError, match="3 columns; it must have 8, theta_E"):
        ensai(tmp_path)
    with pytest.raises(DatasetError, match="split is 'all'"):
        ensai(pictures, split="all")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    """Two files of four and three lenses; names of data sets count as the files do."""
    folder, rng = tmp_path_factory.mktemp("astromatic"), np.random.default_rng(1)
    for number, count in enumerate((4, 3)):
        suffix = f"_{number:04d}" if number else ""
        with h5py.File(folder / f"lenses_{number:04d}.h5", "w") as file:
            group = file.create_group("base")
            group.attrs["dataset_descriptor"] = "SIE_SHEAR with Sersic source"
            light = np.arange(count)[:, None, None] + 100 * number + np.zeros((count, 128, 128))
            group.create_dataset(f"lenses{suffix}", data=light)
            group.create_dataset(f"lenses_deblended{suffix}", data=-light)
            group.create_dataset(f"params{suffix}", data=rng.normal(size=(count, 21)))
    return folder


def test_astromatic_files_are_one_set_in_the_order_of_their_names(stacks):
    dataset = zoo.open_dataset("astromatic2022", path=stacks)
    assert len(dataset) == 7 and dataset.description.heads == HEADS and dataset.description.pixel_scale == 0.05
    images = dataset.images([5, 0, 3, 5])
    assert images.shape == (4, 1, 128, 128) and images[:, 0, 7, 7].tolist() == [101, 0, 3, 101]
    assert astromatic2022(stacks, deblended=True).images([6])[0, 0, 0, 0] == -102


def test_astromatic_parameters_are_those_of_lenstronomy_by_name(stacks):
    dataset, truth = astromatic2022(stacks), astromatic2022(stacks).truth()
    with h5py.File(stacks / "lenses_0001.h5") as file:
        stored = file["base/params_0001"][()]
    np.testing.assert_array_equal(np.stack([truth[name][4:] for name in COLUMNS], 1), stored)
    # mass: theta_E, e1, e2, center_x, center_y, gamma1, gamma2
    np.testing.assert_allclose(dataset.targets()[4:], stored[:, [0, 1, 2, 5, 6, 3, 4]], rtol=1e-6)


def test_astromatic_files_of_another_layout_are_refused(stacks, tmp_path):
    with pytest.raises(DatasetError, match="holds no file"):
        astromatic2022(tmp_path)
    path = tmp_path / "wrong_0000.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("base/lenses", data=np.zeros((2, 8, 8)))
        file.create_dataset("base/params", data=np.zeros((2, 11)))
    with pytest.raises(DatasetError, match=r"params is \(2, 11\); it must have 21 columns"):
        astromatic2022(path)
    with pytest.raises(DatasetError, match="one data set lenses_deblended; it holds lenses, params"):
        astromatic2022(path, deblended=True)
    path.write_bytes(b"no HDF5")
    with pytest.raises(DatasetError, match="cannot be read"):
        astromatic2022(path)
