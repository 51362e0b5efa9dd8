"""A data set is a sequence of images, each with its truth."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import zoo_core as zoo
from zoo_core.errors import DatasetError


@pytest.fixture(scope="module")
def lenses(tmp_path_factory):
    return zoo.open_dataset("substructure", n=6, cache=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("rows", [[4, 1, 1], np.array([4, 1, 1]), torch.tensor([4, 1, 1]), [-2, 1, 1]])
def test_images_come_in_the_order_that_was_asked_for(lenses, rows):
    np.testing.assert_array_equal(lenses.images(rows), lenses.images(slice(None))[[4, 1, 1]])
    assert lenses.truth_of(rows)["id"].tolist() == lenses.truth()["id"][[4, 1, 1]].tolist()


def test_a_slice_and_no_rows_at_all_are_rows(lenses):
    assert lenses.images(slice(4, 99)).shape == (2, 1, 64, 64)
    assert lenses.images([]).shape == (0, 1, 64, 64)


@pytest.mark.parametrize("rows", [[6], [-7], [0.5], [True, False], 3])
def test_rows_that_are_none_are_refused(lenses, rows):
    with pytest.raises(DatasetError, match="substructure"):
        lenses.images(rows)


def test_it_is_a_sequence_of_images_with_their_truth(lenses):
    items = list(lenses)
    assert len(items) == len(lenses) == 6
    np.testing.assert_array_equal(lenses[-1].image, items[5].image)
    assert lenses[2].truth["id"] == "substructure-easy-1-000002" and isinstance(lenses[2].truth["theta_E"], float)
    with pytest.raises(IndexError, match="has 6 images, there is no number 6"):
        lenses[6]


def test_torch_loads_it_as_it_is(lenses):
    images, truth = next(iter(DataLoader(lenses, batch_size=4)))
    np.testing.assert_array_equal(images.numpy(), lenses.images(slice(4)))
    assert truth["label"].dtype == torch.int64 and list(truth["id"]) == lenses.truth()["id"][:4].tolist()


def test_it_says_in_one_line_what_it_is(lenses):
    assert repr(lenses) == (
        '<substructure, version 1: 6 simulated images, VIS, 0.05"/pixel, classification of no, sphere, vort>'
    )
