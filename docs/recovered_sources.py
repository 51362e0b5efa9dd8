"""Measures which sources denoisers recover, with which fluxes, and which arcs they erase or invent: docs/pipelines.md.

Run: python docs/recovered_sources.py FOLDER [--arms observed unet.denoise ...] [--images 300]
It takes `pip install photutils`. FOLDER keeps the restored images, so that the same call goes on.

Images are the first of `restoration_denoise`, one view each. A source of the truth is a segment of the image without
noise, of S/N 3 or more; what is detected is above a threshold in units of the noise of each observed pixel. That of an
arm is the lowest at which so many detections are of sources, on the next 100 images, which are not measured.
"""

import argparse
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from found_sources import KINDS, Scenes, invented, recovered
from photutils.utils.exceptions import NoDetectionsWarning
from restored_images import OBSERVED, seen

from zoo_core.bench.metrics.intervals import percentile
from zoo_core.datasets.simulated.restoration import restoration_space

ARMS = (
    OBSERVED,
    "gaussian_filter.denoise",
    "wavelet_filter.denoise",
    "nlmeans_filter.denoise",
    "unet.denoise",
    "edsr.denoise",
    "unet_exposures.space",
)
THRESHOLDS = (0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)  # of the noise of an observed pixel
PURITY, CHOSEN_ON = 0.85, 100  # of detections; images that choose the threshold
FAINTEST, RADIUS = 3.0, 5.0  # least S/N of a source; pixels of the aperture of a flux
EDGES = (FAINTEST, 10.0, 30.0, 100.0, np.inf)  # S/N of a source
BRIGHT = 10.0  # S/N of sources whose fluxes are compared
ERASED = 0.5  # of the flux of arcs
SEED, RESAMPLES = 0, 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """What was measured of some images.

    Arguments:
        sources: image, kind, S/N, whether it is recovered, and error of its flux over it, of each source, (N, 5).
        images: detections, those of sources, S/N gain, flux of arcs over the true one (NaN: there are none), and
            whether an arc was invented (NaN: it is a lens), of each image, (M, 5).
    """

    sources: np.ndarray
    images: np.ndarray

    def drawn(self, rows: np.ndarray) -> "Found":
        """Of these images, each as often as it is named."""
        first, last = (np.searchsorted(self.sources[:, 0], rows, side) for side in ("left", "right"))
        places = [np.arange(*ends) for ends in zip(first, last, strict=True)]
        return Found(self.sources[np.concatenate(places)], self.images[rows])


Statistic = Callable[[Found], float]


def main() -> None:
    """A row for each statistic, a column for each arm."""
    parser = argparse.ArgumentParser(description="Sources, fluxes and arcs behind denoisers.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arms", nargs="+", default=ARMS)
    parser.add_argument("--images", type=int, default=300)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", NoDetectionsWarning)  # an image may be empty
    asked.folder.mkdir(parents=True, exist_ok=True)
    images = restoration_space(n=asked.images + CHOSEN_ON)
    scenes, lens = Scenes(images), images.truth()["label"] == 1
    found = {}
    for arm in asked.arms:
        restored = scenes.levelled(seen(arm, images, asked.folder).images[:, 0].numpy().astype(float))
        threshold = chosen(scenes, restored, np.arange(asked.images, len(images)))
        found[arm] = measured(scenes, restored, asked.images, lens, threshold)
        log.info("%s: threshold %g", arm, threshold)
    show(found)


def chosen(scenes: Scenes, restored: np.ndarray, rows: np.ndarray) -> float:
    """The lowest threshold at which so many detections are of sources; the highest if none is."""
    for threshold in THRESHOLDS:
        all_of_them, true = np.sum([recovered(scenes, restored[k], k, threshold)[:2] for k in rows], axis=0)
        if true >= PURITY * all_of_them:
            return threshold
    return THRESHOLDS[-1]


def measured(scenes: Scenes, restored: np.ndarray, count: int, lens: np.ndarray, threshold: float) -> Found:
    """What is detected in the first `count` images, and what became of them."""
    sources, images = [], []
    for k, image in enumerate(restored[:count]):
        detections, true, known = recovered(scenes, image, k, threshold)
        spurious = np.nan if lens[k] else float(invented(scenes, image, k))
        images.append((detections, true, _gain(scenes, image, k), _kept(scenes, image, k), spurious))
        for (row, column, kind, snr), is_known in zip(scenes.sources[k], known, strict=True):
            if snr >= FAINTEST:
                sources.append((k, kind, snr, is_known, _flux_error(scenes, image, k, row, column)))
    return Found(np.array(sources), np.array(images))


def _flux_error(scenes: Scenes, image: np.ndarray, k: int, row: float, column: float) -> float:
    """Error of the flux in an aperture about a source, over the true one."""
    y, x = np.indices(image.shape)
    inside = (np.hypot(y - row, x - column) <= RADIUS) & scenes.measured[k]
    return float((image - scenes.light[k])[inside].sum() / scenes.light[k][inside].sum())


def _gain(scenes: Scenes, image: np.ndarray, k: int) -> float:
    """S/N of the pixels of sources over that in the observed image: their error there over that in this one."""
    bright = scenes.measured[k] & (scenes.light[k] > scenes.sigma[k])
    errors = [((one - scenes.light[k]) / scenes.sigma[k])[bright] for one in (scenes.observed[k], image)]
    before, after = (np.sqrt(np.mean(error**2)) for error in errors)
    return before / after


def _kept(scenes: Scenes, image: np.ndarray, k: int) -> float:
    """Flux of the arcs over the true one, by a matched filter; NaN where there are none."""
    weights = np.where(scenes.measured[k], scenes.arcs[k] / scenes.sigma[k] ** 2, 0)
    total = (weights * scenes.arcs[k]).sum()
    return 1 + (weights * (image - scenes.light[k])).sum() / total if total > 0 else np.nan


def show(found: Mapping[str, Found]) -> None:
    """A row for each statistic, each with the interval of images that are drawn anew."""
    first = next(iter(found.values()))
    lenses, others = np.isfinite(first.images[:, 3:]).sum(0)
    rows: dict[str, Statistic] = {}
    for kind, name in enumerate(KINDS):
        rows |= {
            f"{name}, {_count(first, kind, *edges)} of S/N {edges[0]:g} to {edges[1]:g}": share(kind, *edges)
            for edges in pairwise(EDGES)
        }
        rows |= {f"{name}, all {_count(first, kind)}": share(kind), f"flux error of {name}": flux_error(kind)}
    rows |= {
        "detections that are sources": lambda one: float(one.images[:, 1].sum() / one.images[:, 0].sum()),
        "S/N gain": lambda one: float(np.median(one.images[:, 2])),
        f"flux of arcs, {lenses} lenses": lambda one: float(np.nanmedian(one.images[:, 3])),
        "lenses whose arcs are erased": erased,
        f"arcs invented, {others} others": lambda one: float(np.nanmean(one.images[:, 4])),
    }
    log.info("| | %s |", " | ".join(found))
    for name, statistic in rows.items():
        log.info("| %s | %s |", name, " | ".join(_cell(one, statistic) for one in found.values()))


def share(kind: int, low: float = FAINTEST, high: float = np.inf) -> Statistic:
    """Of the sources of a kind with such S/N, those that are recovered."""
    return lambda found: float(found.sources[_of(found, kind, low, high), 3].mean())


def flux_error(kind: int) -> Statistic:
    """The median of those that are recovered and bright."""

    def median(found: Found) -> float:
        known = _of(found, kind, BRIGHT) & (found.sources[:, 3] == 1)
        return float(np.median(np.abs(found.sources[known, 4])))

    return median


def erased(found: Found) -> float:
    """Share of the lenses whose arcs keep less than ERASED of their flux."""
    kept = found.images[np.isfinite(found.images[:, 3]), 3]
    return float(np.mean(kept < ERASED))


def _of(found: Found, kind: int, low: float = FAINTEST, high: float = np.inf) -> np.ndarray:
    snr = found.sources[:, 2]
    return (found.sources[:, 1] == kind) & (snr >= low) & (snr < high)


def _count(found: Found, kind: int, low: float = FAINTEST, high: float = np.inf) -> int:
    return int(_of(found, kind, low, high).sum())


def _cell(found: Found, statistic: Statistic) -> str:
    """The value and its interval; images are drawn with their sources, the same ones for all arms."""
    rng, count = np.random.default_rng(SEED), len(found.images)
    values = [statistic(found.drawn(rng.integers(count, size=count))) for _ in range(RESAMPLES)]
    low, high = percentile(np.array(values)) or (np.nan, np.nan)
    return f"{statistic(found):.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
