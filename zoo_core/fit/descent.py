"""Levenberg-Marquardt on the pixels of several lenses at once, amplitudes solved for at every step.

With pixels d_i, weights w_i, lights L_ij(p) and Gaussian priors of the parameters p, a fit minimises

    chi^2(p, a) = sum_i w_i (d_i - sum_j L_ij(p) a_j)^2 + sum_k (p_k - mean_k)^2 / deviation_k^2,    a_j >= 0

where the background may have any sign. The amplitudes a are solved for exactly (variable projection: Golub & Pereyra
1973, SIAM J. Numer. Anal. 10, 413; the step is that of Kaufman 1975, BIT 15, 49), see `nonnegative`.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from .lens_model import PARAMETERS, LensModel
from .marquardt import STEP, Tolerance, minimised
from .nonnegative import nonnegative
from .rows import Rows

__all__ = ["Bounds", "Descent", "Fitted", "Prior"]

TOLERANCE = Tolerance(gain=3e-2, share=1e-5)
RIDGE = 1e-9  # of the amplitudes, relative: lights may be nearly alike
TINY = 1e-12
SIGNED = 1  # lights whose amplitude may be negative: the background


@dataclass(frozen=True)
class Prior(Rows):
    """Gaussians of the parameters, (B, P) each; of those that are fixed the deviation is not looked at."""

    mean: Tensor
    deviation: Tensor


@dataclass(frozen=True)
class Bounds:
    """Between which parameters stay.

    Arguments:
        low, high: (B, P).
        ellipticity: that none exceeds.
        offset: of the source from the lens, Einstein radii, at most.
    """

    low: Tensor
    high: Tensor
    ellipticity: float
    offset: float

    def rows(self, rows: Tensor) -> "Bounds":
        """Those of some images."""
        return Bounds(self.low[rows], self.high[rows], self.ellipticity, self.offset)

    def open(self) -> "Bounds":
        """The same without any but that of ellipticities."""
        nothing = torch.full_like(self.low, torch.inf)
        return Bounds(-nothing, nothing, self.ellipticity, math.inf)

    def within(self, parameters: Tensor) -> Tensor:
        """The nearest parameters that they allow."""
        kept = parameters.clamp(self.low, self.high)
        for first in ("lens_e1", "e1", "light_e1"):
            _shorten(kept, first, kept.new_full((len(kept), 1), self.ellipticity))
        _shorten(kept, "x", self.offset * kept[:, :1])
        return kept


@dataclass(frozen=True)
class Fitted(Rows):
    """Where a fit stands, one row an image.

    Arguments:
        parameters: (B, P).
        amplitudes: (B, 2 + K) of the background, the Gaussians of the lens galaxy, and the source.
        image: (B, H, W), the model.
        chi_square: (B,) of the weighed pixels.
        cost: (B,) chi_square and what the priors add.
        converged: (B,) whether the last step gained nothing.
    """

    parameters: Tensor
    amplitudes: Tensor
    image: Tensor
    chi_square: Tensor
    cost: Tensor
    converged: Tensor


@dataclass(frozen=True)
class Descent:
    """What a fit goes by.

    Arguments:
        model: of B images.
        prior, bounds: of all parameters.
        weight: of the pixels, (B, H, W): 1 / sigma^2, 0 where they do not count.

    A step delta of the free parameters, in standard deviations of the priors, solves

        (J^T J + 1 + lambda D) delta = J^T r - (p - mean) / deviation,    D = diag(J^T J) + 1,

    where r are the residuals and J the derivatives of the image, both over sigma and without what the lights that shine
    can take up, and lambda is the damping of `marquardt`.
    """

    model: LensModel
    prior: Prior
    bounds: Bounds
    weight: Tensor

    @property
    def columns(self) -> list[int]:
        """Where the free parameters stand."""
        return [PARAMETERS.index(name) for name in self.model.free]

    def run(self, start: Tensor, iterations: int) -> Fitted:
        """The best fits from these parameters (B, P) on."""
        at_start = self.at(self.bounds.within(start))
        now, converged = minimised(at_start, self._tried, lambda fitted: fitted.cost, iterations, TOLERANCE)
        return replace(now, converged=converged)

    def _tried(self, now: Fitted, rows: Tensor, damping: Tensor) -> Fitted:
        some = self.rows(rows)
        return some.at(some._step(now, damping))

    def rows(self, rows: Tensor) -> "Descent":
        """That of some of the images."""
        return Descent(self.model.rows(rows), self.prior.rows(rows), self.bounds.rows(rows), self.weight[rows])

    def at(self, parameters: Tensor) -> Fitted:
        """The best amplitudes of these parameters, and what comes of them."""
        lights = self.model.lights(parameters).together()
        weighed = lights * self.weight[:, None]
        gram = torch.einsum("bmhw,bnhw->bmn", weighed, lights)
        rhs = torch.einsum("bmhw,bhw->bm", weighed, self.model.observed.pixels)
        amplitudes, _ = nonnegative(gram, rhs, SIGNED)
        image = torch.einsum("bm,bmhw->bhw", amplitudes, lights)
        chi_square = ((self.model.observed.pixels - image) ** 2 * self.weight).sum((1, 2))
        cost = chi_square + self._offset(parameters).square().sum(1)
        return Fitted(parameters, amplitudes, image, chi_square, cost, torch.zeros_like(cost, dtype=torch.bool))

    def _offset(self, parameters: Tensor) -> Tensor:
        apart = (parameters - self.prior.mean) / self.prior.deviation
        return apart[:, self.columns]

    def normal(self, now: Fitted) -> tuple[Tensor, Tensor]:
        """J^T J and J^T r of the free parameters and then the lights, (B, F + M, F + M) and (B, F + M)."""
        galaxy, source = now.amplitudes[:, SIGNED:-1], now.amplitudes[:, -1:]
        lights, slopes = self.model.slopes(now.parameters, galaxy, source)
        planes = torch.cat([slopes, *lights], 1)
        weighed = planes * self.weight[:, None]
        hessian = torch.einsum("bmhw,bnhw->bmn", weighed, planes)
        gradient = torch.einsum("bmhw,bhw->bm", weighed, self.model.observed.pixels - now.image)
        return hessian, gradient

    def covariance(self, now: Fitted) -> Tensor:
        """Of the parameters (B, P, P), amplitudes marginalised over: the inverse of J^T J and the priors' 1 / variance.

        What is fixed has none. Laplace's approximation; pixels as independent as the weights say.
        """
        hessian, _, scale = self._scaled(now)
        free = len(self.columns)
        prior = torch.cat([torch.ones_like(scale[:, :free]), torch.full_like(scale[:, free:], RIDGE)], 1)
        inverse = torch.linalg.inv(hessian + torch.diag_embed(prior))[:, :free, :free]
        out = torch.zeros(len(scale), len(PARAMETERS), len(PARAMETERS)).to(inverse)
        rows = torch.tensor(self.columns, device=inverse.device)
        out[:, rows[:, None], rows] = inverse * scale[:, :free, None] * scale[:, None, :free]
        return out

    def _scaled(self, now: Fitted) -> tuple[Tensor, Tensor, Tensor]:
        """J^T J and J^T r in units of the priors' deviations and of unit lights, and these units (B, F + M)."""
        hessian, gradient = self.normal(now)
        hessian, gradient = shining(hessian, gradient, now.amplitudes)
        free = len(self.columns)
        linear = hessian.diagonal(dim1=1, dim2=2)[:, free:].clamp(min=TINY).rsqrt()
        scale = torch.cat([self.prior.deviation[:, self.columns], linear], 1)
        return hessian * scale[:, :, None] * scale[:, None], gradient * scale, scale

    def _step(self, now: Fitted, damping: Tensor) -> Tensor:
        """Parameters after one damped step of parameters and shining lights together, none longer than STEP."""
        hessian, gradient, scale = self._scaled(now)
        free, linear = len(self.columns), now.amplitudes.shape[1]
        gradient = gradient - F.pad(self._offset(now.parameters), (0, linear))
        diagonal = hessian.diagonal(dim1=1, dim2=2)[:, :free]
        added = F.pad(1 + damping[:, None] * (diagonal + 1), (0, linear), value=RIDGE)
        step = torch.linalg.solve(hessian + torch.diag_embed(added), gradient)[:, :free].clamp(-STEP, STEP)
        moved = now.parameters.clone()
        moved[:, self.columns] += step * scale[:, :free]
        return self.bounds.within(moved)


def _shorten(parameters: Tensor, first: str, longest: Tensor) -> None:
    """Make the vector whose first component has this name no longer than (B, 1), where it stands."""
    pair = parameters[:, PARAMETERS.index(first) :][:, :2]
    pair *= (longest / pair.norm(dim=1, keepdim=True).clamp(min=TINY)).clamp(max=1.0)


def shining(hessian: Tensor, gradient: Tensor, amplitudes: Tensor) -> tuple[Tensor, Tensor]:
    """Both without the lights whose amplitude is 0: they are what no small step changes."""
    free = hessian.shape[1] - amplitudes.shape[1]
    signed = torch.arange(amplitudes.shape[1], device=amplitudes.device) < SIGNED
    kept = F.pad((amplitudes > 0) | signed, (free, 0), value=True)
    both = kept[:, :, None] & kept[:, None]
    return torch.where(both, hessian, torch.diag_embed((~kept).to(hessian))), torch.where(kept, gradient, 0.0)
