"""Populations.

What varies between the galaxies that networks learn from and those that they are judged on: how often each morphology
occurs, how bright hosts and how large sources are, and how crowded the frames. `host`, `source` and `field` draw from
it.

All numbers here are chosen and not measured. Brightness is surface brightness over sky noise, so that a population
covers shallow and deep surveys alike: all fluxes are in units of the sky noise of one pixel.
"""

from dataclasses import dataclass

from ..frame import FINDING, CutoutFrame
from . import morphologies
from .galaxy import Morphology

__all__ = ["SHIFTED", "TRAINING", "Population"]


@dataclass(frozen=True)
class Population:
    """What varies between the populations that networks learn from and those they are judged on.

    Arguments:
        hosts: morphologies of the lens galaxies, with their frequencies.
        sources: morphologies of the sources, with their frequencies.
        neighbours: morphologies of the field galaxies, with their frequencies.
        brightness: range of the host's mean surface brightness within R_e, in sky noise per pixel.
        source_R: median half-light radius of the sources, arcsec, and its scatter in dex.
        companions: mean number of field galaxies in the frame.
        stars: mean number of stars in the frame.
        aligned: share of the sources within a quarter of an Einstein radius of the centre: what makes rings.
        frame: of the images.
        field_R: half-light radius of a field galaxy of 100 sky sigma, arcsec.
    """

    hosts: dict[Morphology, float]
    sources: dict[Morphology, float]
    neighbours: dict[Morphology, float]
    brightness: tuple[float, float]
    source_R: tuple[float, float]
    companions: float
    stars: float
    aligned: float = 0.25
    frame: CutoutFrame = FINDING
    field_R: float = 0.16


TRAINING = Population(
    hosts={
        morphologies.ELLIPTICAL: 0.6,
        morphologies.LENTICULAR: 0.2,
        morphologies.SHELLS: 0.06,
        morphologies.SMOOTH_DISC: 0.04,
        morphologies.GRAND_DESIGN: 0.04,
        morphologies.DUSTY: 0.04,
        morphologies.EDGE_ON: 0.02,
    },
    sources={
        morphologies.SMOOTH_DISC: 0.2,
        morphologies.CLUMPY: 0.26,
        morphologies.COMPACT: 0.14,
        morphologies.GRAND_DESIGN: 0.1,
        morphologies.FLOCCULENT: 0.08,
        morphologies.IRREGULAR: 0.08,
        morphologies.MERGER: 0.08,
        morphologies.ELLIPTICAL: 0.06,
    },
    neighbours={
        morphologies.SMOOTH_DISC: 0.5,
        morphologies.COMPACT: 0.25,
        morphologies.ELLIPTICAL: 0.15,
        morphologies.CLUMPY: 0.1,
    },
    brightness=(2.5, 120.0),
    source_R=(0.13, 0.22),
    companions=2.5,
    stars=0.12,
)
SHIFTED = Population(
    hosts={
        morphologies.ELLIPTICAL: 0.4,
        morphologies.LENTICULAR: 0.35,
        morphologies.SHELLS: 0.15,
        morphologies.BARRED: 0.1,
    },
    sources={
        morphologies.BARRED: 0.25,
        morphologies.RINGED: 0.15,
        morphologies.EDGE_ON: 0.15,
        morphologies.IRREGULAR: 0.2,
        morphologies.LENTICULAR: 0.15,
        morphologies.MERGER: 0.1,
    },
    neighbours={morphologies.EDGE_ON: 0.3, morphologies.LENTICULAR: 0.4, morphologies.IRREGULAR: 0.3},
    brightness=(4.0, 80.0),
    source_R=(0.16, 0.18),
    companions=4.0,
    stars=0.25,
)
