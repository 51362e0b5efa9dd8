"""Light inside an ellipse of a Sersic profile: the incomplete gamma function, of many arguments at once.

torch iterates on each argument until it has converged; the sums here have as many terms for all, so that they are
products of whole tensors, and take a quarter of the time.
"""

import torch
from torch import Tensor

__all__ = ["enclosed"]

TERMS = ((4.0, 30), (8.0, 38), (16.0, 54))
"""Largest argument, and the terms of the series about 0 that leave 1e-13 of the function up to there."""

SPLIT = TERMS[-1][0]
"""From here on the expansion about infinity is used."""

FAR_TERMS = 24
"""Of that expansion: they leave 1e-12 for 2 n up to STEEPEST."""

STEEPEST = 20.0
"""Largest 2 n that FAR_TERMS suffice for."""


def enclosed(n: Tensor, x: Tensor) -> Tensor:
    """Share of a Sersic profile's light inside the ellipse of x = b (R / R_e)^(1 / n): P(2 n, x).

    Graham & Driver (2005), PASA 22, 118. For an exponential disc, n = 1, it is 1 - (1 + x) exp(-x).

    Arguments:
        n: Sersic index of each profile, float64, (profiles, 1, 1).
        x: above 0, float64, (profiles, height, width).

    >>> enclosed(torch.full((1, 1, 1), 0.5, dtype=torch.float64), torch.ones(1, 1, 1, dtype=torch.float64))
    tensor([[[0.6321]]], dtype=torch.float64)
    """
    if bool((n == 1).all()):
        return -torch.expm1(-x) - x * torch.exp(-x)
    steepest, farthest = torch.stack([2 * n.max(), x.max()]).tolist()
    if steepest > STEEPEST:
        return torch.special.gammainc(2 * n, x)
    near = _about_zero(2 * n, x.clamp_max(SPLIT), min(terms for end, terms in TERMS if min(farthest, SPLIT) <= end))
    return near if farthest <= SPLIT else torch.where(x <= SPLIT, near, _about_infinity(2 * n, x.clamp_min(SPLIT)))


def _about_zero(a: Tensor, x: Tensor, terms: int) -> Tensor:
    """P(a, x) = x^a exp(-x) sum over k of x^k / Gamma(a + k + 1), all of whose terms are positive.

    Olver et al. (2010), NIST Handbook of Mathematical Functions, section 8.7.
    """
    steps = torch.arange(1, terms, dtype=x.dtype, device=x.device)
    return _polynomial(torch.cumprod(1 / (a + steps), dim=-1), x).mul_((a * x.log() - x - torch.lgamma(a + 1)).exp_())


def _about_infinity(a: Tensor, x: Tensor) -> Tensor:
    """P(a, x) = 1 - x^(a - 1) exp(-x) / Gamma(a) sum over k of (a - 1) (a - 2) ... (a - k) / x^k.

    Olver et al. (2010), NIST Handbook of Mathematical Functions, section 8.11.
    """
    steps = torch.arange(1, FAR_TERMS, dtype=x.dtype, device=x.device)
    powers = _polynomial(torch.cumprod(a - steps, dim=-1), 1 / x)
    return 1 - powers.mul_(((a - 1) * x.log() - x - torch.lgamma(a)).exp_())


def _polynomial(coefficients: Tensor, x: Tensor) -> Tensor:
    """1 + c_1 x + c_2 x^2 + ...; coefficients (profiles, 1, terms)."""
    *others, last = coefficients.unbind(-1)
    total = last[..., None].expand_as(x).clone()
    for coefficient in reversed(others):
        total.mul_(x).add_(coefficient[..., None])
    return total.mul_(x).add_(1)
