"""Few images of a data set, and some held out: by the ids alone."""

import numpy as np
import pytest

import zoo_core as zoo
from zoo_core.errors import DatasetError
from zoo_core.train.subset import Subset, chosen, split


@pytest.fixture
def spots(toy):
    return zoo.open_dataset("toy_spots", plugin="zoo-toy", n=90, seed=1, classes=3)


def counts(dataset, rows):
    return np.bincount(dataset.truth()["label"][rows], minlength=3).tolist()


def test_so_many_of_each_class(spots):
    assert counts(spots, chosen(spots, 4, None, seed=0)) == [4, 4, 4]
    assert counts(spots, chosen(spots, None, 0.2, seed=0)) == [6, 6, 6]
    assert counts(spots, chosen(spots, None, 0.001, seed=0)) == [2, 2, 2]
    assert len(chosen(spots, None, 1.0, seed=0)) == 90


def test_fewer_are_a_part_of_more(spots):
    few, more = (set(chosen(spots, count, None, seed=3)) for count in (5, 12))

    assert few < more
    assert few != set(chosen(spots, 5, None, seed=4))


def test_more_than_there_are_is_an_error_that_names_the_class(spots):
    with pytest.raises(DatasetError, match="toy_spots has 30 images of none, 31 are asked for"):
        chosen(spots, 31, None, seed=0)


def test_about_a_fifth_of_each_class_is_held_out_and_nothing_is_in_both(spots):
    learned, held_out = split(spots)

    assert sorted([*learned, *held_out]) == list(range(90))
    assert all(1 <= count <= 13 for count in counts(spots, held_out))  # 6 expected, sigma 2.2


def test_what_is_held_out_does_not_depend_on_what_else_there_is(spots):
    ids = spots.truth()["id"]
    _, of_all = split(spots)
    half = Subset(spots, np.arange(0, 90, 2), redrawn=False)
    _, of_half = split(half)

    assert set(half.truth()["id"][of_half]) == set(ids[of_all]) & set(half.truth()["id"])


def test_of_two_images_of_a_class_one_is_held_out(spots):
    learned, held_out = split(Subset(spots, np.arange(6), redrawn=False))

    assert len(learned) == len(held_out) == 3


def test_one_image_of_a_class_is_too_few(spots):
    with pytest.raises(DatasetError, match="1 image of none"):
        split(Subset(spots, np.arange(3), redrawn=False))


def test_images_without_classes_are_split_as_one(toy):
    heights = zoo.open_dataset("toy_spots", plugin="zoo-toy", n=50, seed=1, classes=0)

    assert 2 <= len(split(heights)[1]) <= 20  # 10 expected, sigma 2.8
    assert len(chosen(heights, None, 0.1, seed=0)) == 5
