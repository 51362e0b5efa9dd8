"""Footprints.

Cutouts are published as stamps of any size, often hardly larger than the galaxy. What lies outside was not measured.
"""

import numpy as np

__all__ = ["draw_footprint", "outside"]

CHANCE = 0.35  # of a stamp smaller than the frame
SMALLEST, LARGEST = 8.0, 50.0  # half a side, pixels


def draw_footprint(rng: np.random.Generator, theta_E: float, pixel_scale: float) -> tuple[float, float]:
    """Half the width and height of the stamp, pixels, infinite for the whole frame.

    Arguments:
        theta_E: of the lens, or of the galaxy if it were one, arcsec: stamps are cut so as to hold the arcs.
        pixel_scale: arcsec.
    """
    least = max(SMALLEST, (1.3 * theta_E + 0.4) / pixel_scale)
    drawn, half, aspect = rng.random(), np.exp(rng.uniform(np.log(least), np.log(max(LARGEST, least)))), rng.random()
    if drawn > CHANCE:
        return np.inf, np.inf
    return float(half), float(half * (1 + 0.2 * aspect) if aspect < 0.3 else half)


def outside(side: int, half: tuple[float, float]) -> np.ndarray:
    """Which pixels of a frame (side, side) the stamp does not cover."""
    distance = np.abs(np.arange(side) - (side - 1) / 2)
    return (distance[None, :] > half[0]) | (distance[:, None] > half[1])
