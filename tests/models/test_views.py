"""Views under the dihedral group."""

import pytest
import torch

from zoo_core.errors import ArgumentError
from zoo_core.models.views import check_views, undo_view, view


@pytest.fixture
def image() -> torch.Tensor:
    return torch.arange(2 * 5 * 5.0).reshape(1, 2, 5, 5)


def test_the_eight_views_are_all_different_and_the_first_is_the_image(image):
    views = [view(image, k) for k in range(8)]
    assert torch.equal(views[0], image)
    assert len({tuple(one.flatten().tolist()) for one in views}) == 8


@pytest.mark.parametrize("k", range(8))
def test_undoing_a_view_gives_the_image(image, k):
    assert torch.equal(undo_view(view(image, k), k), image)


def test_views_form_a_group(image):
    views = {tuple(view(image, k).flatten().tolist()) for k in range(8)}
    twice = {tuple(view(view(image, a), b).flatten().tolist()) for a in range(8) for b in range(8)}
    assert twice == views


@pytest.mark.parametrize("number", [0, 2, 4, 16])
def test_only_one_or_eight_views(number):
    with pytest.raises(ArgumentError, match=r"1 .* or 8"):
        check_views(number)
