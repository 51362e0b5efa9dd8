"""Parameters of images that are turned, and the average over the views of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .kinds import Element, Symmetry

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["average", "turned"]


def turned(values: Tensor, parameters: Sequence[str], symmetries: Sequence[Symmetry], numbers: Tensor) -> Tensor:
    """Parameters (B, P) of images that were turned, each under an element of D4 of its own.

    Arguments:
        values: of the images before.
        parameters: names of the columns.
        symmetries: of all of them.
        numbers: (B,), 0 to 7, as of `zoo_core.images.augmentation.dihedral`.
    """
    element = Element.numbered(numbers)
    return _changed(values, parameters, symmetries, lambda symmetry, columns: symmetry.turned(columns, element))


def average(outputs: Sequence[Tensor], parameters: Sequence[str], symmetries: Sequence[Symmetry]) -> Tensor:
    """Means and log variances (B, 2 P) of images from those of their eight views, each of which is turned back first.

    Arguments:
        outputs: of the images under element 0, 1 ... 7 of D4.
        parameters: names of the means.
        symmetries: of all of them.
    """
    import torch

    means, spreads = [], []
    for number, output in enumerate(outputs):
        back = torch.full((len(output),), number if number >= 4 else -number % 4, device=output.device)
        mean, log_variance = output.chunk(2, dim=1)
        means.append(turned(mean, parameters, symmetries, back))
        element = Element.numbered(back)
        spreads.append(_changed(log_variance, parameters, symmetries, partial(_spread, element=element)))
    stacked = torch.stack(means)
    mean = stacked.mean(0)
    for symmetry in symmetries:
        for column in _columns(symmetry, parameters):
            mean[:, column] = symmetry.average(stacked[:, :, column])
    return torch.cat([mean, torch.stack(spreads).mean(0)], 1)


def _changed(
    values: Tensor,
    parameters: Sequence[str],
    symmetries: Sequence[Symmetry],
    change: Callable[[Symmetry, list[Tensor]], Sequence[Tensor]],
) -> Tensor:
    """The columns of each symmetry changed together."""
    changed = values.clone()
    for symmetry in symmetries:
        columns = _columns(symmetry, parameters)
        for column, value in zip(columns, change(symmetry, [values[:, at] for at in columns]), strict=True):
            changed[:, column] = value
    return changed


def _columns(symmetry: Symmetry, parameters: Sequence[str]) -> list[int]:
    return [parameters.index(name) for name in symmetry.names]


def _spread(symmetry: Symmetry, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
    return symmetry.spread(values, element)
