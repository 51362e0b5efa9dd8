"""The light of a lens galaxy by an elliptical Sersic profile, whatever else shines beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from scipy.optimize import least_squares
from scipy.signal import fftconvolve

from .sersic import Sersic

__all__ = ["SersicFit", "fit_sersic"]

NAMES = ("x", "y", "log_R", "e1", "e2", "n")
OUTLYING = (300.0, 30.0, 3.0)
"""Sigma, of one fit after the other: residuals beyond count less and less, which those of arcs and neighbours are in
the end; at the beginning the galaxy's own are as large."""
SHOT, UNLIKE = 0.02, 0.03
"""Of the variance of a pixel of z sky sigma, 1 + SHOT z + (UNLIKE z)^2: photons, as many as telescopes count, and by
how much galaxies differ from the profile. Chosen."""
CENTRAL = 0.25  # of the side: the galaxy is looked for within it
REACH = 0.3  # of the side: light within it is that of the galaxy, to begin with
FIRST_N, N_RANGE = 2.5, (0.5, 8.0)
FLATTEST = 0.6  # either component of the ellipticity
SMALLEST_R = 0.5  # pixels
STEPS = 30  # of each fit
LEAST_NEAR, NEAR = 2.5, 0.08  # pixels, and of the side: where the fit is judged
MEDIAN = 0.455  # of chi^2 with one degree of freedom
WORST = 10.0  # chi^2 per degree of freedom
FARTHEST = 0.1  # of the side, from the middle: what is farther is not the galaxy whose arcs are looked for


@dataclass(frozen=True)
class SersicFit:
    """A fitted profile.

    Arguments:
        light: (H, W), through the PSF, in the unit of the image.
        amplitude: brightness at the half-light radius.
        parameters: x and y (pixels from the centre of the frame), log_R, e1, e2 and n, as `fit.sersic.Sersic` has them.
        chi_square: of a degree of freedom in the galaxy's middle, see `_Model.chi_square`.
        reason: why it is not to be believed; empty where it is.
    """

    light: np.ndarray
    amplitude: float
    parameters: Mapping[str, float]
    chi_square: float
    reason: str


def fit_sersic(z: np.ndarray, psf: np.ndarray | None = None) -> SersicFit:
    """The elliptical Sersic profile of the galaxy in the middle of an image.

    It minimises the sum of c^2 ln(1 + (r / c)^2) over the pixels (Cauchy 1853), r their residuals in sigma and c each
    of OUTLYING in turn, by a trust region with the derivatives of the profile, from what the moments of the light say.

    Arguments:
        z: (H, W), in units of the sky's noise, whose level is 0.
        psf: (k, k), k odd, which sums to 1; None: the profile is that of the image as it is.

    Source: Sersic (1963); Branch, Coleman & Li (1999), SIAM J. Sci. Comput. 21, 1, for the trust region, which is
    scipy's.
    """
    model = _Model(np.asarray(z, float), psf)
    state, low, high = model.bounds()
    for outlying in OUTLYING:
        state = least_squares(
            model.residuals,
            state,
            model.jacobian,  # pyright: ignore[reportArgumentType] - scipy takes functions
            bounds=(low, high),
            x_scale="jac",
            loss="cauchy",
            f_scale=outlying,
            max_nfev=STEPS,
        ).x
    parameters: dict[str, float] = dict(zip(NAMES, state[1:].tolist(), strict=True))
    chi_square = model.chi_square(state)
    reason = _reason(float(state[0]), parameters, chi_square, min(z.shape))
    return SersicFit(model.light(state), float(state[0]), parameters, chi_square, reason)


def _reason(amplitude: float, parameters: Mapping[str, float], chi_square: float, side: int) -> str:
    """Why a profile is not to be believed; empty where it is."""
    away = float(np.hypot(parameters["x"], parameters["y"]))
    broken = (
        (not np.isfinite([amplitude, chi_square, away]).all(), "the Sersic profile is not finite"),
        (amplitude <= 0, "no galaxy shines in the middle"),
        (away > FARTHEST * side, f"the Sersic profile is that of another object, {away:.0f} pixels from the middle"),
        (np.exp(parameters["log_R"]) < SMALLEST_R * 1.01, "the Sersic profile is that of a pixel, not of a galaxy"),
        (
            chi_square > WORST,
            f"the Sersic profile does not fit: it leaves chi^2 per degree of freedom of {chi_square:.3g} in the middle",
        ),
    )
    return next((words for rule, words in broken if rule), "")


class _Model:
    """An image, and what a profile makes of it; a state is the amplitude and the NAMES."""

    def __init__(self, z: np.ndarray, psf: np.ndarray | None):
        height, width = z.shape
        y, x = np.indices(z.shape, dtype=float)
        self.x, self.y = x - (width - 1) / 2, y - (height - 1) / 2
        self.z = z
        self.sigma = np.sqrt(1 + SHOT * z.clip(min=0) + (UNLIKE * z.clip(min=0)) ** 2)
        self.blurred: Callable[[np.ndarray], np.ndarray] = lambda image: image
        if psf is not None:
            self.blurred = lambda image: fftconvolve(image, psf, mode="same")

    def light(self, state: np.ndarray) -> np.ndarray:
        """The profile through the PSF, (H, W)."""
        return self.blurred(state[0] * self._profile(state).brightness[0].numpy())

    def residuals(self, state: np.ndarray) -> np.ndarray:
        """In sigma, (pixels,)."""
        return ((self.light(state) - self.z) / self.sigma).ravel()

    def jacobian(self, state: np.ndarray) -> np.ndarray:
        """Derivatives of the residuals, (pixels, 7)."""
        profile = self._profile(state)
        slopes = profile.slopes(NAMES, profile.gradient())
        columns = [profile.brightness[0].numpy(), *(state[0] * slope[0].numpy() for slope in slopes)]
        return np.stack([(self.blurred(column) / self.sigma).ravel() for column in columns], 1)

    def chi_square(self, state: np.ndarray) -> float:
        """chi^2 per degree of freedom of the pixels near the centre of the profile, by the median of their squares.

            median(r^2) / 0.455,   0.455: the median of chi^2 with one degree of freedom

        Near is within the half-light radius, and NEAR of the side at most: arcs and neighbours, which are to be left,
        are seldom half of the pixels there.
        """
        reach = np.clip(np.exp(state[3]), LEAST_NEAR, NEAR * min(self.z.shape))
        near = np.hypot(self.x - state[1], self.y - state[2]) <= reach
        return float(np.median(self.residuals(state)[near.ravel()] ** 2)) / MEDIAN

    def bounds(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the fit begins, and between what."""
        side = min(self.z.shape)
        smooth = gaussian_filter(self.z, 1.0)
        radius = np.hypot(self.x, self.y)
        middle = np.argmax(np.where(radius < CENTRAL * side, smooth, -np.inf))
        x, y = self.x.flat[middle], self.y.flat[middle]
        R = max(self._half_light(np.hypot(self.x - x, self.y - y), REACH * side), 2 * SMALLEST_R)
        ring = np.abs(np.hypot(self.x - x, self.y - y) - R) < 1
        amplitude = max(float(np.median(self.z[ring])), 0.1)
        start = np.array([amplitude, x, y, np.log(R), 0.0, 0.0, FIRST_N])
        reach = CENTRAL * side / 2
        low = [0.0, x - reach, y - reach, np.log(SMALLEST_R), -FLATTEST, -FLATTEST, N_RANGE[0]]
        high = [np.inf, x + reach, y + reach, np.log(side), FLATTEST, FLATTEST, N_RANGE[1]]
        return start, np.array(low), np.array(high)

    def _half_light(self, radius: np.ndarray, reach: float) -> float:
        """Radius within which half of the light within `reach` lies, pixels."""
        inside = radius < reach
        order = np.argsort(radius[inside])
        growth = np.cumsum(self.z[inside][order])
        return float(radius[inside][order][np.argmax(growth >= growth[-1] / 2)])

    def _profile(self, state: np.ndarray) -> Sersic:
        source = {
            name: torch.full((1, 1, 1), value, dtype=torch.float64)
            for name, value in zip(NAMES, state[1:].tolist(), strict=True)
        }
        return Sersic.at(source, torch.from_numpy(self.x)[None], torch.from_numpy(self.y)[None])
