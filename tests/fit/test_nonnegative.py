"""Amplitudes that are not negative: those of scipy, of many systems at once."""

import numpy as np
import torch
from scipy.optimize import nnls

from zoo_core.fit.nonnegative import nonnegative


def systems(count=60, pixels=40, lights=12, seed=0):
    """Lights that overlap as Gaussians of neighbouring widths do, and images that half of them would have to leave."""
    rng = np.random.default_rng(seed)
    place, width = np.linspace(-3, 3, pixels), np.geomspace(0.3, 3, lights)
    planes = np.exp(-0.5 * (place[:, None] / width) ** 2) * rng.uniform(0.9, 1.1, (count, pixels, lights))
    images = np.einsum("cpl,cl->cp", planes, rng.normal(0, 1, (count, lights))) + rng.normal(0, 0.1, (count, pixels))
    return planes, images


def test_solutions_are_those_of_scipy():
    planes, images = systems()
    a, d = torch.from_numpy(planes), torch.from_numpy(images)

    solution, passive = nonnegative(a.mT @ a, (a.mT @ d[..., None])[..., 0])

    left = (d - (a @ solution[..., None])[..., 0]).norm(dim=1)
    expected = [nnls(plane, image)[1] for plane, image in zip(planes, images, strict=True)]
    assert (solution >= 0).all() and not solution[~passive].any()
    np.testing.assert_allclose(left, expected, rtol=1e-6)


def test_the_first_unknowns_may_have_any_sign():
    planes, images = systems(count=5)
    a, d = torch.from_numpy(planes), torch.from_numpy(images - 50)

    solution, _ = nonnegative(a.mT @ a, (a.mT @ d[..., None])[..., 0], signed=1)

    for plane, image, found in zip(planes, images - 50, solution.numpy(), strict=True):
        both = np.concatenate([plane, -plane[:, :1]], axis=1)  # a signed unknown is the difference of two
        np.testing.assert_allclose(np.linalg.norm(image - plane @ found), nnls(both, image)[1], rtol=1e-6)
    assert (solution[:, 0] < 0).any()
