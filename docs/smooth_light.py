"""The smooth light of a galaxy, by the medians of its isophotes, and images of lenses without their arcs."""

import numpy as np
from scipy.ndimage import gaussian_filter

__all__ = ["arcless", "smooth_light"]

CENTRE = 6  # pixels to either side of the middle, where the galaxy has its peak
CORE = 2.5  # pixels around its peak that tell the centre
WEIGHT = 5.0  # pixels, sigma of what the ellipse is measured with
ROUNDS = 15
FLATTEST = 0.8  # (a^2 - b^2) / (a^2 + b^2)
EDGES = np.concatenate([np.arange(6.0), np.geomspace(6.0, 60.0, 19)])  # of the rings, pixels
REACH = 30.0  # pixels within which arcs are sought
STANDS_OUT = 3.5  # sigma
FAINT = 3.0  # sigma, below which the noise that was observed is kept
FLAT_FIELD = 0.02  # of the light


def arcless(image: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The image (H, W) of a lens without arcs; beyond 30 pixels as it is.

    Where the galaxy is bright, or something stands out from it, the smooth light is shown with new noise, of which 2 %
    of the light are a part; elsewhere the noise is the observed one.

    Arguments:
        image: in units of its noise, sky subtracted, finite, its galaxy in the middle.
        generator: of the new noise.
    """
    light, radius = smooth_light(image)
    noise = generator.normal(size=image.shape) * np.hypot(1.0, FLAT_FIELD * light)
    kept = (radius > REACH) | ((light < FAINT) & (np.abs(image - light) < STANDS_OUT))
    return np.where(kept, image, light + noise).astype(np.float32)


def smooth_light(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The light of the galaxy in the middle, and the radius in its ellipses, pixels; (H, W) each.

    The light is the median over elliptical rings that share centre and shape, and never rises outwards, so that neither
    an arc, which fills less than half of a ring, nor a complete Einstein ring belongs to it.

    Arguments:
        image: (H, W), sky subtracted, finite.
    """
    radius = _radii(image)
    rings = np.digitize(radius, EDGES)
    numbers = np.unique(rings)
    means = np.array([radius[rings == number].mean() for number in numbers])
    medians = np.array([np.median(image[rings == number]) for number in numbers])
    profile = np.minimum.accumulate(medians).clip(min=0.0)
    return np.interp(radius, means, profile), radius


def _radii(image: np.ndarray) -> np.ndarray:
    """r^2 = d^T Q^-1 d with det Q = 1 and Q in proportion to the second moments of the light around its peak.

    The moments are weighted by exp(-r^2 / 2 sigma^2) in the same ellipses, found by iteration, as in Bernstein & Jarvis
    (2002), AJ 123, 583.
    """
    y, x = np.indices(image.shape) - np.array(_centre(image))[:, None, None]
    shape = np.eye(2)
    for _ in range(ROUNDS):
        weight = np.exp(-_square(shape, x, y) / (2 * WEIGHT**2)) * image.clip(min=0.0)
        shape = _limited(np.array([[np.sum(weight * a * b) for a in (x, y)] for b in (x, y)]))
    return np.sqrt(_square(shape, x, y))


def _centre(image: np.ndarray) -> tuple[float, float]:
    """Row and column of the brightest place near the middle: the centroid of the light around the brightest pixel."""
    top, left = (side // 2 - CENTRE for side in image.shape)
    near = gaussian_filter(image, 1.0)[top : top + 2 * CENTRE + 1, left : left + 2 * CENTRE + 1].clip(min=0.0)
    rows, columns = np.indices(near.shape)
    row, column = np.unravel_index(np.argmax(near), near.shape)
    weight = near * (np.hypot(rows - row, columns - column) < CORE) + np.finfo(float).tiny
    return top + np.average(rows, weights=weight), left + np.average(columns, weights=weight)


def _square(shape: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    (xx, xy), (_, yy) = np.linalg.inv(shape)
    return xx * x**2 + 2 * xy * x * y + yy * y**2


def _limited(moments: np.ndarray) -> np.ndarray:
    """The shape of these moments with determinant 1, no flatter than FLATTEST; without light the unit matrix."""
    trace = np.trace(moments)
    if trace <= 0:
        return np.eye(2)
    e1, e2 = (moments[0, 0] - moments[1, 1]) / trace, 2 * moments[0, 1] / trace
    e1, e2 = np.array([e1, e2]) * min(1.0, FLATTEST / max(np.hypot(e1, e2), 1e-9))
    return np.array([[1 + e1, e2], [e2, 1 - e1]]) / np.sqrt(1 - e1**2 - e2**2)
