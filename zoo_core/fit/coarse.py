"""The first fit, in coarse pixels: the lens galaxy alone, then the source from many starts, and the best of them.

Bright spots do not decide alone where the source is: what the lens galaxy leaves adds a tenth of itself to the noise,
so that no pixel is worth more than ten sigma; an arc has more of them than a star or a satellite beside it.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .descent import Descent, Fitted, Prior
from .lens_model import LIGHT, LensModel, changed, value
from .lens_priors import Belief
from .observed import BLOCKS, Observed
from .robust import MISMATCH, flat_weight, student_cost, student_weight, with_mismatch
from .starts import best_starts

__all__ = ["NOWHERE", "Coarse"]

SIDE = 44  # coarse pixels, about
PER_RADIUS = 5  # coarse pixels to an Einstein radius, at least
GAUSSIANS = 8  # of the lens galaxy
TRIED, SPAN = 9, 0.5  # Einstein radii, from 1 / (1 + SPAN) of the guess to 1 + SPAN
FOLLOWED = 3  # starts
UNEXPLAINED = 0.1  # share of what the lens galaxy leaves that is noise
LIGHT_STEPS, STEPS = 8, 20  # of Levenberg-Marquardt, at most
RAYS = 2  # along the side of a coarse pixel
NOWHERE = 50.0  # Einstein radii, where a source has no images


@dataclass(frozen=True)
class Coarse:
    """B images in coarse pixels.

    Arguments:
        observed: the images.
        radius: within which they are fitted, (B,), arcsec.
        belief: of their lenses.
        free: parameters that are fitted.
    """

    observed: Observed
    radius: Tensor
    belief: Belief
    free: Collection[str]

    @classmethod
    def groups(
        cls, cut: Observed, radius: Tensor, belief: Belief, free: Collection[str]
    ) -> Iterator[tuple[Tensor, "Coarse"]]:
        """Images whose coarse pixels are as large as each other's, and which they are."""
        factors = _factors(radius, belief.prior.mean[:, 0], cut.pixel_scale)
        for factor in factors.unique().tolist():
            rows = torch.nonzero(factors == factor)[:, 0]
            yield rows, cls(cut.rows(rows).binned(factor), radius[rows], belief.rows(rows), free)

    def best(self) -> tuple[Tensor, Prior]:
        """Parameters (B, P) of the best fit, and the prior about the lens galaxy that was found."""
        galaxy = self._galaxy()
        at = changed(self.belief.prior.mean, {name: value(galaxy.parameters, name) for name in LIGHT})
        belief = self.belief.around(at) if "theta_E" in self.free else self.belief
        at = changed(belief.prior.mean, {name: value(at, name) for name in LIGHT})
        shining = galaxy.image - galaxy.amplitudes[:, :1, None]
        noisy = with_mismatch(self.observed, shining, MISMATCH)
        noisy = with_mismatch(noisy, (self.observed.pixels - galaxy.image).abs(), UNEXPLAINED)
        return self._followed(noisy, self._starts(noisy, at, belief.prior), belief), belief.prior

    def _galaxy(self) -> Fitted:
        """The lens galaxy without a source; then once more, with less weight for what it leaves."""
        model = LensModel.of(self.observed, self.radius, LIGHT, gaussians=GAUSSIANS)
        far = NOWHERE * self.belief.prior.mean[:, 0]
        start = changed(self.belief.prior.mean, {"x": far, "y": far})
        limits = self.belief.bounds.open()
        first = Descent(model, self.belief.prior, limits, flat_weight(self.observed)).run(start, LIGHT_STEPS)
        weight = student_weight(self.observed, first.image)
        return Descent(model, self.belief.prior, limits, weight).run(first.parameters, LIGHT_STEPS)

    def _starts(self, noisy: Observed, at: Tensor, prior: Prior) -> Tensor:
        """The best starts (B, FOLLOWED, P) of different Einstein radii; of the one that is held where it is."""
        theta_E = prior.mean[:, :1]
        count, span = (TRIED, math.log(1 + SPAN)) if "theta_E" in self.free else (1, 0.0)
        tried = theta_E * torch.linspace(-span, span, count).to(theta_E).exp()
        penalty = ((tried - theta_E) / prior.deviation[:, :1]) ** 2
        model = LensModel.of(noisy, self.radius, LIGHT, gaussians=GAUSSIANS)
        starts, costs = best_starts(model, flat_weight(noisy), at, tried, penalty)
        return starts[torch.arange(len(at), device=at.device)[:, None], _apart(costs)]

    def _followed(self, noisy: Observed, starts: Tensor, belief: Belief) -> Tensor:
        """Where the descents from these starts end that leave least, by Student's t, (B, P)."""
        images, each = starts.shape[:2]
        rows = torch.arange(images, device=starts.device).repeat_interleave(each)
        free = {*self.free} - {"log_fwhm"}
        model = LensModel.of(noisy.rows(rows), self.radius[rows], free, RAYS, GAUSSIANS)
        some = belief.rows(rows)
        fits = Descent(model, some.prior, some.bounds, flat_weight(model.observed)).run(starts.flatten(0, 1), STEPS)
        left = student_cost(self.observed.rows(rows), fits.image) + fits.cost - fits.chi_square
        best = left.unflatten(0, (images, each)).argmin(1)
        return fits.parameters.unflatten(0, (images, each))[torch.arange(images, device=best.device), best]


def _factors(radius: Tensor, theta_E: Tensor, pixel_scale: Tensor) -> Tensor:
    """How many pixels make a coarse one along its side, (B,): of BLOCKS the largest that is not too many."""
    most = torch.minimum(2 * radius / pixel_scale / SIDE + 0.5, theta_E / pixel_scale / PER_RADIUS)
    blocks = torch.tensor(BLOCKS, device=most.device)
    return torch.where(blocks <= most[:, None], blocks, 1).amax(1)


def _apart(costs: Tensor) -> Tensor:
    """The FOLLOWED cheapest of each row (B, T), no two of them neighbours: these lead to one minimum."""
    left, chosen = costs.clone(), []
    place = torch.arange(costs.shape[1], device=costs.device)
    for _ in range(min(FOLLOWED, -(-costs.shape[1] // 3))):
        chosen.append(left.argmin(1))
        left = torch.where((place - chosen[-1][:, None]).abs() <= 1, torch.inf, left)
    return torch.stack(chosen, 1)
