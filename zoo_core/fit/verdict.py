"""Whether a fit is to be believed, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .lens_priors import RANGE, SEVERAL, Guess
from .refinement import Refinement

__all__ = ["remarks", "verdicts"]

WORST = 6.0  # chi^2 per degree of freedom
DOUBTFUL = 2.0  # likewise: the fit is believed, and the row says that it leaves more than noise
LEAST_GAIN = 60.0  # of the source, in chi^2: five parameters and the choice among starts gain some of it in noise
FARTHEST = 0.25  # relative, by which a fit may leave the guess, or ...
DEVIATIONS = 3.0  # ... so many of its standard deviations
EDGE = 0.01  # relative, to the end of a range
LEAST_COUNTER = 5.0  # S/N of the images on the far side
SEEN = 0.5, 2.0  # of what the model gives them
CUSPIEST = 4.9  # Sersic index
LARGEST = 1.0  # half-light radius of a source, Einstein radii: a larger one is light of the lens galaxy
MOST_ELONGATED = 0.5  # ellipticity of a mass: an axis ratio of a third
MOST_SHEAR = 0.22


def verdicts(fit: Refinement, guess: Guess) -> list[str]:
    """A reason not to believe the fit of each image, the first of them; empty where there is none."""
    theta_E, before = fit.value("theta_E"), guess.theta_E.to(fit.parameters)
    limit = torch.maximum(FARTHEST * before, DEVIATIONS * guess.deviation["theta_E"].to(before))
    ratio = fit.chi_square / fit.degrees.clamp(min=1)
    flat = torch.hypot(fit.value("lens_e1"), fit.value("lens_e2"))
    shear = torch.hypot(fit.value("gamma_1"), fit.value("gamma_2"))
    offset = torch.hypot(fit.value("x"), fit.value("y")) / theta_E
    radius = fit.value("log_R").exp() / theta_E
    finite = fit.parameters.isfinite().all(1) & fit.error("theta_E").isfinite() & (fit.error("theta_E") > 0)
    broken: Sequence[tuple[Tensor, str]] = (
        (~finite, "the fit has no finite errors"),
        (~fit.converged, "the fit has not converged"),
        (ratio > WORST, "chi^2 per degree of freedom is {ratio:.1f}"),
        (fit.gained < LEAST_GAIN, "no arcs stand out of the lens galaxy"),
        (
            (theta_E < RANGE[0] * before * (1 + EDGE)) | (theta_E > RANGE[1] * before * (1 - EDGE)),
            "theta_E of the fit stands at the end of its range, {theta_E:.3g} arcsec",
        ),
        ((theta_E - before).abs() > limit, "theta_E of the fit, {theta_E:.3g} arcsec, is too far from the network's"),
        (offset > SEVERAL * (1 - EDGE), "the source stands where it has one image"),
        (fit.counter.snr < LEAST_COUNTER, "no image is seen on the far side of the lens from the source"),
        (
            (fit.counter.share < SEEN[0]) | (fit.counter.share > SEEN[1]),
            "the images on the far side of the lens are not as bright as the fit has them",
        ),
        (fit.value("n") > CUSPIEST, "the source is more concentrated than galaxies are"),
        (radius > LARGEST, "the source is as large as the Einstein ring"),
        (flat > MOST_ELONGATED, "the mass is more elongated than galaxies are"),
        (shear > MOST_SHEAR, "the shear is larger than galaxies have"),
    )
    return [_first(broken, k, {"ratio": ratio[k].item(), "theta_E": theta_E[k].item()}) for k in range(len(theta_E))]


def remarks(fit: Refinement) -> list[str]:
    """What must be known of a fit of each image that is believed; empty where there is nothing."""
    ratios = (fit.chi_square / fit.degrees.clamp(min=1)).tolist()
    words = "chi^2 per degree of freedom is {:.2f}: the fit leaves more than noise, its errors may be too small"
    return [words.format(ratio) if ratio > DOUBTFUL else "" for ratio in ratios]


def _first(broken: Sequence[tuple[Tensor, str]], image: int, numbers: dict[str, float]) -> str:
    return next((words.format(**numbers) for rule, words in broken if rule[image]), "")
