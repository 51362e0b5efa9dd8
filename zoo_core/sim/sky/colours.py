"""Colours of what stands in the sky: which spectrum each galaxy of a scene has, and so how bright it is in each band.

Lenses are red and their sources blue for the most part, and galaxies in the field are of all types at all redshifts;
each has exceptions, so that no network can tell lenses by one colour alone. Within a galaxy the bulge is older than the
disc, and dust takes more light from bluer bands.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..draws import choose, log_uniform
from ..rays.scene import POINT, SERSIC, Profile
from .galaxy import Build, Galaxy, Morphology
from .host import Host
from .population import Population
from .seds import DUST_SLOPE, Spectrum, Template, Wavelengths, colours, colours_of_star

__all__ = ["Colours", "Frequencies", "draw_spectrum", "painted"]

Frequencies = Mapping[Template, float]

DrawSpectrum = Callable[[np.random.Generator], Spectrum]

BULGE_N = 1.5
"""Sersic index from which a profile without arms is old: a bulge or a spheroid. Chosen between discs (1) and de
Vaucouleurs' law (4)."""

FORMING = frozenset(Template) - {Template.ELLIPTICAL}

DUSTY, QUIET = 0.2, 0.03
"""Scales of the exponential distributions of A_V, magnitudes: in galaxies that form stars and in others. Chosen."""

FIELD_Z, FIELD_Z_SHAPE, FIELD_Z_SCALE = 0.05, 2.5, 0.28
"""Redshifts of field galaxies, 0.05 + Gamma(2.5, 0.28). Chosen to peak at 0.5, as those of galaxies of 22 to 25 mag."""

FARTHEST = 4.5
"""Redshift whose spectrum more distant galaxies have: beyond it the light in r ends, and brightness is that in r."""

TEMPERATURES = (3200.0, 12000.0)
"""Of stars, K, even in the logarithm; chosen, M to B; the bluest stand for active nuclei as well."""


@dataclass(frozen=True)
class Colours:
    """Which spectra the galaxies of a scene have.

    Arguments:
        bands: of the survey; fluxes of profiles are those in the first.
        hosts: types of massive galaxies, with their frequencies.
        discs: types of spirals and others that stand in the place of a host.
        sources: types of sources.
        field: types of all other galaxies.
    """

    bands: tuple[Wavelengths, ...]
    hosts: Frequencies
    discs: Frequencies
    sources: Frequencies
    field: Frequencies

    def population(self, population: Population, host: Host) -> Population:
        """The population with galaxies in colour: hosts at the redshift of the host, sources at theirs."""
        return replace(
            population,
            hosts=self._coloured(population.hosts, partial(draw_spectrum, self.hosts, host.z_l)),
            sources=self._coloured(population.sources, partial(draw_spectrum, self.sources, host.z_s)),
            neighbours=self._coloured(population.neighbours, partial(draw_spectrum, self.field, None)),
        )

    def completed(self, rng: np.random.Generator, profiles: Sequence[Profile], host: Host) -> list[Profile]:
        """The profiles with those in colour that were not: points as stars, others as one disc next to the host."""
        spectrum = draw_spectrum(self.discs, host.z_l, rng)
        return [self._in_colour(rng, profile, spectrum) for profile in profiles]

    def _coloured(self, frequencies: Mapping[Morphology, float], draw: DrawSpectrum) -> dict[Morphology, float]:
        return {
            Morphology(morphology.name, partial(_built, morphology.build, draw, self.bands)): frequency
            for morphology, frequency in frequencies.items()
        }

    def _in_colour(self, rng: np.random.Generator, profile: Profile, spectrum: Spectrum) -> Profile:
        if profile.colours:
            return profile
        if profile.profile == POINT:
            return profile._replace(colours=colours_of_star(log_uniform(rng, *TEMPERATURES), self.bands))
        return painted([profile], spectrum, self.bands)[0]


def draw_spectrum(kinds: Frequencies, z: float | None, rng: np.random.Generator) -> Spectrum:
    """A galaxy of one of these types; without a redshift it is one of the field."""
    z = FIELD_Z + rng.gamma(FIELD_Z_SHAPE, FIELD_Z_SCALE) if z is None else z
    template = choose(rng, kinds)
    return Spectrum(template, float(min(z, FARTHEST)), float(rng.exponential(DUSTY if template in FORMING else QUIET)))


def painted(profiles: Sequence[Profile], spectrum: Spectrum, bands: tuple[Wavelengths, ...]) -> list[Profile]:
    """The profiles of one galaxy in its colours: bulges are old, and dust takes more from bluer bands."""
    young = colours(spectrum, bands)
    old = colours(spectrum._replace(template=Template.ELLIPTICAL), bands)
    extinction = [(sum(band) / sum(bands[0])) ** DUST_SLOPE for band in bands]
    dark = tuple(flux * factor for flux, factor in zip(young, extinction, strict=True))
    return [
        profile._replace(colours=dark if profile.flux < 0 else old if _is_bulge(profile) else young)
        for profile in profiles
    ]


def _is_bulge(profile: Profile) -> bool:
    return profile.profile == SERSIC and profile.arms == 0 and profile.n >= BULGE_N


def _built(
    build: Build, draw: DrawSpectrum, bands: tuple[Wavelengths, ...], rng: np.random.Generator, galaxy: Galaxy
) -> list[Profile]:
    return painted(build(rng, galaxy), draw(rng), bands)
