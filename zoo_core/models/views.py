"""The eight views of an image under the dihedral group D4."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..images.augmentation import dihedral as view

__all__ = ["VIEWS", "Output", "check_views", "of_views", "undo_view", "view"]

VIEWS = (1, 8)

Output = Tensor | tuple[Tensor, ...]


def undo_view(images: Output, k: int) -> Output:
    """Images (..., H, W) whose view k is given, or several of them."""
    if isinstance(images, tuple):
        return tuple(_undone(part, k) for part in images)
    return _undone(images, k)


def _undone(images: Tensor, k: int) -> Tensor:
    turned = images.rot90(-(k % 4), (-2, -1))
    return turned.flip(-1) if k >= 4 else turned


def of_views(network: Callable[[Tensor], Output], channels: Tensor, views: int) -> list[Output]:
    """Outputs of the network for each view of channels (B, C, size, size)."""
    return [network(view(channels, k).contiguous(memory_format=torch.channels_last)) for k in range(views)]


def check_views(views: int) -> int:
    """The number of views, or an error if it is not the order of a subgroup we average over."""
    if views not in VIEWS:
        raise ArgumentError(
            f"views= (--views) is {views!r}; it must be 1 (fast) or 8 (all rotations and mirror images)"
        )
    return views
