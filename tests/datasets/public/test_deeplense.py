"""The adapters of DeepLense read its folders as they come."""

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.errors import DatasetError

from .test_image_and_mass import save


@pytest.fixture
def model_i(tmp_path):
    """Two images a class in the layout of Models I to III; pixels tell which."""
    for label, kind in enumerate(("no_sub", "cdm", "axion")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / ".DS_Store").write_bytes(b"junk")
        for number in range(2):
            image = np.full((8, 8), 10 * label + number, dtype=np.float64)
            path = tmp_path / kind / f"{kind}_sim_{number}.npy"
            save(path, image, 10.0 ** (-23 + number)) if kind == "axion" else np.save(path, image)
    return tmp_path


def test_classes_are_the_folders_and_axion_files_give_their_image(model_i):
    images = zoo.open_dataset("deeplense", path=model_i)

    assert images.description.heads.classes == ("no_sub", "cdm", "axion")
    assert images.truth()["label"].tolist() == [0, 0, 1, 1, 2, 2]
    assert images.images(slice(6))[:, 0, 3, 3].tolist() == [0, 1, 10, 11, 20, 21]
    assert images.images(slice(6)).dtype == np.float32


def test_images_of_the_evaluation_tests_have_one_band_first(tmp_path):
    for kind in ("no", "sphere", "vort"):
        (tmp_path / kind).mkdir()
        np.save(tmp_path / kind / "1.npy", np.zeros((1, 9, 9)))

    images = zoo.open_dataset("deeplense", path=tmp_path)

    assert images.description.heads.classes == ("no", "sphere", "vort")
    assert images.images(slice(3)).shape == (3, 1, 9, 9)


def test_colours_of_model_iv_become_bands(tmp_path):
    for kind in ("no_sub", "cdm", "axion"):
        (tmp_path / kind).mkdir()
        np.save(tmp_path / kind / "1.npy", np.broadcast_to(np.arange(3.0), (8, 8, 3)))

    images = zoo.open_dataset("deeplense", path=tmp_path, colours=True)

    assert images.images([0])[0, :, 4, 4].tolist() == [0, 1, 2]
    with pytest.raises(DatasetError, match="is not an image of 1 band"):
        zoo.open_dataset("deeplense", path=tmp_path).images([0])


def test_a_folder_without_classes_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="no, sphere, vort"):
        zoo.open_dataset("deeplense", path=tmp_path)


def test_masses_of_axion_files_are_logarithms(model_i):
    masses = zoo.open_dataset("deeplense_mass", path=model_i / "axion")

    np.testing.assert_allclose(masses.targets()[:, 0], [-23, -22], atol=1e-5)  # float32
    assert masses.images([1]).shape == (1, 1, 8, 8)


def test_an_image_without_a_mass_is_an_error_that_names_it(model_i):
    with pytest.raises(DatasetError, match=r"cdm_sim_0\.npy holds an image without a mass"):
        zoo.open_dataset("deeplense_mass", path=model_i / "cdm")


def test_the_regression_set_is_two_arrays(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((3, 1, 8, 8)))
    np.save(tmp_path / "labels.npy", np.array([[-24.0], [-23.5], [-22.0]]))

    masses = zoo.open_dataset("deeplense_mass", path=tmp_path)

    assert masses.truth()["log10_mass"].tolist() == [-24.0, -23.5, -22.0]
    assert masses.images(slice(3)).shape == (3, 1, 8, 8)


def test_arrays_of_other_lengths_are_an_error(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((3, 1, 8, 8)))
    np.save(tmp_path / "labels.npy", np.zeros((2, 1)))

    with pytest.raises(DatasetError, match="not \\(N, 1, H, W\\) and N"):
        zoo.open_dataset("deeplense_mass", path=tmp_path)
