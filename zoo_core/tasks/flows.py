"""Normalizing flows: posteriors of any shape, curved, skewed or of several modes, of which every number is an output.

Nothing here imports torch or zuko when it is loaded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ..errors import NotInstalledError
from .gaussians import Full, Likelihood

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributions import Transform

__all__ = ["Flow", "even_points"]

BINS = 8  # of each spline
BOUND = 6.0  # whitened parameters: beyond it a spline is the identity
UNITS = 4  # hidden ones, of what a parameter is transformed by
OF_A_SPLINE = 3 * BINS - 1  # widths, heights, and slopes between the bins
EACH = 2 + OF_A_SPLINE  # numbers that transform a parameter: a shift, a scale, a spline
LOOKED_AT = (-1.5, -0.5, 0.5, 1.5)  # where the hidden units are 0 before anything is learned
POINTS = 512  # of a Gaussian, which moments and quantiles are computed from
SEED = 1  # of these points


class Flow(Likelihood):
    """An autoregressive flow of rational quadratic splines, from the posterior to a standard Gaussian.

        u = U^T D (y - mu)
        h_km = tanh(sum_{j<k} A_kmj u_j + a_km),    (b_k, s_k, knots of S_k) = sum_m W_km h_km + w_k
        z_k = S_k(u_k exp(s_k) + b_k)
        -ln p = sum_k [z_k^2 / 2 - l_k - s_k - ln S_k']

    mu, D = diag(exp l) and U are those of `Full`, which the flow is where all other numbers are 0. Each z_k is monotone
    in u_k and depends on all parameters before it in any way, so that the density may have any shape. The weights A, a,
    W and w are outputs of the network, as all else: a row is the posterior of its image, whatever network it came from.

    A row may be followed by an orthogonal matrix R (P, P), row by row, see `turned`: its density is that of R^T y.

    Example:
        >>> import torch
        >>> from zoo_core.tasks.flows import Flow
        >>> flow = Flow(2)
        >>> row = flow.output_of(torch.tensor([1.0, 2.0]), torch.diag(torch.tensor([4.0, 9.0])))
        >>> flow.gaussian(row)[0].round(decimals=3), flow.outputs
        (tensor([1., 2.]), 267)

    Source: Durkan, Bekasov, Murray & Papamakarios (2019), "Neural spline flows", arXiv:1906.04032; Papamakarios,
    Pavlakou & Murray (2017), "Masked autoregressive flow for density estimation", arXiv:1705.07057; Ha, Dai & Le
    (2016), "HyperNetworks", arXiv:1609.09106, for weights that are outputs. Splines are those of zuko.
    """

    is_gaussian = False

    @property
    def outputs(self) -> int:
        """Those of `Full`, and the weights."""
        return sum(self._sizes)

    def gaussian(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """See `Likelihood.gaussian`; moments of `POINTS` points, exact for a Gaussian."""
        import torch

        points = self.points(output)
        mean = points.mean(0)
        apart = points - mean
        return mean, torch.einsum("n...j,n...k->...jk", apart, apart) / len(points)

    def mean(self, output: Tensor) -> Tensor:
        """See `Likelihood.mean`."""
        return self.gaussian(output)[0]

    def nll(self, output: Tensor, target: Tensor) -> Tensor:
        """See `Likelihood.nll`."""
        gaussian, weights, R = self._split(output)
        mean, scale, U = Full(self.parameters).parts(gaussian)
        if R is not None:
            target = (target[..., None, :] @ R)[..., 0, :]
        u = (((target - mean) * scale.exp())[..., None, :] @ U)[..., 0, :]
        z, slope = _call_with_slope(self._transform(weights, u), u)
        return (0.5 * z.square() - slope - scale).sum(-1)

    def output_of(self, mean: Tensor, covariance: Tensor) -> Tensor:
        """See `Likelihood.output_of`."""
        import torch

        row = Full(self.parameters).output_of(mean, covariance)
        return torch.cat([row, row.new_zeros(*row.shape[:-1], self.outputs - row.shape[-1])], -1)

    def values(self, output: Tensor, z: Tensor) -> Tensor:
        """Parameters (n, ..., P) that rows (..., O) make of draws (n, ..., P) of a standard Gaussian."""
        import torch

        gaussian, weights, R = self._split(output)
        mean, scale, U = Full(self.parameters).parts(gaussian)
        u = self._inverse(weights, z)
        whitened = torch.linalg.solve_triangular(U.mT, u[..., None], upper=True)[..., 0]
        y = mean + whitened * (-scale).exp()
        return y if R is None else (R @ y[..., None])[..., 0]

    def points(self, output: Tensor) -> Tensor:
        """Points (POINTS, ..., P) that follow the densities of rows (..., O) evenly, the same for equal rows."""
        z = even_points(self.parameters).to(output.device)
        return self.values(output, z.reshape(POINTS, *[1] * (output.ndim - 1), self.parameters))

    def turned(self, output: Tensor, R: Tensor | None = None) -> Tensor:
        """The rows of R y, R orthogonal (P, P) or 1, where `output` are those of y; with their matrix."""
        import torch

        row, before = self._whole(output)
        return torch.cat([row, (before if R is None else R.to(before) @ before).flatten(-2)], -1)

    def stretched(self, output: Tensor, factors: Tensor, centre: Tensor) -> Tensor:
        """The rows of c + s (y - c), factors s (P,) and centre c (..., P); R must do no more than exchange parameters.

        As D (y - mu) stays what it is, l_k becomes l_k - ln s_k.
        """
        import torch

        P = self.parameters
        row, R = self._whole(output)
        centre, s = (centre[..., None, :] @ R)[..., 0, :], (factors @ R.square())
        mean, scale, rest = row.split([P, P, row.shape[-1] - 2 * P], -1)
        return torch.cat([centre + s * (mean - centre), scale - s.log(), rest, R.flatten(-2)], -1)

    def _whole(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Rows without their matrix, and the matrix (..., P, P), which is 1 where they have none."""
        import torch

        P = self.parameters
        if output.shape[-1] > self.outputs:
            return output[..., : self.outputs], output[..., self.outputs :].unflatten(-1, (P, P))
        return output, torch.eye(P).to(output).expand(*output.shape[:-1], P, P)

    def _split(self, output: Tensor) -> tuple[Tensor, _Weights, Tensor | None]:
        """The row of the Gaussian, the weights, and the matrix if there is one; in single precision."""
        row = output[..., : self.outputs].float()
        gaussian, inputs, *others = row.split(self._sizes, -1)
        R = self._whole(output)[1].float() if output.shape[-1] > self.outputs else None
        return gaussian, _Weights.of(self.parameters, inputs, *others), R

    def _transform(self, weights: _Weights, u: Tensor) -> Transform:
        """From u (..., P) to z, each component by itself given those before it."""
        import torch

        hidden = torch.tanh((weights.A @ u[..., None, :, None])[..., 0] + weights.a)
        return _monotone((weights.W @ hidden[..., None])[..., 0] + weights.w)

    def _inverse(self, weights: _Weights, z: Tensor) -> Tensor:
        """From z (n, ..., P) to u, one component after the other."""
        import torch

        u = torch.zeros(torch.broadcast_shapes(z.shape, weights.w.shape[:-1])).to(z)
        for k in range(self.parameters):
            hidden = torch.tanh((weights.A[..., k, :, :] @ u[..., None])[..., 0] + weights.a[..., k, :])
            chosen = (weights.W[..., k, :, :] @ hidden[..., None])[..., 0] + weights.w[..., k, :]
            u[..., k] = _backwards(_monotone(chosen), z[..., k])
        return u

    @property
    def _sizes(self) -> list[int]:
        """How many numbers a row has of the Gaussian, A, a, W and w."""
        P = self.parameters
        return [Full(P).outputs, UNITS * P * (P - 1) // 2, UNITS * P, P * EACH * UNITS, P * EACH]


class _Weights:
    """The weights of rows, in the shape in which they are used.

    Attributes:
        A: (..., P, UNITS, P), 0 for a parameter itself and those after it.
        a: (..., P, UNITS).
        W: (..., P, EACH, UNITS).
        w: (..., P, EACH).
    """

    def __init__(self, A: Tensor, a: Tensor, W: Tensor, w: Tensor):
        self.A, self.a, self.W, self.w = A, a, W, w

    @classmethod
    def of(cls, P: int, inputs: Tensor, offsets: Tensor, W: Tensor, w: Tensor) -> _Weights:
        """Of a row's numbers, to which the first weights are added, so that hidden units differ from the beginning."""
        import torch

        A = torch.zeros(*inputs.shape[:-1], P, UNITS, P).to(inputs)
        if P > 1:
            A[..., *_before(P)] = inputs
        A = A + _first_inputs(P).to(inputs)
        a = offsets.unflatten(-1, (P, UNITS)) - torch.tensor(LOOKED_AT).to(offsets)
        return cls(A, a, W.unflatten(-1, (P, EACH, UNITS)), w.unflatten(-1, (P, EACH)))


def _before(P: int) -> tuple[list[int], list[int], list[int]]:
    """Parameter, hidden unit and input of each number of A."""
    places = [(k, m, j) for k in range(P) for m in range(UNITS) for j in range(k)]
    return [k for k, _, _ in places], [m for _, m, _ in places], [j for _, _, j in places]


def _first_inputs(P: int) -> Tensor:
    """A before anything is learned: the hidden units of a parameter look at those before it in turn."""
    import torch

    A = torch.zeros(P, UNITS, P)
    for k in range(1, P):
        for m in range(UNITS):
            A[k, m, m % k] = 1.0
    return A


def _monotone(chosen: Tensor) -> Transform:
    """S(u exp(s) + b) of numbers (..., EACH)."""
    try:
        from zuko.transforms import ComposedTransform, MonotonicAffineTransform, MonotonicRQSTransform
    except ImportError as error:
        raise NotInstalledError(
            f"likelihood `flow` needs zuko ({error}); install it with: pip install 'zoo-core[flow]'"
        ) from error
    shift, scale, widths, heights, slopes = chosen.split([1, 1, BINS, BINS, BINS - 1], -1)
    affine = MonotonicAffineTransform(shift[..., 0], scale[..., 0])
    return ComposedTransform(affine, MonotonicRQSTransform(widths, heights, slopes, bound=BOUND))


def _backwards(transform: Transform, z: Tensor) -> Tensor:
    """U of z."""
    return transform.inv(z)  # pyright: ignore[reportReturnType, reportCallIssue]


def _call_with_slope(transform: Transform, u: Tensor) -> tuple[Tensor, Tensor]:
    """z, and the logarithm of its slope."""
    return transform.call_and_ladj(u)  # pyright: ignore[reportAttributeAccessIssue] - zuko's


@functools.cache
def even_points(P: int) -> Tensor:
    """Points (POINTS, P) of a standard Gaussian, more even than draws, with mean 0 and covariance 1 exactly.

    Source: Sobol (1967), USSR Comput. Math. Math. Phys. 7, 86, scrambled; each point has its opposite beside it.
    """
    import torch

    even = torch.quasirandom.SobolEngine(P, scramble=True, seed=SEED).draw(POINTS // 2, dtype=torch.float64)
    half = torch.special.ndtri(even.clamp(1e-4, 1 - 1e-4))
    z = torch.cat([half, -half])
    factor = torch.linalg.cholesky(z.T @ z / POINTS)
    return torch.linalg.solve_triangular(factor, z.T, upper=False).T.float()
