"""The eight views of an image under the dihedral group D4, and the average of a network's outputs over them."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor

from ..errors import ArgumentError
from ..images.augmentation import dihedral as view
from ..symmetries import Symmetry
from ..tasks import Heads, Task

__all__ = ["VIEWS", "Output", "averaged", "check_views", "undo_view", "view"]

VIEWS = (1, 8)

Output = Tensor | tuple[Tensor, ...]


def undo_view(images: Tensor, k: int) -> Tensor:
    """Images (..., H, W) whose view k is given."""
    turned = images.rot90(-(k % 4), (-2, -1))
    return turned.flip(-1) if k >= 4 else turned


def averaged(
    network: Callable[[Tensor], Output],
    channels: Tensor,
    views: int,
    task: Task,
    heads: Heads,
    symmetries: Sequence[Symmetry] = (),
) -> Output:
    """Output of the network for channels (B, C, size, size), averaged over the views as the task defines it.

    Arguments:
        network: one output for one batch.
        channels: what it takes.
        views: 1 or 8.
        task, heads, symmetries: what the outputs stand for, and how they turn with the image.
    """
    if views == 1:
        return network(channels)
    outputs = [network(view(channels, k).contiguous(memory_format=torch.channels_last)) for k in range(views)]
    if task.maps_images:
        outputs = [undo_view(cast(Tensor, output), k) for k, output in enumerate(outputs)]
    return task.average(cast(list[Tensor], outputs), heads, symmetries)


def check_views(views: int) -> int:
    """The number of views, or an error if it is not the order of a subgroup we average over."""
    if views not in VIEWS:
        raise ArgumentError(
            f"views= (--views) is {views!r}; it must be 1 (fast) or 8 (all rotations and mirror images)"
        )
    return views
