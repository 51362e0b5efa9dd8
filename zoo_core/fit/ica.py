"""The light of a lens galaxy by its colour: independent components of the pixels of two bands or more."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

__all__ = ["lens_light_by_colour"]

BRIGHT = 1.5  # sky sigma, of the smoothed mean of the bands: what is fainter says nothing of colours
LEAST = 30  # bright pixels for each band; of fewer there is nothing to tell apart
CORE = 0.05  # of the side: the component that has most of its light so near the middle is the lens
SEED, STEPS = 0, 1000


def lens_light_by_colour(z: np.ndarray) -> np.ndarray:
    """The light of the galaxy in the middle, (bands, H, W), of an image whose other light has other colours.

    Pixels are mixtures of components s that are independent of one another, each of one colour,

        z_b = sum_k A_bk s_k

    and the lens is the component most of whose light is near the middle. Nothing is chosen by hand, and nothing is
    known of shapes; the bands must have the same PSF. Zeros where too few pixels are bright.

    Arguments:
        z: (bands, H, W), two bands or more, each in units of its sky's noise, whose level is 0.

    Source: Hyvarinen & Oja (2000), "Independent component analysis: algorithms and applications", for FastICA, which is
    that of scikit-learn; Hezaveh, Perreault Levasseur & Marshall (2017), Nature 548, 555, who remove the lens so.
    """
    from sklearn.decomposition import FastICA

    bands = len(z)
    pixels = z.reshape(bands, -1)
    bright = (gaussian_filter(z.mean(0), 1.0) > BRIGHT).ravel()
    if bright.sum() < LEAST * bands:
        return np.zeros_like(z)
    found = FastICA(bands, whiten="unit-variance", random_state=SEED, max_iter=STEPS).fit(pixels[:, bright].T)
    s, A = found.components_ @ pixels, found.mixing_
    lens = int(np.argmax(_central_share(s, bright, z.shape[1:])))
    return (A[:, lens, None] * s[lens]).reshape(z.shape)


def _central_share(s: np.ndarray, bright: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of the squared light (K,) of components (K, pixels), how much is near the middle."""
    y, x = np.indices(shape, dtype=float)
    square = (x - (shape[1] - 1) / 2) ** 2 + (y - (shape[0] - 1) / 2) ** 2
    near = np.exp(-square / (2 * (CORE * min(shape)) ** 2)).ravel()
    power = s**2 * bright
    return (power * near).sum(1) / power.sum(1)
