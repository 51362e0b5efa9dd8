"""Neighbours are the nearest other images."""

import numpy as np
import pytest
from zoo_scan.mining import mine, neighbour_accuracy


def features(images=40, seed=0):
    return np.random.default_rng(seed).normal(size=(images, 6)).astype(np.float32)


def test_neighbours_are_those_of_a_sort_of_all_similarities():
    points = features()
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)

    np.testing.assert_array_equal(mine(points, 5), np.argsort(-similarity, axis=1)[:, :5])


def test_no_image_is_its_own_neighbour_even_beside_copies_of_itself():
    points = np.repeat(features(5), 4, axis=0)

    assert not (mine(points, 3) == np.arange(20)[:, None]).any()


def test_length_of_a_feature_does_not_matter():
    points = features()

    np.testing.assert_array_equal(mine(points, 5), mine(points * np.linspace(0.1, 10, 40)[:, None], 5))


def test_few_images_have_fewer_neighbours():
    assert mine(features(4), 20).shape == (4, 3)


def test_accuracy_is_the_share_of_neighbours_of_the_same_label():
    neighbours = np.array([[1, 2], [0, 2], [0, 1]])

    assert neighbour_accuracy(neighbours, np.array([0, 0, 1])) == pytest.approx(2 / 6)
