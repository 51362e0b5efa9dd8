"""Images of slc2020 whose arcs are zoomed to one Einstein radius."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import affine_transform

from .challenge import SIDE
from .macro import SCATTER, THETA_E, draws, einstein_radii, fitted, lens_light

__all__ = ["resampled", "zoomed"]

LARGER = (1.078, 0.008)  # Einstein radius of sub over that of no_sub: mean and scatter


def resampled(images: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Images (N, 150, 150) at one fitted Einstein radius.

    So that resampling itself does not tell the class, the arcs of `no_sub` are zoomed to the radii of `sub` first: both
    are interpolated twice. The light of the lens, which is one and the same in all images, stays as it is.

    Arguments:
        labels: 0 for no_sub, 1 for sub.
        names: of the files.
    """
    rngs = draws(names)
    first = np.array([1.0 if label else rng.normal(*LARGER) for rng, label in zip(rngs, labels, strict=True)])
    shifts = np.array([rng.uniform(-0.5, 0.5, 2) for rng in rngs])
    wanted = THETA_E * np.array([rng.normal(1.0, SCATTER) for rng in rngs])
    fit = fitted(images)
    lens = fit.light_brightness[:, :1, None].numpy() * lens_light()
    arcs = [zoomed(*each) for each in zip(images - lens, first, shifts, strict=True)]
    radius, zoom, final = fit.theta_E.double().numpy(), 1 / first, images
    for _ in range(3):
        zoom = zoom * wanted / radius
        back = -zoom[:, None] * shifts
        final = lens + np.stack([zoomed(*each) for each in zip(arcs, zoom, back, strict=True)])
        final = final.clip(0).astype(np.float32)
        radius = einstein_radii(final)
    return final


def zoomed(image: np.ndarray, zoom: float, shift: np.ndarray) -> np.ndarray:
    """The image (H, W) `zoom` times as large about its centre, then shifted, by cubic splines."""
    centre = (SIDE - 1) / 2
    offset: Any = centre - (centre + shift) / zoom
    return affine_transform(image, [1 / zoom, 1 / zoom], offset=offset, order=3, mode="nearest")
