"""The damping of Levenberg and Marquardt, for many fits at once; what is fitted is a matter of who calls it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from .rows import Rows

__all__ = ["STEP", "Tolerance", "minimised"]

STEP = 0.5  # longest step of a parameter, in standard deviations of its prior
DAMPING = (1e-2, 1e-7, 1e7)  # at first, least, most
FACTOR = 5.0  # by which the damping rises or falls

State = TypeVar("State", bound=Rows)


@dataclass(frozen=True)
class Tolerance:
    """Gain of a step below which a fit has converged, in units of chi^2, and what is added to it as a share of it."""

    gain: float
    share: float = 0.0


def minimised(
    start: State,
    tried: Callable[[State, Tensor, Tensor], State],
    cost: Callable[[State], Tensor],
    iterations: int,
    tolerance: Tolerance,
) -> tuple[State, Tensor]:
    """Where the fits end, and whether the last step of each gained nothing, (B,).

    The damping lambda of a fit falls by FACTOR after a step that lowers its cost, and rises by FACTOR after one that
    does not, which is not taken. A fit that has converged, or whose damping is as high as it may be, takes no more.

    Source: Levenberg (1944), Q. Appl. Math. 2, 164; Marquardt (1963), J. SIAM 11, 431.

    Arguments:
        start: where they begin.
        tried: called with where some fits stand, their numbers and their damping; where one step takes them.
        cost: what is minimised, (B,).
        iterations: steps at most.
        tolerance: when a fit has converged.
    """
    now, first = start, cost(start)
    damping, active = torch.full_like(first, DAMPING[0]), torch.arange(len(first), device=first.device)
    for _ in range(iterations):
        if not len(active):
            break
        then = tried(now.rows(active), active, damping[active])
        reached = cost(then)
        gain = cost(now)[active] - reached
        better = gain > 0
        now = now.updated(active[better], then.rows(better))
        damping[active] = torch.where(better, damping[active] / FACTOR, damping[active] * FACTOR).clamp(*DAMPING[1:])
        least = tolerance.gain + tolerance.share * reached.abs()
        active = active[(gain > least) | (~better & (damping[active] < DAMPING[2]))]
    converged = torch.ones_like(first, dtype=torch.bool)
    converged[active] = False
    return now, converged
