"""MMD, features of the same mean in a space of kernels."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .method import Method, Step, Weighted

__all__ = ["Mmd", "squared_discrepancy"]

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of the kernels, squared, in mean squared distances of the batch."""


class Mmd(Method):
    """The maximum mean discrepancy of the features of source and target is added to the loss of the task.

    Source: Gretton et al. (2012), JMLR 13, 723 for the discrepancy; Long et al. (2015), ICML, "Learning transferable
    features with deep adaptation networks", for its place in a network.
    """

    @dataclass(frozen=True)
    class Settings(Weighted):
        """Settings of MMD.

        Arguments:
            weight: of the squared discrepancy.
        """

    def forward(self, step: Step) -> Tensor:
        """See the class."""
        source, target = step.see_both()
        discrepancy = squared_discrepancy(source.features.float(), target.features.float())
        return step.loss(source.outputs, step.labels) + self.settings.weight * discrepancy


def squared_discrepancy(x: Tensor, y: Tensor) -> Tensor:
    """Squared maximum mean discrepancy of two samples, (N, D) and (M, D).

    mean k(x, x') + mean k(y, y') - 2 mean k(x, y), pairs of a row with itself included, with k the mean of Gaussian
    kernels exp(-|x - y|^2 / (2 w)) of several widths.

    >>> x = torch.randn(50, 3, generator=torch.Generator().manual_seed(1))
    >>> bool(squared_discrepancy(x, x) < 1e-6 < squared_discrepancy(x, x + 2))
    True
    """
    both = torch.cat([x, y])
    distance_2 = torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist").square()
    width = distance_2.detach().mean().clamp(min=1e-12)
    kernel = torch.stack([torch.exp(-distance_2 / (2 * factor * width)) for factor in WIDTHS]).mean(0)
    n = len(x)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()
