"""Affine distortions of batches: each draws one thing, and what it draws is what the recipe says."""

import math

import torch

from zoo_core.images.augmentation import Distortion, distorted

SIDE = 41


def blob(x=0.0, y=0.0, sigma=3.0, count=64):
    """Gaussian spots (count, 1, SIDE, SIDE) at that place, in pixels from the centre."""
    rows, columns = torch.meshgrid(*[torch.arange(SIDE) - (SIDE - 1) / 2] * 2, indexing="ij")
    return torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)).expand(count, 1, -1, -1)


def moments(images):
    """Centres (B, 2) and second moments xx, yy, xy (B, 3), in pixels."""
    light = images[:, 0] / images[:, 0].sum((1, 2), keepdim=True)
    rows, columns = torch.meshgrid(*[torch.arange(SIDE) - (SIDE - 1) / 2] * 2, indexing="ij")
    x, y = (light * columns).sum((1, 2)), (light * rows).sum((1, 2))
    dx, dy = columns - x[:, None, None], rows - y[:, None, None]
    seconds = [(light * a * b).sum((1, 2)) for a, b in ((dx, dx), (dy, dy), (dx, dy))]
    return torch.stack([x, y], 1), torch.stack(seconds, 1)


def drawn(distortion, images, seed=1):
    return distorted(images, distortion, torch.Generator().manual_seed(seed))


def test_translation_reaches_a_share_of_the_side_and_no_further():
    centres, seconds = moments(drawn(Distortion(translate=0.1), blob()))

    assert 3.5 < centres.abs().max() <= 0.1 * SIDE + 0.01
    assert centres.min() < -2 and centres.max() > 2
    torch.testing.assert_close(seconds[:, 2], torch.zeros(64), atol=0.05, rtol=0)  # interpolation


def test_scale_below_one_shows_the_object_smaller():
    _, seconds = moments(drawn(Distortion(scale=(0.75, 1.0)), blob(sigma=4.0)))

    sizes = (seconds[:, 0] ** 0.5) / 4.0
    assert 0.74 < sizes.min() < 0.8 and 0.95 < sizes.max() < 1.02


def test_shear_tilts_by_at_most_its_tangent():
    _, seconds = moments(drawn(Distortion(shear=0.2), blob(sigma=4.0)))

    tangents = seconds[:, 2] / seconds[:, 1]  # of x' = x + s y, <x'y> / <yy> is s
    assert 0.15 < tangents.abs().max() <= 0.205
    assert tangents.min() < 0 < tangents.max()


def test_rotation_turns_about_the_centre():
    centres, _ = moments(drawn(Distortion(rotate=90.0), blob(x=8.0, sigma=1.5)))

    torch.testing.assert_close(centres.norm(dim=1), torch.full((64,), 8.0), atol=0.1, rtol=0)
    angles = torch.atan2(centres[:, 1], centres[:, 0]).abs()
    assert 1.3 < angles.max() <= math.pi / 2 + 0.01


def test_what_leaves_the_frame_comes_back_on_the_other_side_or_is_mirrored():
    spots = blob(x=-16.0, sigma=1.0, count=200)
    light = spots[0].sum()
    wrapped, mirrored = (
        drawn(Distortion(translate=0.2, fill=fill), spots).sum((1, 2, 3)) / light for fill in ("wrap", "reflect")
    )

    assert wrapped.min() > 0.9 and wrapped.max() < 1.1  # the border itself is interpolated
    assert mirrored.min() < 0.1 and mirrored.max() > 1.5


def test_nothing_asked_for_draws_nothing():
    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    images = blob(count=2)

    assert distorted(images, Distortion(), generator) is images
    assert torch.equal(generator.get_state(), before)
