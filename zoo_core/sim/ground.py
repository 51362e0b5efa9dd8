"""What ground-based cutouts in four bands are composed of.

The lenses are those of the space sets, seen through the atmosphere in the bands and at the depth of the Kilo-Degree
Survey: blurred, but in colour.
"""

from .cutouts import Distribution, alike_for_twins
from .frame import CutoutFrame
from .sky import crowds, lookalikes, morphologies, population, spirals, tides
from .sky.colours import Colours
from .sky.lookalikes import TWIN, Kind, Lookalikes, centred, decorated
from .sky.population import Population
from .sky.seds import Template
from .telescope.bands import KIDS, surveys_of

__all__ = ["BANDS", "FRAME", "GROUND"]

BANDS, FRAME = KIDS, CutoutFrame(side=101, pixel_scale=0.2)

POPULATION = Population(
    hosts=population.TRAINING.hosts,
    sources=population.TRAINING.sources,
    neighbours={
        morphologies.SMOOTH_DISC: 0.5,
        morphologies.COMPACT: 0.2,
        morphologies.ELLIPTICAL: 0.15,
        morphologies.CLUMPY: 0.1,
        morphologies.EDGE_ON: 0.05,
    },
    brightness=(0.8, 300.0),
    source_R=population.TRAINING.source_R,
    companions=7.0,
    stars=0.7,
    frame=FRAME,
    field_R=0.3,
)
"""Hosts and sources of `finding_space`; four times its area, and the counts of galaxies and stars to 25 mag at high
galactic latitude. Chosen."""

KINDS = Lookalikes(
    (
        Kind(TWIN, 0.24, lookalikes.lens_galaxy),
        Kind("elliptical", 0.05, lookalikes.early),
        Kind("spiral", 0.13, centred(spirals.beaded)),
        Kind("flocculent", 0.07, centred(morphologies.flocculent)),
        Kind("barred", 0.05, centred(morphologies.barred)),
        Kind("ring", 0.06, decorated(centred(morphologies.ringed))),
        Kind("disc", 0.05, centred(morphologies.smooth_disc)),
        Kind("edge_on", 0.04, centred(morphologies.edge_on)),
        Kind("merger", 0.05, decorated(centred(morphologies.merger))),
        Kind("tailed", 0.03, decorated(centred(tides.tailed))),
        Kind("irregular", 0.05, decorated(centred(morphologies.irregular))),
        Kind("satellites", 0.1, lookalikes.satellites),
        Kind("tangential", 0.06, lookalikes.tangential),
        Kind("pair", 0.05, lookalikes.close_pair),
        Kind("group", 0.03, lookalikes.group),
        Kind("cluster", 0.03, crowds.cluster),
        Kind("faint", 0.08, crowds.faint),
        Kind("active", 0.02, crowds.active),
        Kind("star", 0.01, lookalikes.lone_star),
        Kind("star_pair", 0.02, lookalikes.double_star),
    )
)

COLOURS = Colours(
    bands=tuple(band.wavelengths for band in BANDS),
    hosts={Template.ELLIPTICAL: 0.8, Template.SBC: 0.13, Template.SCD: 0.05, Template.STARBURST_3: 0.02},
    discs={
        Template.ELLIPTICAL: 0.08,
        Template.SBC: 0.34,
        Template.SCD: 0.34,
        Template.IRREGULAR: 0.16,
        Template.STARBURST_3: 0.08,
    },
    sources={
        Template.ELLIPTICAL: 0.04,
        Template.SBC: 0.12,
        Template.SCD: 0.24,
        Template.IRREGULAR: 0.3,
        Template.STARBURST_3: 0.15,
        Template.STARBURST_2: 0.15,
    },
    field={
        Template.ELLIPTICAL: 0.12,
        Template.SBC: 0.22,
        Template.SCD: 0.28,
        Template.IRREGULAR: 0.24,
        Template.STARBURST_3: 0.09,
        Template.STARBURST_2: 0.05,
    },
)
"""Chosen: most lenses red, most sources blue, and of each one in five or more that is not."""

FIRST, *OTHERS = surveys_of(BANDS)

GROUND = Distribution(
    "1",
    POPULATION,
    KINDS,
    FIRST,
    alike_for_twins,
    colours=COLOURS,
    other_surveys=tuple(OTHERS),
)
