"""Prototypes are the most confident images of each cluster."""

import numpy as np
import pytest
from PIL import Image

from zoo_core.board.prototypes import draw_prototypes, prototypes
from zoo_core.datasets.opening import open_dataset

PROBABILITIES = np.array([[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0], [0.99, 0.01, 0.0], [0.3, 0.7, 0.0]])


def test_the_most_confident_members_come_first():
    assert [rows.tolist() for rows in prototypes(PROBABILITIES)] == [[3, 0, 1], [2, 4], []]


def test_a_cluster_shows_no_more_than_asked():
    assert [rows.tolist() for rows in prototypes(PROBABILITIES, 1)] == [[3], [2], []]


@pytest.fixture
def images(tmp_path):
    """Five images of the challenge of 2020."""
    rng = np.random.default_rng(0)
    for name, count in (("no_sub", 3), ("sub", 2)):
        (tmp_path / name).mkdir()
        for number in range(count):
            pixels = rng.integers(0, 255, (150, 150)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"image_{number}.jpg")
    return open_dataset("slc2020", path=tmp_path)


def test_the_picture_shows_a_row_for_each_cluster_even_an_empty_one(images, tmp_path):
    sizes = []
    for clusters in (2, 3):
        path = tmp_path / f"{clusters}.png"
        draw_prototypes(path, images, PROBABILITIES[:, :clusters], count=3)
        sizes.append(Image.open(path).size)

    (width, two_rows), (same_width, three_rows) = sizes
    assert width == same_width
    assert three_rows > 1.3 * two_rows
