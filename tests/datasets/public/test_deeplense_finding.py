"""The lens-finding test of DeepLense, in folders laid out as the test's."""

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.errors import DatasetError


@pytest.fixture
def folders(tmp_path):
    for number, name in enumerate(("train_lenses", "train_nonlenses", "test_lenses", "test_nonlenses")):
        (tmp_path / name).mkdir()
        for k in (1, 2):
            np.save(tmp_path / name / f"{k}.npy", np.full((3, 64, 64), 10 * number + k, np.float64))
    return tmp_path


def test_the_folders_are_the_labels_and_the_split(folders):
    training = zoo.open_dataset("deeplense_finding", path=folders)
    test = zoo.open_dataset("deeplense_finding", path=folders, split="test")

    assert training.truth()["id"].tolist() == [
        "train_nonlenses/1",
        "train_nonlenses/2",
        "train_lenses/1",
        "train_lenses/2",
    ]
    assert training.truth()["label"].tolist() == [0, 0, 1, 1]
    assert training.images(slice(4)).shape == (4, 3, 64, 64)
    assert test.images(slice(4))[:, 0, 0, 0].tolist() == [31, 32, 21, 22]
    assert training.fingerprint() != test.fingerprint()


def test_a_folder_that_is_not_there_is_an_error_that_names_all(folders):
    with pytest.raises(DatasetError, match="holds no NPY file; give the folder that holds train_nonlenses, train_lens"):
        zoo.open_dataset("deeplense_finding", path=folders / "train_lenses")
    with pytest.raises(DatasetError, match="split is 'valid'; choose train or test"):
        zoo.open_dataset("deeplense_finding", path=folders, split="valid")
