"""The lensing challenge of 2020 is read as its folders come, and a fifth is held back by the names of the files."""

import hashlib

import numpy as np
import pytest
from PIL import Image

import zoo_core as zoo
from zoo_core.errors import DatasetError
from zoo_core.images import read

SPLITS = ("train", "validation", "test")


def name(number):
    return f"image_{number}.jpg"


def residue(file):
    return int(hashlib.sha256(file.encode()).hexdigest(), 16) % 5


@pytest.fixture
def challenge(tmp_path):
    """Forty images a class in the layout of the challenge, with the stray files that it has."""
    for label, kind in enumerate(("no_sub", "sub")):
        folder = tmp_path / "lenses" / kind
        folder.mkdir(parents=True)
        (folder / ".DS_Store").write_bytes(b"\x00\x00\x00\x01Bud1")
        for number in range(40):
            picture = Image.new("L", (150, 150), 200 + label)
            picture.save(folder / name(100 * label + number), quality=75)
    return tmp_path


def test_images_are_the_stored_grey_values_over_255(challenge):
    slc = zoo.open_dataset("slc2020", path=challenge)

    images = slc.images(slice(39, 41))

    assert len(slc) == 80
    assert images.shape == (2, 1, 150, 150)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images[:, 0, 0, 0], np.array([200, 201]) / 255, atol=1e-6)
    assert list(slc.truth()["label"]) == [0] * 40 + [1] * 40


def test_a_file_is_read_as_the_data_set_holds_it(challenge):
    slc = zoo.open_dataset("slc2020", path=challenge)

    alone = read(slc.sources[5], n_bands=1).pixels

    np.testing.assert_array_equal(alone, slc.images([5])[0])


def test_the_folder_of_the_classes_and_the_ones_above_it_are_one_data_set(challenge):
    assert zoo.open_dataset("slc2020", path=challenge / "lenses").fingerprint() == (
        zoo.open_dataset("slc2020", path=challenge).fingerprint()
    )


def test_splits_share_no_image_and_leave_none_out(challenge):
    parts = {split: set(zoo.open_dataset("slc2020", path=challenge, split=split).truth()["id"]) for split in SPLITS}

    assert sum(map(len, parts.values())) == 80
    assert len(set.union(*parts.values())) == 80


def test_the_test_split_is_a_function_of_the_file_name(challenge):
    test = zoo.open_dataset("slc2020", path=challenge, split="test")

    held_back = {n for n in [*range(40), *range(100, 140)] if residue(name(n)) == 0}

    assert set(test.truth()["id"]) == {f"image_{n}" for n in held_back}


def test_an_unknown_split_is_an_error_that_names_the_known_ones(challenge):
    with pytest.raises(DatasetError, match="train, validation, test, all"):
        zoo.open_dataset("slc2020", path=challenge, split="valid")


def test_a_folder_without_the_classes_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="no_sub and sub"):
        zoo.open_dataset("slc2020", path=tmp_path)
    with pytest.raises(DatasetError, match=r"gone is not there; .*zoo datasets info slc2020"):
        zoo.open_dataset("slc2020", path=tmp_path / "gone")


def test_a_class_without_images_is_an_error(challenge):
    for file in (challenge / "lenses" / "sub").glob("*.jpg"):
        file.unlink()

    with pytest.raises(DatasetError, match="holds no JPEG"):
        zoo.open_dataset("slc2020", path=challenge)


def test_an_image_of_another_size_is_an_error_that_names_it(challenge):
    Image.new("L", (64, 64)).save(challenge / "lenses" / "no_sub" / "image_0.jpg")

    with pytest.raises(DatasetError, match=r"image_0\.jpg"):
        zoo.open_dataset("slc2020", path=challenge).images([0])
