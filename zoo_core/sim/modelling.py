"""Lenses that are to be measured: every cutout is one, in the pixels and through the PSF of one telescope.

Galaxies, sources, neighbours, noise and faults are those of version 2 of the scenes of `versions`. Einstein radii are
spread more evenly: networks that learn from as many large lenses as small ones measure both, see Schuldt et al. (2021),
A&A 646, A126. Those of JWST are compact ones: the light of a bright host lies over their arcs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .brightness import Arcs
from .cutouts import Distribution
from .draws import log_uniform
from .frame import FINDING, CutoutFrame
from .sky.cosmology import isothermal_radius
from .sky.host import THETA_E, Host, Mass, draw_host, draw_redshifts, host_of
from .sky.population import Population
from .telescope import drizzled
from .telescope.psf import Psf, draw_space_psf, draw_training_psf
from .telescope.survey import Survey
from .versions import POPULATION_2, VERSIONS

__all__ = [
    "TELESCOPES",
    "Telescope",
    "draw_compact_host",
    "draw_even_host",
    "draw_host_between",
    "ellipticity",
    "simplified",
    "with_radii",
]

KEPT_FROM = 2.0
"""Einstein radius, arcsec, from which every host is kept; of the smaller ones a share theta_E / KEPT_FROM. Chosen: a
third of the lenses then lies above 1.25 arcsec, of the cross-section alone a fifth."""

HST_FWHM, JWST_FWHM = (0.07, 0.13), (0.045, 0.16)
"""FWHM of the PSF, arcsec, even in the logarithm: of ACS and WFC3 from 0.5 to 0.9 micrometres, and of NIRCam from 1.1
to 4.4 micrometres. Chosen to hold the diffraction limit of each, broadened by pixels and resampling."""

ARCS = Arcs(flux_ratio=(0.01, 0.5), least_snr=(15.0, 60.0), least_contrast=(0.03, 0.4))
"""Brightness of the arcs; arcs that are fainter constrain nothing. Chosen."""


COMPACT = (0.1, 1.6)
"""Einstein radii of compact lenses, arcsec. Chosen: smaller ones no telescope in space resolves, and those of larger
ones leave a frame of 4.4 arcsec."""

WITHIN_FRAME = 0.75
"""Largest Einstein radius that can be asked for, in halves of the frame. Chosen: that of `hst`, whose frame is the
tightest about 3 arcsec."""

SIGMA_V = (60.0, 380.0)
"""Velocity dispersions of hosts whose Einstein radius is drawn first, km/s. Chosen: from those of small galaxies to the
largest of all."""

BEHIND_BRIGHT = replace(POPULATION_2, brightness=(16.0, 400.0), source_R=(0.11, 0.3), aligned=0.35)
"""Hosts and sources of compact lenses. Chosen: the light at the Einstein radius of real ones is some 10 to 30 times the
noise of pixels of 0.05", docs/simulator.md; sources are smaller, as the near infrared shows distant ones."""

UNDER_LIGHT = replace(ARCS, flux_ratio=(0.005, 0.2), least_contrast=(0.02, 0.3))
"""Brightness of their arcs. Chosen: those of real ones are about half as bright as the light that they lie in."""


@dataclass(frozen=True)
class Telescope:
    """What a telescope shows of lenses.

    Arguments:
        frame: of its cutouts.
        distribution: of lenses, PSF and noise.
    """

    frame: CutoutFrame
    distribution: Distribution

    @property
    def radii(self) -> tuple[float, float]:
        """Least and largest Einstein radius that `with_radii` takes, arcsec.

        >>> TELESCOPES["hst"].radii, TELESCOPES["jwst"].radii
        ((0.1, 3.0), (0.1, 1.82))
        """
        return COMPACT[0], min(THETA_E[1], round(WITHIN_FRAME * self.frame.half_width, 2))


def draw_even_host(rng: np.random.Generator, population: Population) -> Host:
    """A massive galaxy as of `draw_host`, kept with the chance min(1, theta_E / KEPT_FROM).

    >>> from .sky.population import TRAINING
    >>> draw_even_host(np.random.default_rng(1), TRAINING).theta_E < 3.0
    True
    """
    while True:
        host = draw_host(rng, population)
        if rng.random() * KEPT_FROM < host.theta_E:
            return host


def draw_compact_host(rng: np.random.Generator, population: Population) -> Host:
    """A galaxy as of `draw_host_between`, with an Einstein radius of COMPACT.

    >>> from .sky.population import TRAINING
    >>> 0.1 < draw_compact_host(np.random.default_rng(1), TRAINING).theta_E < 1.6
    True
    """
    return draw_host_between(rng, population, COMPACT)


def draw_host_between(rng: np.random.Generator, population: Population, theta_E: tuple[float, float]) -> Host:
    """A galaxy with an Einstein radius of this range, even in its root, which is that of the velocity dispersion.

    Redshifts are those of lenses, sizes and brightness those of galaxies of that dispersion.

    >>> from .sky.population import TRAINING
    >>> 0.2 < draw_host_between(np.random.default_rng(1), TRAINING, (0.2, 0.3)).theta_E < 0.3
    True
    """
    radius = float(rng.uniform(*np.sqrt(theta_E)) ** 2)
    while True:
        z_l, z_s = draw_redshifts(rng)
        sigma_v = float(np.sqrt(radius / isothermal_radius(1.0, z_l, z_s)))
        if SIGMA_V[0] < sigma_v < SIGMA_V[1]:
            return host_of(rng, population, Mass(sigma_v, z_l, z_s, radius))


def with_radii(telescope: Telescope, theta_E: tuple[float, float]) -> Telescope:
    """The same telescope, pointed at hosts of `draw_host_between`.

    Arguments:
        telescope: whose lenses have other Einstein radii.
        theta_E: within its `radii`, arcsec.
    """
    return _with_hosts(telescope, partial(draw_host_between, theta_E=theta_E))


def simplified(telescope: Telescope, power_law: bool, shear: bool) -> Telescope:
    """The same telescope, with simpler lenses in front of it; with both it is as it was.

    Arguments:
        telescope: whose lenses are elliptical power laws with external shear.
        power_law: the slope of the convergence differs from lens to lens; else all are isothermal.
        shear: there is external shear.
    """
    if power_law and shear:
        return telescope
    drawn = telescope.distribution.hosts

    def hosts(rng: np.random.Generator, population: Population) -> Host:
        host = drawn(rng, population)
        host = host if power_law else host._replace(slope=1.0)
        return host if shear else host._replace(gamma_1=0.0, gamma_2=0.0)

    return _with_hosts(telescope, hosts)


def _with_hosts(telescope: Telescope, hosts: Callable[[np.random.Generator, Population], Host]) -> Telescope:
    return replace(telescope, distribution=replace(telescope.distribution, hosts=hosts))


def ellipticity(q: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both components of the ellipticity of a mass with axis ratio q and position angle phi, as lenstronomy has them.

        e1 = (1 - q) / (1 + q) cos 2 phi,    e2 = (1 - q) / (1 + q) sin 2 phi

    >>> e1, e2 = ellipticity(np.array(0.5), np.array(0.0))
    >>> round(float(e1), 4), float(e2)
    (0.3333, 0.0)
    """
    size = (1 - q) / (1 + q)
    return size * np.cos(2 * phi), size * np.sin(2 * phi)


def draw_hst_psf(rng: np.random.Generator, largest: float) -> Psf:
    """A PSF of HST; `largest` as in `draw_training_psf`."""
    return draw_space_psf(rng, lambda: min(log_uniform(rng, *HST_FWHM), largest))


def draw_jwst_psf(rng: np.random.Generator, largest: float) -> Psf:
    """A PSF of JWST; `largest` as in `draw_training_psf`."""
    return draw_space_psf(rng, lambda: min(log_uniform(rng, *JWST_FWHM), largest))


def _telescope(frame: CutoutFrame, draw_psf: Callable[[np.random.Generator, float], Psf]) -> Telescope:
    survey = Survey(draw_psf, drizzled.draw_drizzled_noise, drizzled.draw_drizzled_noises, drizzled.EVENTS)
    return Telescope(frame, replace(VERSIONS[2], version="1", survey=survey, hosts=draw_even_host, arcs=ARCS))


def _compact(telescope: Telescope) -> Telescope:
    """The same telescope, pointed at compact lenses."""
    drawn = telescope.distribution
    lenses = replace(drawn, version="2", population=BEHIND_BRIGHT, hosts=draw_compact_host, arcs=UNDER_LIGHT)
    return replace(telescope, distribution=lenses)


TELESCOPES: Mapping[str, Telescope] = {
    "hst": _telescope(CutoutFrame(side=160, pixel_scale=0.05), draw_hst_psf),
    "jwst": _compact(_telescope(CutoutFrame(side=81, pixel_scale=0.06), draw_jwst_psf)),
    "euclid": _telescope(FINDING, draw_training_psf),
}
"""By name. Frames hold the largest Einstein rings: of 3 arcsec, and of 1.6 for `jwst`. PSFs of `euclid` are also
sharper and broader than those of VIS: a network that has learned from them measures what other telescopes show,
resampled to its pixels."""
