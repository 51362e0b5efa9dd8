"""Cells of local PCA: planes that many images share find what the images themselves would."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from zoo_localpca.cell_pca import CellPCA

from zoo_core.errors import SpecError, TrainingError
from zoo_core.testing.networks import network_of

SIZE = 12


def blobs(images, seed=0, width=2.0):
    """Gaussian blobs whose place and size vary: two smooth dimensions and one more."""
    rng = np.random.default_rng(seed)
    axis = np.arange(SIZE) - (SIZE - 1) / 2
    x0, y0 = rng.uniform(-2, 2, (2, images, 1, 1))
    scale = width * rng.uniform(0.8, 1.2, (images, 1, 1))
    light = np.exp(-((axis - x0) ** 2 + (axis[:, None] - y0) ** 2) / (2 * scale**2))
    return torch.from_numpy(light[:, None]).float()


@pytest.fixture(scope="module")
def detector():
    network = CellPCA(1, SIZE, 24, 20, 5, 40)
    network.learn([blobs(300), blobs(100, seed=1)], seed=0)
    return network.eval()


def of_unit_peak(images):
    return (images / images.amax((1, 2, 3), keepdim=True)).double()


def left_over(offsets, directions):
    """Root mean square of what lies outside of the plane of the directions."""
    return (offsets - offsets @ directions.T @ directions).square().mean(-1).sqrt()


def scores(detector, images):
    with torch.no_grad():
        return detector(images)[0]


def test_what_is_like_no_training_image_scores_higher(detector):
    normal, ring = blobs(50, seed=2), blobs(50, seed=2, width=2.0) - 0.5 * blobs(50, seed=2, width=1.0)

    assert scores(detector, ring).min() > scores(detector, normal).max()


def test_the_score_is_the_least_that_any_plane_leaves_over(detector):
    images = blobs(6, seed=3)

    basis, expected = detector.basis.double(), []
    for image in of_unit_peak(images):
        left = []
        for turned in (image, image.flip(-2, -1)):
            for centre, plane in zip(detector.centres.double(), detector.planes.double(), strict=True):
                left.append(left_over(turned.flatten() - detector.mean - centre @ basis, plane @ basis))
        expected.append(torch.stack(left).min())
    torch.testing.assert_close(scores(detector, images).double(), torch.stack(expected), rtol=1e-4, atol=1e-7)


def test_one_cell_of_all_images_is_principal_components(detector):
    images = blobs(60)
    network = CellPCA(1, SIZE, 1, 120, 5, 40)
    network.learn([images], seed=0)

    scaled = of_unit_peak(images)
    turned = torch.cat([scaled, scaled.flip(-2, -1)]).flatten(1)
    directions = torch.linalg.svd(turned - turned.mean(0), full_matrices=False).Vh[:5]
    left = left_over(turned - turned.mean(0), directions)
    torch.testing.assert_close(scores(network, images).double(), left[:60], rtol=1e-4, atol=1e-6)


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


def test_cells_tell_apart_what_one_plane_through_all_images_does_not(detector):
    whole = CellPCA(1, SIZE, 1, 800, 5, 40)
    whole.learn([blobs(300), blobs(100, seed=1)], seed=0)
    images, odd = blobs(100, seed=6), torch.arange(200) >= 100
    images = torch.cat([images, images + 0.1 * blobs(100, seed=7, width=0.7)])

    cells, one = (roc_auc_score(odd, scores(network, images)) for network in (detector, whole))

    assert cells > 0.85
    assert cells > one + 0.1


def test_the_same_seed_gives_the_same_cells(detector):
    again = CellPCA(1, SIZE, 24, 20, 5, 40)
    again.learn([blobs(300), blobs(100, seed=1)], seed=0)

    torch.testing.assert_close(scores(again, blobs(9, seed=8)), scores(detector, blobs(9, seed=8)))


def test_weights_hold_fewer_numbers_than_the_images_and_survive_half_precision(detector):
    images = blobs(30, seed=9)
    before = scores(detector, images)
    halved = CellPCA(1, SIZE, 24, 20, 5, 40).eval()
    halved.load_state_dict({name: value.half().float() for name, value in detector.state_dict().items()})

    assert sum(value.numel() for value in detector.state_dict().values()) < 400 * SIZE**2 / 2
    torch.testing.assert_close(scores(halved, images), before, rtol=0.03, atol=1e-5)


def test_too_few_images_are_an_error_that_says_how_many_are_needed():
    with pytest.raises(TrainingError, match="15 images to learn from; these cells need 21"):
        CellPCA(1, SIZE, 24, 20, 5, 40).learn([blobs(15)], seed=0)


def test_a_basis_smaller_than_the_planes_is_refused():
    with pytest.raises(SpecError, match="13 dimensions, 20 neighbours, a basis of 12"):
        CellPCA(1, SIZE, 24, 20, 13, 12)


def test_the_architecture_has_the_cells_that_it_is_asked_for():
    assert len(network_of("localpca", size=SIZE, cells=4, basis=20).centres) == 4
