"""RandomViews keep what lensing did."""

import pytest
import torch
from torch import Generator
from zoo_scan.views import RandomViews

from zoo_core.images.augmentation import dihedral


def images(count=64, size=9):
    return torch.randn(count, 2, size, size, generator=Generator().manual_seed(1))


def elements_drawn(views):
    x = images()
    drawn = views.draw(x, Generator().manual_seed(0))
    return {element for one, view in zip(x, drawn, strict=True) for element in range(8) if same(one, view, element)}


def same(one, view, element):
    return torch.equal(dihedral(one[None], element)[0], view)


@pytest.mark.parametrize(
    ("symmetry", "elements"),
    [("d4", {*range(8)}), ("rotations", {0, 1, 2, 3}), ("rotation180", {0, 2}), ("none", {0})],
)
def test_views_take_the_declared_symmetry_and_no_other(symmetry, elements):
    assert elements_drawn(RandomViews(symmetry, shift=0)) == elements


def test_shifts_are_whole_pixels_up_to_the_largest():
    x = torch.zeros(256, 1, 11, 11)
    x[..., 5, 5] = 1

    shifted = RandomViews("none", shift=2).draw(x, Generator().manual_seed(0))

    places = shifted[:, 0].nonzero()[:, 1:]
    assert len(places) == 256
    assert (places - 5).unique().tolist() == [-2, -1, 0, 1, 2]


def test_a_view_is_neither_stretched_nor_zoomed():
    x = torch.zeros(32, 1, 21, 21)
    x[..., 8:13, 8:13] = torch.rand(5, 5, generator=Generator().manual_seed(0))

    views = RandomViews("d4", shift=3).draw(x, Generator().manual_seed(0))

    torch.testing.assert_close(views.flatten(1).sort(1).values, x.flatten(1).sort(1).values)  # the same pixels


def test_noise_and_gain_are_bounded_by_what_was_said():
    x = torch.ones(200, 1, 16, 16)

    brighter = RandomViews("none", shift=0, gain=0.2).draw(x, Generator().manual_seed(0))
    noisier = RandomViews("none", shift=0, noise=0.5).draw(x, Generator().manual_seed(0))

    assert brighter.amin() >= 0.8
    assert brighter.amax() <= 1.2
    assert noisier.std((1, 2, 3)).max() < 0.5 * 1.15  # 256 pixels: three standard errors
    assert noisier.std((1, 2, 3)).mean() == pytest.approx(0.25, abs=0.04)  # U(0, 0.5) has mean 0.25


def test_the_same_generator_gives_the_same_views_and_the_global_one_is_untouched():
    views, state = RandomViews("d4", 2, 0.1, 0.1), torch.random.get_rng_state()

    first, second = (views.draw(images(), Generator().manual_seed(7)) for _ in range(2))

    assert torch.equal(first, second)
    assert torch.equal(state, torch.random.get_rng_state())


def test_an_unknown_symmetry_is_refused():
    with pytest.raises(ValueError, match="rotation180"):
        RandomViews("mirror")
