"""Gaussians of the parameters of an image, their errors independent of one another or not.

Outputs are rows (..., O), means first, then what the covariance is made of. Nothing here imports torch or numpy when it
is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

__all__ = ["Diagonal", "Full", "Likelihood"]

LEAST_VARIANCE = 1e-12  # of training images that are all alike


@dataclass(frozen=True)
class Likelihood(ABC):
    """A density of so many parameters P, as a row of outputs.

    Attributes:
        is_gaussian: mean and covariance say all that there is to say.
    """

    parameters: int
    is_gaussian: ClassVar[bool] = True

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Length O of a row."""

    @abstractmethod
    def gaussian(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (..., P) and covariance (..., P, P) that rows (..., O) state."""

    @abstractmethod
    def nll(self, output: Tensor, target: Tensor) -> Tensor:
        """Negative log likelihood (...) of targets (..., P) under rows (..., O), in nats, without P/2 ln 2 pi."""

    @abstractmethod
    def output_of(self, mean: Tensor, covariance: Tensor) -> Tensor:
        """The row (..., O) that states this Gaussian, or as much of it as the likelihood can say."""

    def mean(self, output: Tensor) -> Tensor:
        """The mean (..., P) of rows (..., O)."""
        return output[..., : self.parameters]

    def first_output(self, known: np.ndarray) -> np.ndarray:
        """The row of mean and variances of parameters (N, P), without correlations."""
        import numpy as np
        import torch

        variances = np.maximum(known.var(0), LEAST_VARIANCE)
        row = self.output_of(torch.from_numpy(known.mean(0)), torch.from_numpy(np.diag(variances)))
        return row.numpy()


class Diagonal(Likelihood):
    """Independent errors: P means and P log variances.

        -ln p = sum_k (y_k - mu_k)^2 / (2 sigma_k^2) + ln(sigma_k^2) / 2

    Source: Perreault Levasseur, Hezaveh & Wechsler (2017), ApJL 850, L7.
    """

    @property
    def outputs(self) -> int:
        """A mean and a log variance for each parameter."""
        return 2 * self.parameters

    def gaussian(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """See `Likelihood.gaussian`."""
        import torch

        mean, log_variance = output.float().chunk(2, dim=-1)
        return mean, torch.diag_embed(log_variance.exp())

    def nll(self, output: Tensor, target: Tensor) -> Tensor:
        """See `Likelihood.nll`."""
        mean, log_variance = output.chunk(2, dim=-1)
        return (0.5 * ((target - mean) ** 2 * (-log_variance).exp() + log_variance)).sum(-1)

    def output_of(self, mean: Tensor, covariance: Tensor) -> Tensor:
        """See `Likelihood.output_of`; correlations are lost."""
        import torch

        return torch.cat([mean, covariance.diagonal(dim1=-2, dim2=-1).log()], -1)


class Full(Likelihood):
    """Correlated errors: P means, P numbers l and the P (P - 1) / 2 below the diagonal of U, row by row.

        C^-1 = D U U^T D,    D = diag(exp l),    U lower triangular with ones on its diagonal
        -ln p = |U^T D (y - mu)|^2 / 2 - sum_k l_k

    D U is the Cholesky factor of the precision C^-1, so that no network states a covariance that is none, and U has no
    unit, so that parameters of any size are learned alike.

    Example:
        >>> import torch
        >>> from zoo_core.tasks.likelihoods import Full
        >>> Full(2).gaussian(torch.tensor([1.0, 2.0, 0.0, 0.0, 1.0]))[1]
        tensor([[ 2., -1.],
                [-1.,  1.]])

    Source: Wagner-Carena et al. (2021), ApJ 909, 187, for lenses; Dorta et al. (2018), "Structured uncertainty
    prediction networks".
    """

    @property
    def outputs(self) -> int:
        """P means and the P (P + 1) / 2 numbers of a triangular matrix."""
        return self.parameters + self.parameters * (self.parameters + 1) // 2

    def gaussian(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """See `Likelihood.gaussian`: with W = U^-1, C = D^-1 W^T W D^-1."""
        import torch

        mean, scale, U = self.parts(output)
        W = torch.linalg.solve_triangular(U, torch.eye(self.parameters).to(U).expand_as(U), upper=False)
        sigma = (-scale).exp()
        return mean, sigma[..., :, None] * (W.mT @ W) * sigma[..., None, :]

    def nll(self, output: Tensor, target: Tensor) -> Tensor:
        """See `Likelihood.nll`."""
        mean, scale, U = self.parts(output)
        whitened = ((target - mean) * scale.exp())[..., None, :] @ U
        return 0.5 * whitened.square().sum((-2, -1)) - scale.sum(-1)

    def output_of(self, mean: Tensor, covariance: Tensor) -> Tensor:
        """See `Likelihood.output_of`; the factor is computed of the correlations, in double precision."""
        import torch

        sigma = covariance.diagonal(dim1=-2, dim2=-1).double().sqrt()
        correlation = covariance.double() / (sigma[..., :, None] * sigma[..., None, :])
        factor = torch.linalg.cholesky(torch.linalg.inv(correlation))
        diagonal = factor.diagonal(dim1=-2, dim2=-1)
        below = (factor / diagonal[..., :, None])[..., *self._below]
        return torch.cat([mean.double(), (diagonal / sigma).log(), below], -1).to(mean.dtype)

    def parts(self, output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (..., P), l (..., P) and U (..., P, P), in single precision."""
        import torch

        P = self.parameters
        mean, scale, below = output.float().split([P, P, P * (P - 1) // 2], dim=-1)
        U = torch.eye(P).to(below).repeat(*below.shape[:-1], 1, 1)
        U[..., *self._below] = below
        return mean, scale, U

    @property
    def _below(self) -> tuple[list[int], list[int]]:
        """Rows and columns of the numbers below the diagonal."""
        pairs = [(row, column) for row in range(self.parameters) for column in range(row)]
        return [row for row, _ in pairs], [column for _, column in pairs]
