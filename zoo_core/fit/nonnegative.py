"""Least squares with amplitudes that are not negative, of many small systems at once.

Light adds: amplitudes of galaxies below zero would let the sum of them take any form. With G = A^T A and b = A^T d, the
solution of min |A x - d| with x >= 0 has

    x >= 0,    y = G x - b >= 0,    x_k y_k = 0,

so that it is known once it is known which x are positive (the passive set). Block principal pivoting exchanges all
indices that break these rules at once, and falls back to one at a time where that does not make them fewer.

Source: Portugal, Judice & Vicente (1994), Math. Comp. 63, 625; Kim & Park (2011), SIAM J. Sci. Comput. 33, 3261, for
many systems.
"""

import torch
from torch import Tensor

__all__ = ["nonnegative"]

RIDGE = 1e-9  # of the normalised matrix: lights may be nearly alike
ZERO = 1e-10  # of normalised solutions, below which the sign is rounding
PATIENCE = 3  # exchanges of all indices that may fail to make the broken rules fewer
ROUNDS = 5  # per unknown, after which the last answer is taken; a handful are enough nearly always


def nonnegative(gram: Tensor, rhs: Tensor, signed: int = 0) -> tuple[Tensor, Tensor]:
    """Solutions (B, M), and which of them are positive or may have any sign, (B, M) bool.

    Arguments:
        gram: A^T A, (B, M, M).
        rhs: A^T d, (B, M).
        signed: how many of the first unknowns may have any sign.

    Example:
        >>> import torch
        >>> from zoo_core.fit.nonnegative import nonnegative
        >>> gram = torch.tensor([[[2.0, 1.0], [1.0, 2.0]]], dtype=torch.float64)
        >>> nonnegative(gram, torch.tensor([[3.0, 0.0]], dtype=torch.float64))[0]
        tensor([[1.5000, 0.0000]], dtype=torch.float64)
    """
    scale = gram.diagonal(dim1=1, dim2=2).clamp(min=torch.finfo(gram.dtype).tiny).rsqrt()
    gram = gram * scale[:, :, None] * scale[:, None] + RIDGE * torch.eye(gram.shape[1]).to(gram)
    rhs = rhs * scale
    any_sign = torch.arange(gram.shape[1], device=gram.device) < signed
    zero = ZERO * rhs.abs().amax(1, keepdim=True)
    passive = torch.ones_like(rhs, dtype=torch.bool)
    fewest = torch.full((len(rhs),), gram.shape[1] + 1, device=gram.device)
    patience = torch.full_like(fewest, PATIENCE)
    solution = _solved(gram, rhs, passive)
    for _ in range(ROUNDS * gram.shape[1]):
        slope = (gram @ solution[..., None])[..., 0] - rhs
        broken = torch.where(passive, solution < -zero, slope < -zero) & ~any_sign
        count = broken.sum(1)
        if not count.any():
            break
        fewer = count < fewest
        fewest, patience = torch.where(fewer, count, fewest), torch.where(fewer, PATIENCE, patience - 1)
        passive = passive ^ torch.where((patience >= 0)[:, None], broken, _last(broken))
        solution = _solved(gram, rhs, passive)
    return torch.where(any_sign, solution, solution.clamp(min=0)) * scale, passive


def _solved(gram: Tensor, rhs: Tensor, passive: Tensor) -> Tensor:
    """Solutions of the unknowns in the passive set; the others are 0."""
    both = passive[:, :, None] & passive[:, None]
    kept = torch.where(both, gram, torch.diag_embed((~passive).to(gram)))
    return torch.linalg.solve(kept, torch.where(passive, rhs, 0.0))


def _last(broken: Tensor) -> Tensor:
    """The last of the true values in each row, alone."""
    later = broken.flip(1).cumsum(1).flip(1)
    return broken & (later == 1)
