"""Arcs without the light of their lens, by colour: independent components of the pixels of two bands or more."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

__all__ = ["OfOtherColour", "arcs_by_colour"]

BRIGHT = 3.0  # sky sigma, of the smoothed mean of the bands: what is fainter says nothing of colours
LEAST = 30  # bright pixels for each band; of fewer there is nothing to tell apart
CORE = 0.05  # of the side: the component that has most of its light so near the middle is the lens
SEED, STEPS, TOLERANCE = 0, 1000, 1e-3


@dataclass(frozen=True)
class OfOtherColour:
    """What has another colour than the lens.

    Arguments:
        image: (H, W), one band less so much of the others that the lens is gone.
        band: number of that band, in whose unit the image is.
        reason: why the lens is not to be believed gone; empty where it is.
    """

    image: np.ndarray
    band: int
    reason: str = ""


def arcs_by_colour(z: np.ndarray) -> OfOtherColour:
    """The arcs of an image whose lens, in the middle, has a colour of its own.

    Pixels are mixtures of components s that are independent of one another, each of one colour,

        z_b = sum_k A_bk s_k,

    and the lens is the component most of whose light is near the middle. Nothing is chosen by hand, and nothing is
    known of shapes; the bands must have the same PSF. With the lens's colour a = A_b,lens / |A_lens| the image is the
    strongest component of what no multiple of it explains, z_b - a_b sum_c a_c z_c, divided by its share of the band in
    which it is brightest. The arcs keep their shape; of their flux a part that has the colour of the lens is gone.

    Arguments:
        z: (bands, H, W), two bands or more, each in units of its sky's noise, whose level is 0. Where too few pixels
            are bright the first band comes back as it is.

    Source: Hyvarinen & Oja (2000), "Independent component analysis: algorithms and applications", for FastICA, which is
    that of scikit-learn; Hezaveh, Perreault Levasseur & Marshall (2017), Nature 548, 555, who remove the lens so.
    """
    pixels = z.reshape(len(z), -1)
    bright = (gaussian_filter(z.mean(0), 1.0) > BRIGHT).ravel()
    if bright.sum() < LEAST * len(z):
        return OfOtherColour(z[0], 0, "too few pixels are bright enough to tell colours")
    a, converged = _lens_colour(pixels, bright, z.shape[1:])
    rest = pixels - np.outer(a, a @ pixels)
    u = np.linalg.svd(rest[:, bright], full_matrices=False)[0][:, 0]
    image = u @ rest
    u = u * np.sign((image[bright] ** 3).sum())  # arcs shine
    band = int(np.argmax(u))
    reason = "" if converged else f"FastICA has not converged in {STEPS} steps"
    return OfOtherColour((u @ rest / u[band]).reshape(z.shape[1:]), band, reason)


def _lens_colour(pixels: np.ndarray, bright: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, bool]:
    """Brightness of the lens in each band, a unit vector (bands,), and whether FastICA has converged."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    found = FastICA(len(pixels), whiten="unit-variance", random_state=SEED, max_iter=STEPS, tol=TOLERANCE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # `reason` says so
        found.fit(pixels[:, bright].T)
    lens = int(np.argmax(_central_share(found.components_ @ pixels, bright, shape)))
    colour = np.asarray(found.mixing_)[:, lens]
    return colour / np.linalg.norm(colour), found.n_iter_ < STEPS


def _central_share(s: np.ndarray, bright: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of the squared light (K,) of components (K, pixels), how much is near the middle."""
    y, x = np.indices(shape, dtype=float)
    square = (x - (shape[1] - 1) / 2) ** 2 + (y - (shape[0] - 1) / 2) ** 2
    near = np.exp(-square / (2 * (CORE * min(shape)) ** 2)).ravel()
    power = s**2 * bright
    return (power * near).sum(1) / power.sum(1)
