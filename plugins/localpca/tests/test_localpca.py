"""Local PCA: images on a plane through their neighbours are normal, whatever their unit and however turned."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from zoo_localpca.network import LocalPCA

from zoo_core.errors import SpecError, TrainingError

SIZE = 12


def blobs(images, seed=0, width=2.0):
    """Gaussian blobs whose place and size vary: two smooth dimensions and one more."""
    rng = np.random.default_rng(seed)
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    x0, y0 = rng.uniform(-2, 2, (2, images, 1, 1))
    scale = width * rng.uniform(0.8, 1.2, (images, 1, 1))
    light = np.exp(-((axis - x0) ** 2 + (axis[:, None] - y0) ** 2) / (2 * scale**2))
    return torch.from_numpy(light[:, None]).float()


@pytest.fixture
def detector():
    network = LocalPCA(1, SIZE, 400, 20, 5)
    network.learn([blobs(300), blobs(100, seed=1)], seed=0)
    return network.eval()


def scores(detector, images):
    with torch.no_grad():
        return detector(images)[0]


def test_what_is_like_no_remembered_image_scores_higher(detector):
    normal, ring = blobs(50, seed=2), blobs(50, seed=2, width=2.0) - 0.5 * blobs(50, seed=2, width=1.0)

    assert scores(detector, ring).min() > 2 * scores(detector, normal).max()


def test_the_score_is_that_of_scikit_learns_pca_of_the_neighbours(detector):
    images = blobs(5, seed=3)
    memory = torch.cat([detector.memory, detector.memory.flip(-2, -1)]).flatten(1).double().numpy()
    looked = (images / images.amax((1, 2, 3), keepdim=True)).flatten(1).double().numpy()

    expected = []
    for image in looked:
        # an image and its own turned self are not both taken: one neighbour each
        distance = np.linalg.norm(memory - image, axis=1).reshape(2, -1)
        rows = np.argsort(distance.min(0), kind="stable")[:20]
        near = memory.reshape(2, 400, -1)[distance.argmin(0)[rows], rows]
        plane = PCA(5, svd_solver="full").fit(near)
        left = image - plane.inverse_transform(plane.transform(image[None]))[0]
        expected.append(np.sqrt(np.mean(left**2)))
    np.testing.assert_allclose(scores(detector, images).numpy(), expected, rtol=1e-4)  # written in float32


def test_neither_the_unit_nor_a_half_turn_changes_the_score(detector):
    images = blobs(20, seed=4)

    torch.testing.assert_close(scores(detector, 255 * images), scores(detector, images), rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(scores(detector, images.flip(-2, -1)), scores(detector, images), rtol=1e-4, atol=1e-7)


def test_the_reconstruction_of_a_normal_image_is_the_image_in_its_own_unit(detector):
    images = 255 * blobs(20, seed=5)

    with torch.no_grad():
        score, reconstruction, latent = detector(images)
    assert reconstruction.shape == images.shape
    assert latent.shape == (20, 12)
    left = ((reconstruction - images) / images.amax((1, 2, 3), keepdim=True)).square().mean((1, 2, 3)).sqrt()
    torch.testing.assert_close(left, score, rtol=1e-3, atol=1e-6)


def test_a_remembered_image_is_its_own_nearest_neighbour(detector):
    near = detector._neighbours(detector.memory[:3])

    torch.testing.assert_close(near[:, 0], detector.memory[:3].flatten(1).double())
    reference = NearestNeighbors(n_neighbors=1).fit(detector.memory.flatten(1).numpy())
    assert reference.kneighbors(detector.memory[:3].flatten(1).numpy())[1][:, 0].tolist() == [0, 1, 2]


def test_another_number_of_images_is_an_error_that_says_what_to_set():
    with pytest.raises(TrainingError, match=r"arguments: \{images: 30\}"):
        LocalPCA(1, SIZE, 400, 20, 5).learn([blobs(30)], seed=0)


def test_as_many_dimensions_as_neighbours_leave_nothing_over_and_are_refused():
    with pytest.raises(SpecError, match="20 dimensions, 20 neighbours"):
        LocalPCA(1, SIZE, 400, 20, 20)
