"""Versions of the scenes that finders learn from, and what each is composed of.

Version 1 and its shifted counterpart are frozen: benchmarks are made of them. Version 2 is closer to telescope images:
what stands in front of a lens does not depend on its source, arcs may be faint against bright hosts, and what is no
lens has as much structure as what is one.
"""

from collections.abc import Mapping

from .brightness import Arcs
from .cutouts import Distribution, alike_for_twins, behind_namesakes
from .sky import crowds, lookalikes, morphologies, population, spirals, tides
from .sky.lookalikes import TWIN, Kind, Lookalikes, centred, decorated, uneven
from .sky.population import Population
from .telescope import drizzled, psf, survey
from .telescope.survey import Survey

__all__ = ["POPULATION_2", "SHIFTED", "VERSIONS"]

SHIFTED = Distribution("1", population.SHIFTED, lookalikes.SHIFTED_KINDS, survey.SHIFTED, behind_namesakes)

POPULATION_2 = Population(
    hosts={
        tides.STEEP: 0.42,
        morphologies.ELLIPTICAL: 0.2,
        morphologies.LENTICULAR: 0.14,
        morphologies.SHELLS: 0.05,
        tides.STREAMED: 0.03,
        morphologies.DUSTY: 0.05,
        spirals.DUST_LANE: 0.04,
        morphologies.SMOOTH_DISC: 0.03,
        spirals.BEADED: 0.02,
        morphologies.EDGE_ON: 0.02,
    },
    sources={
        morphologies.SMOOTH_DISC: 0.18,
        morphologies.CLUMPY: 0.22,
        morphologies.COMPACT: 0.14,
        morphologies.GRAND_DESIGN: 0.07,
        spirals.BEADED: 0.08,
        spirals.PATCHY: 0.1,
        morphologies.IRREGULAR: 0.07,
        morphologies.MERGER: 0.06,
        morphologies.ELLIPTICAL: 0.05,
        morphologies.EDGE_ON: 0.03,
    },
    neighbours={
        morphologies.SMOOTH_DISC: 0.4,
        morphologies.COMPACT: 0.2,
        morphologies.ELLIPTICAL: 0.14,
        morphologies.EDGE_ON: 0.08,
        morphologies.CLUMPY: 0.08,
        morphologies.IRREGULAR: 0.06,
        morphologies.GRAND_DESIGN: 0.04,
    },
    brightness=(2.5, 400.0),
    source_R=(0.14, 0.3),
    companions=4.5,
    stars=0.12,
    aligned=0.4,
)

KINDS_2 = Lookalikes(
    (
        Kind(TWIN, 0.24, crowds.lens_galaxy_in_a_crowd, uneven(0.03, 0.25, share=0.3)),
        Kind("elliptical", 0.03, lookalikes.early),
        Kind("spiral", 0.1, centred(spirals.beaded), uneven(0.1, 0.6)),
        Kind("patchy", 0.1, centred(spirals.patchy), uneven(0.2, 0.9)),
        Kind("flocculent", 0.05, centred(morphologies.flocculent), uneven(0.2, 0.7)),
        Kind("barred", 0.05, centred(morphologies.barred), uneven(0.1, 0.6)),
        Kind("ring", 0.05, decorated(centred(morphologies.ringed)), uneven(0.1, 0.6, share=0.7)),
        Kind("disc", 0.03, centred(morphologies.smooth_disc), uneven(0.05, 0.4, share=0.7)),
        Kind("edge_on", 0.03, centred(morphologies.edge_on), uneven(0.1, 0.6, share=0.7)),
        Kind("dust_lane", 0.02, centred(spirals.dust_lane), uneven(0.1, 0.4)),
        Kind("merger", 0.04, decorated(centred(morphologies.merger)), uneven(0.1, 0.5, share=0.5)),
        Kind("tailed", 0.05, decorated(centred(tides.tailed)), uneven(0.1, 0.5, share=0.7)),
        Kind("streamed", 0.03, centred(tides.streamed)),
        Kind("irregular", 0.04, decorated(centred(morphologies.irregular)), uneven(0.2, 0.8)),
        Kind("satellites", 0.05, lookalikes.satellites),
        Kind("tangential", 0.04, lookalikes.tangential),
        Kind("pair", 0.04, lookalikes.close_pair, uneven(0.05, 0.4, share=0.3)),
        Kind("group", 0.03, lookalikes.group),
        Kind("cluster", 0.04, crowds.cluster),
        Kind("faint", 0.12, crowds.faint, uneven(0.1, 0.6, share=0.5)),
        Kind("active", 0.03, crowds.active, uneven(0.1, 0.5, share=0.5)),
        Kind("star", 0.01, lookalikes.lone_star),
        Kind("star_pair", 0.01, lookalikes.double_star),
        Kind("saturated", 0.02, crowds.saturated_star),
    )
)

VERSIONS: Mapping[int, Distribution] = {
    1: Distribution("1", population.TRAINING, lookalikes.TRAINING_KINDS, survey.TRAINING, behind_namesakes),
    2: Distribution(
        "2",
        POPULATION_2,
        KINDS_2,
        Survey(psf.draw_training_psf, drizzled.draw_drizzled_noise, drizzled.draw_drizzled_noises, drizzled.EVENTS),
        alike_for_twins,
        field=crowds.crowded_field,
        arcs=Arcs(flux_ratio=(0.006, 0.5), least_snr=(12.0, 60.0), least_contrast=(0.02, 0.4)),
        full_well=(3e3, 5e4),
    ),
}
"""By number; of 2 no benchmark of lens finding is made, but those of `modelling` are."""
