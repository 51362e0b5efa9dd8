"""Parameters of images that are turned, and the average over the views of an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from .kinds import Element, Symmetry

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["average", "average_gaussians", "average_values", "matrices", "turned"]


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

    means, log_variances = zip(*(output.chunk(2, dim=1) for output in outputs), strict=True)
    spreads = []
    for number, log_variance in enumerate(log_variances):
        element = Element.numbered(_back(number, log_variance))
        spreads.append(_changed(log_variance, parameters, symmetries, partial(_spread, element=element)))
    return torch.cat([average_values(means, parameters, symmetries), torch.stack(spreads).mean(0)], 1)


def average_values(outputs: Sequence[Tensor], parameters: Sequence[str], symmetries: Sequence[Symmetry]) -> Tensor:
    """Parameters (B, P) of images from those of their eight views, each of which is turned back first.

    Arguments:
        outputs: of the images under element 0, 1 ... 7 of D4.
        parameters: names of the columns.
        symmetries: of all of them.
    """
    back = [turned(output, parameters, symmetries, _back(number, output)) for number, output in enumerate(outputs)]
    return _mean(back, parameters, symmetries)


def average_gaussians(
    gaussians: Sequence[tuple[Tensor, Tensor]], parameters: Sequence[str], symmetries: Sequence[Symmetry]
) -> tuple[Tensor, Tensor]:
    """Mean (B, P) and covariance (B, P, P) of images from those of their eight views, each turned back first.

        mu = 1/8 sum_g R_g mu_g,    C = 1/8 sum_g R_g C_g R_g^T

    Arguments:
        gaussians: mean and covariance of the images under element 0, 1 ... 7 of D4.
        parameters: names of the columns.
        symmetries: of all of them.
    """
    import torch

    means, stated = zip(*gaussians, strict=True)
    back = [R.to(stated[0]) for R in matrices(parameters, symmetries)]
    covariances = [R @ covariance @ R.T for R, covariance in zip(back, stated, strict=True)]
    return average_values(means, parameters, symmetries), torch.stack(covariances).mean(0)


def matrices(parameters: Sequence[str], symmetries: Sequence[Symmetry]) -> list[Tensor]:
    """What turns small deviations of the parameters of the eight views of an image back, R_g (P, P) each.

    Example:
        >>> from zoo_core.symmetries import matrices, recognised
        >>> matrices(("e1", "e2"), recognised(("e1", "e2")))[1]  # of a quarter turn
        tensor([[-1., -0.],
                [-0., -1.]])

    Arguments:
        parameters: their names.
        symmetries: of all of them.
    """
    import torch

    one = torch.eye(len(parameters))
    elements = [Element.numbered(_back(number, one)) for number in range(8)]
    return [_changed(one, parameters, symmetries, partial(_deviation, element=element)).T for element in elements]


def _back(number: int, rows: Tensor) -> Tensor:
    """The element that undoes one, for each of the rows."""
    import torch

    return torch.full((len(rows),), number if number >= 4 else -number % 4, device=rows.device)


def _mean(means: Sequence[Tensor], parameters: Sequence[str], symmetries: Sequence[Symmetry]) -> Tensor:
    """One mean (B, P) of several."""
    import torch

    stacked = torch.stack(list(means))
    mean = stacked.mean(0)
    for symmetry in symmetries:
        for column in _columns(symmetry, parameters):
            mean[:, column] = symmetry.average(stacked[:, :, column])
    return mean


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


def _deviation(symmetry: Symmetry, values: Sequence[Tensor], element: Element) -> tuple[Tensor, ...]:
    return symmetry.deviation(values, element)
