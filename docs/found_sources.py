"""Sources of simulated images: those of the scenes without noise, and those that are detected in what denoisers leave.

It takes `pip install photutils` (Bradley et al.), with which all are detected alike.
"""

import numpy as np
from photutils.segmentation import (
    SegmentationImage,
    SourceCatalog,
    deblend_sources,
    detect_sources,
    make_2dgaussian_kernel,
)
from scipy.optimize import linear_sum_assignment
from scipy.signal import fftconvolve
from scipy.spatial.distance import cdist

from zoo_core.datasets.simulated.restoration import RestorationSpace

__all__ = ["KINDS", "Scenes", "detected", "invented", "places", "recovered"]

FWHM, PIXELS, LEVELS, CONTRAST = 2.0, 5, 32, 0.005  # of the kernel; of a source; of its deblending, those of SExtractor
IN_TRUTH = 0.3  # threshold of a source of the truth
NEAR = 3.0  # pixels, of two places that belong together
DARK = 0.2  # sigma: light of a pixel of the sky
STAR, GALAXY, ARC = range(3)
KINDS = ("stars", "galaxies", "arcs")
RING, BROAD, AREA = (5.0, 25.0), 3.0, 15  # pixels: of what looks like an arc, the kernel, and its area
SIGNIFICANT, LONG, TANGENTIAL = 8.0, 1.5, 30.0  # S/N, elongation, degrees from the tangent


class Scenes:
    """The scenes of a data set without their noise, and what stands in them.

    Arguments:
        images: observed and noise-free.
    """

    def __init__(self, images: RestorationSpace):
        free = images.noise_free(slice(None))
        self.observed = images.images(slice(None))[:, 0].astype(float)
        self.measured = np.isfinite(self.observed)
        self.light, self.arcs, self.sigma = (part[:, 0].astype(float) for part in (free.light, free.arcs, free.sigma))
        self.points = free.points
        self.sources = [self._sources(k) for k in range(len(images))]

    def levelled(self, images: np.ndarray) -> np.ndarray:
        """Images (N, H, W) whose sky is at 0 where nothing shines; all are so treated.

        Raises:
            ValueError: they are in another unit than the scenes.
        """
        levels = []
        for image, light, measured in zip(images, self.light, self.measured, strict=True):
            dark = measured & (light <= max(DARK, np.quantile(light[measured], 0.1)))
            levels.append(np.median((image - light)[dark]))
        levelled = images - np.array(levels)[:, None, None]
        bright = self.measured & (self.light > 20 * self.sigma)
        scale = np.median(levelled[bright] / self.light[bright])
        if not 0.9 < scale < 1.1:
            raise ValueError(f"bright pixels are {scale:.3g} times as bright as without noise: another unit")
        return levelled

    def _sources(self, k: int) -> np.ndarray:
        """Row, column, kind and S/N of each source, (N, 4)."""
        found = detected(self.light[k], self.sigma[k], self.measured[k], IN_TRUTH)
        if found is None:
            return np.empty((0, 4))
        segments = [found.data == label for label in found.labels]
        middles = places(self.light[k], found)
        kinds = [self._kind(k, *one) for one in zip(segments, middles, strict=True)]
        snrs = [self.light[k][one].sum() / np.sqrt(np.sum(self.sigma[k][one] ** 2)) for one in segments]
        return np.column_stack([middles, kinds, snrs])

    def _kind(self, k: int, segment: np.ndarray, middle: np.ndarray) -> int:
        if self.arcs[k][segment].sum() > 0.5 * self.light[k][segment].sum():
            return ARC
        points = self.points[self.points[:, 0] == k, 1:]
        return STAR if len(points) and np.hypot(*(points - middle).T).min() < 2 else GALAXY


def detected(image: np.ndarray, sigma: np.ndarray, measured: np.ndarray, threshold: float) -> SegmentationImage | None:
    """Segments of an image (H, W) above so many times the noise of each pixel, blends apart; None: there are none."""
    smooth = _smoothed(np.where(measured, image, 0), FWHM)
    found = detect_sources(smooth, threshold * sigma, PIXELS, mask=~measured)
    if found is None:
        return None
    return deblend_sources(smooth, found, PIXELS, n_levels=LEVELS, contrast=CONTRAST, progress_bar=False)


def places(image: np.ndarray, found: SegmentationImage) -> np.ndarray:
    """Row and column of the middle of each segment, (N, 2)."""
    catalog = SourceCatalog(image.clip(min=0), found)
    return np.stack([np.atleast_1d(catalog.y_centroid), np.atleast_1d(catalog.x_centroid)], 1)


def recovered(scenes: Scenes, image: np.ndarray, k: int, threshold: float) -> tuple[int, int, np.ndarray]:
    """How much is detected in an image of scene k, how much of it is there, and which sources are, boolean.

    A detection is there where at least half of its flux is light of the scene; a source where a detection is near.
    """
    found = detected(image, scenes.sigma[k], scenes.measured[k], threshold)
    known = np.zeros(len(scenes.sources[k]), bool)
    if found is None:
        return 0, 0, known
    fluxes = [(scenes.light[k][one].sum(), image[one].sum()) for one in (found.data == n for n in found.labels)]
    if len(known):
        known[_near(scenes.sources[k][:, :2], places(image, found))] = True
    return len(fluxes), sum(true >= 0.5 * seen for true, seen in fluxes), known


def invented(scenes: Scenes, image: np.ndarray, k: int) -> bool:
    """Whether an image of scene k has light of the shape of an arc in the ring about its middle that the scene has not.

    What is more than the scene is above the noise of a pixel after a kernel of 3 pixels, on 15 pixels or more, and
    eight times their noise in sum; it is half as long again as it is wide, and tangential.
    """
    middle = (np.array(image.shape) - 1) / 2
    radius = np.hypot(*(np.indices(image.shape) - middle[:, None, None]))
    ring = scenes.measured[k] & (radius >= RING[0]) & (radius <= RING[1])
    more = np.where(ring, image - scenes.light[k], 0)
    found = detect_sources(_smoothed(more, BROAD), scenes.sigma[k], AREA, mask=~ring)
    if found is None:
        return False
    catalog, segments = SourceCatalog(more.clip(min=0), found), [found.data == label for label in found.labels]
    snr = np.array([more[one].sum() / np.sqrt(np.sum(scenes.sigma[k][one] ** 2)) for one in segments])
    y, x = (places(more, found) - middle).T
    across = np.abs((np.atleast_1d(catalog.orientation.value) - np.degrees(np.arctan2(y, x)) + 90) % 180 - 90)
    long = np.atleast_1d(catalog.elongation.value) >= LONG
    return bool(np.any((snr >= SIGNIFICANT) & long & (across >= 90 - TANGENTIAL)))


def _smoothed(image: np.ndarray, fwhm: float) -> np.ndarray:
    return fftconvolve(image, make_2dgaussian_kernel(fwhm, size=7).array, mode="same")


def _near(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Which of our places have one of theirs near, each of which belongs to one of ours at most."""
    apart = np.nan_to_num(cdist(ours, theirs), nan=np.inf, posinf=1e6)
    one, other = linear_sum_assignment(np.minimum(apart, NEAR + 1))
    return one[apart[one, other] <= NEAR]
