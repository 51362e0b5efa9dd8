"""Measures what takes the light of lens galaxies away, by colour or by profile: docs/tutorials/modelling.md.

Run: python docs/deblenders.py

The lenses of `finding_ground` in r, i and g, each band through its own PSF, and all through that of r. Both methods are
judged in the band that independent components choose.
"""

import logging

import numpy as np

from zoo_core.bench.metrics.intervals import percentile
from zoo_core.datasets.simulated.finding_ground import FindingInBands
from zoo_core.fit.ica import arcs_by_colour
from zoo_core.fit.sersic_light import fit_sersic
from zoo_core.sim.cutouts import Cutout
from zoo_core.sim.ground import FRAME, GROUND

LENSES, BANDS, SEED, RESAMPLES = 60, 3, 404, 1000
MIDDLE = 3.0  # pixels, within which the galaxy is most of the light

log = logging.getLogger(__name__)


class OnePsf(FindingInBands):
    """All bands through the PSF of the first."""

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """As of `Finding`."""
        drawn = super().cutouts(start, stop)
        return [
            one._replace(other_bands=tuple(band._replace(psf=one.psf) for band in one.other_bands)) for one in drawn
        ]


def main() -> None:
    """A row for each PSF and method."""
    for psfs, kind in (("their own PSFs", FindingInBands), ("one PSF", OnePsf)):
        numbers = measured(kind("finding_ground", GROUND, LENSES, SEED, 1.0, None))
        for method, values in numbers.items():
            log.info("| %s | %s | %s |", psfs, method, " | ".join(_median(column) for column in values.T))
        by_colour, by_profile = (abs(1 - values[:, 0]) for values in numbers.values())
        log.info("error of the arcs' flux, by colour less by profile: %s", _median(by_colour - by_profile))


def measured(lenses: FindingInBands) -> dict[str, np.ndarray]:
    """By method: flux of the arcs over the true one, its error, and what is left of the galaxy's middle, (N, 3)."""
    made, rng = lenses.components(0, LENSES), np.random.default_rng(SEED)
    depth = made.noises["unit"].copy()
    depth[:, 0] = 1.0  # light is in sky sigma of the first band
    foreground, arcs = (
        (part.double().numpy() / depth[:, :, None, None])[:, :BANDS] for part in (made.foreground, made.arcs)
    )
    shot = made.noises["shot"][:, :BANDS, None, None]
    light = foreground + arcs
    images = light + np.sqrt(1 + shot * light.clip(min=0)) * rng.normal(size=light.shape)
    found: dict[str, list[list[float]]] = {"independent components": [], "Sersic profile": []}
    for image, galaxy, ring in zip(images, foreground, arcs, strict=True):
        by_colour = arcs_by_colour(image)
        band = by_colour.band
        left = {
            "independent components": by_colour.image,
            "Sersic profile": image[band] - fit_sersic(image[band]).light,
        }
        for method, seen in left.items():
            found[method].append(_numbers(seen, galaxy[band], ring[band]))
    return {method: np.array(rows) for method, rows in found.items()}


def _numbers(seen: np.ndarray, galaxy: np.ndarray, ring: np.ndarray) -> list[float]:
    flux = float((seen * ring).sum() / (ring**2).sum())
    y, x = np.indices(seen.shape) - (FRAME.side - 1) / 2
    middle = np.hypot(x, y) < MIDDLE
    return [flux, abs(1 - flux), abs(float((seen - ring)[middle].sum())) / float(galaxy[middle].sum())]


def _median(values: np.ndarray) -> str:
    draws = np.random.default_rng(SEED).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = percentile(np.median(values[draws], axis=1)) or (np.nan, np.nan)
    return f"{np.median(values):.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
