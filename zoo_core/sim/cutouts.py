"""Cutouts.

A cutout is drawn in two steps. `draw` fixes everything that is random about it except the noise, on the CPU and
without pixels; `expose` renders a batch of them to noise-free components, sets the brightness of the arcs and
measures the truth.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .brightness import ARCS, MEASURED, Arcs, Wanted, brightened
from .frame import FINDING
from .rays.grid import Grid
from .rays.render import Rendered, render, scenes_at_once
from .rays.scene import LENS, POINT, Lens, Profile, Scenes
from .sky import population
from .sky.galaxy import light_table
from .sky.lookalikes import Kind, Lookalikes
from .sky.population import Host, SourceGalaxy, draw_field
from .sky.stamps import Stamp, StampSource, draw_stamp_source, lensed
from .sky.texture import Texture, textured
from .tables import table
from .telescope import survey
from .telescope.psf import PSF, Psf
from .telescope.saturation import bled
from .telescope.survey import NOISE, Noise

__all__ = [
    "FRAME",
    "MEASURED",
    "OVERSAMPLE",
    "TRUTH",
    "Components",
    "Cutout",
    "Distribution",
    "alike_for_twins",
    "behind_namesakes",
    "draw",
    "expose",
    "facts",
]

FRAME = FINDING
OVERSAMPLE = 2  # sub-pixels along the side of a pixel
FINE = FRAME.finer(OVERSAMPLE)

FAINT = 3e-7
"""Sky sigma: a profile ends where it adds less to a pixel of the finer grid."""

CPU_CHUNK = 50
"""Cutouts blurred at once on a CPU, where they are rendered a few at a time."""

TRUTH = np.dtype(
    [
        ("label", "i8"),  # 1: a lens
        ("kind", "U16"),  # of the source, or of the non-lens
        ("theta_E", "f8"),  # arcsec; 0 if nothing is lensed
        ("arc_snr", "f8"),  # matched-filter signal to noise of the arcs
        ("magnification", "f8"),  # flux of the arcs in the frame over that of the source
        ("arc_contrast", "f8"),  # mean surface brightness of the arcs over that of the light under them
        ("arc_flux", "f8"),  # in sky sigma
        ("source_x", "f8"),  # arcsec from the lens, in the source plane
        ("source_y", "f8"),
        ("source_R", "f8"),
        ("sigma_v", "f8"),  # km/s; of the host, lens or not
        ("z_l", "f8"),
        ("z_s", "f8"),
        ("lens_x", "f8"),
        ("lens_y", "f8"),
        ("lens_q", "f8"),
        ("lens_phi", "f8"),
        ("lens_slope", "f8"),
        ("gamma_1", "f8"),
        ("gamma_2", "f8"),
        ("host_R", "f8"),
        ("host_flux", "f8"),
        ("psf_fwhm", "f8"),
    ]
)


class Cutout(NamedTuple):
    """Everything about one cutout but its noise."""

    kind: str
    host: Host
    source: SourceGalaxy | StampSource | None
    profiles: list[Profile]
    psf: Psf
    noise: Noise
    flux_ratio: float
    least_snr: float
    least_contrast: float
    textures: tuple[Texture, ...] = ()
    full_wells: tuple[float, ...] = ()  # what a pixel holds, sky sigma; nothing where no pixel is ever full


Field = Callable[[np.random.Generator, population.Population], list[Profile]]
"""Draws the galaxies and stars that have nothing to do with the one in the middle."""


@dataclass(frozen=True)
class Distribution:
    """Which galaxies, look-alikes and telescopes: what a version of a set is composed of, see `versions`.

    Arguments:
        version: stands in the keys of random numbers and of everything that is kept.
        population: hosts and sources.
        lookalikes: what is no lens.
        survey: telescopes and detectors.
        in_front: called with the look-alikes and the source's kind; which of them stands in front of a lens.
        field: unrelated galaxies and stars.
        arcs: their brightness.
        full_well: range of what a pixel holds, sky sigma; none: pixels are never full.
        stamps: real galaxies, which take the place of half the sources.
    """

    version: str
    population: population.Population
    lookalikes: Lookalikes
    survey: survey.Survey
    in_front: Callable[[Lookalikes, str], Kind]
    field: Field = draw_field
    arcs: Arcs = ARCS
    full_well: tuple[float, float] | None = None
    stamps: tuple[Stamp, ...] = ()


def behind_namesakes(kinds: Lookalikes, source: str) -> Kind:
    """The look-alike that is named as the source, if there is one ("merger"), else a lens galaxy.

    Nobody meant that, but the images of version 1 are made so and stay so.
    """
    return kinds.named(source) or kinds.twin


def alike_for_twins(kinds: Lookalikes, source: str) -> Kind:
    """A lens galaxy, whatever the source: what a twin shows without arcs."""
    return kinds.twin


def draw(rng: np.random.Generator, distribution: Distribution, is_lens: bool) -> Cutout:
    """A lens, or something that is none but might have been.

    >>> from zoo_core.sim.versions import VERSIONS
    >>> cutout = draw(np.random.default_rng(1), VERSIONS[1], is_lens=False)
    >>> cutout.kind, cutout.source
    ('satellites', None)
    """
    host = population.draw_host(rng, distribution.population)
    psf, noise = distribution.survey.draw_psf(rng, 0.9 * host.theta_E), distribution.survey.draw_noise(rng)
    arcs = distribution.arcs
    wanted = [_log_uniform(rng, *limits) for limits in (arcs.flux_ratio, arcs.least_snr, arcs.least_contrast)]
    source = _source(rng, distribution, host) if is_lens else None
    kind = distribution.in_front(distribution.lookalikes, source.kind) if source else distribution.lookalikes.draw(rng)
    front = kind.build(rng, distribution.population, host)
    textures = kind.textures(rng, front)
    profiles = front + (source.profiles if source else []) + distribution.field(rng, distribution.population)
    full_wells = (_log_uniform(rng, *distribution.full_well),) if distribution.full_well else ()
    name = source.kind if source else kind.name
    return Cutout(name, host, source, profiles, psf, noise, *wanted, textures=textures, full_wells=full_wells)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(*np.log((low, high)))))


def _source(rng: np.random.Generator, distribution: Distribution, host: Host) -> SourceGalaxy | StampSource:
    if distribution.stamps and rng.random() < 0.5:
        return draw_stamp_source(rng, distribution.population, host, len(distribution.stamps))
    return population.draw_source(rng, distribution.population, host)


@dataclass(frozen=True)
class Components:
    """Noise-free images of a batch of cutouts, flux per pixel in sky sigma, and what is true of them.

    Arguments:
        foreground: all that is not lensed, (B, side, side).
        arcs: (B, side, side); zero for non-lenses.
        noise: dtype NOISE, (B,).
        truth: dtype TRUTH, (B,).
    """

    foreground: Tensor
    arcs: Tensor
    noise: np.ndarray
    truth: np.ndarray

    @classmethod
    def concatenate(cls, parts: Sequence["Components"]) -> "Components":
        """All cutouts of the parts, in order."""
        foreground, arcs = torch.cat([part.foreground for part in parts]), torch.cat([part.arcs for part in parts])
        noise, truth = ([part.noise for part in parts], [part.truth for part in parts])
        return cls(foreground, arcs, np.concatenate(noise), np.concatenate(truth))


def expose(
    cutouts: Sequence[Cutout],
    stamps: Sequence[Stamp] = (),
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Components:
    """Renders the cutouts, blurs them and sets the brightness of the arcs.

    Arguments:
        stamps: those of the distribution that the cutouts were drawn from.
        device: where they are rendered, and where their images stay.
    """
    device = torch.device(device)
    chunk = CPU_CHUNK if device.type == "cpu" else scenes_at_once(FINE.side, device)
    starts = range(0, max(len(cutouts), 1), chunk)
    parts = [_expose(cutouts[start : start + chunk], stamps, dtype, device) for start in starts]
    return parts[0] if len(parts) == 1 else Components.concatenate(parts)


def _expose(cutouts: Sequence[Cutout], stamps: Sequence[Stamp], dtype: torch.dtype, device: torch.device) -> Components:
    psfs, noise = table((cutout.psf for cutout in cutouts), PSF), table((cutout.noise for cutout in cutouts), NOISE)
    truth = table(map(facts, cutouts), TRUTH)
    drawn = _drawn(cutouts, stamps, dtype, device)
    transfer = survey.transfer(psfs, FINE.side, FINE.pixel_scale, dtype, device)
    foreground = bled(survey.blur(drawn.foreground, transfer, OVERSAMPLE), _full_wells(cutouts))
    arcs, lenses = torch.zeros_like(foreground), np.flatnonzero(truth["label"])
    if len(lenses):
        rows = torch.as_tensor(lenses, device=device)
        wanted = _wanted([cutouts[row] for row in lenses.tolist()], like=foreground)
        blurred = survey.blur(drawn.arcs[rows], transfer[rows], OVERSAMPLE)
        arcs[rows], measured = brightened(foreground[rows], blurred, wanted, noise[lenses])
        for name, values in measured._asdict().items():
            truth[name][lenses] = values.double().cpu().numpy()
    return Components(foreground, arcs, noise, truth)


def _full_wells(cutouts: Sequence[Cutout]) -> Tensor:
    return torch.tensor([min(cutout.full_wells, default=math.inf) for cutout in cutouts], dtype=torch.float64)


def _drawn(cutouts: Sequence[Cutout], stamps: Sequence[Stamp], dtype: torch.dtype, device: torch.device) -> Rendered:
    """The cutouts before the PSF, on a finer grid."""
    scenes = Scenes(
        table(map(deflector, cutouts), LENS),
        light_table([sorted(cutout.profiles, key=lambda profile: profile.lensed) for cutout in cutouts]),
    )
    drawn = render(
        scenes,
        pixels=FRAME.side,
        pixel_scale=FRAME.pixel_scale,
        oversample=OVERSAMPLE,
        faint=FAINT,
        dtype=dtype,
        device=device,
    )
    grid = Grid.of(FINE.side, FINE.pixel_scale, dtype, device)
    textures = [(row, texture) for row, cutout in enumerate(cutouts) for texture in cutout.textures]
    drawn.foreground.copy_(textured(drawn.foreground, textures, grid))
    add_points(drawn.foreground, scenes.lights, FINE.pixel_scale)
    real = {row: cutout.source for row, cutout in enumerate(cutouts) if isinstance(cutout.source, StampSource)}
    if real:
        pictures, sources, rows = [stamps[source.stamp] for source in real.values()], list(real.values()), list(real)
        drawn.arcs[torch.as_tensor(rows, device=device)] = lensed(pictures, sources, scenes.lenses[rows], grid)
    return drawn


def add_points(images: Tensor, lights: np.ndarray, pixel: float) -> None:
    """Adds the unresolved profiles to the nearest four pixels, in place."""
    width, points = images.shape[-1], lights[lights["profile"] == POINT]
    u, v = (points[name][:, None] / pixel + (width - 1) / 2 for name in ("x", "y"))
    column, row = np.floor(u) + np.array([0, 1, 0, 1]), np.floor(v) + np.array([0, 0, 1, 1])
    light = points["flux"][:, None] * (1 - np.abs(column - u)) * (1 - np.abs(row - v))
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < width)
    scene = np.broadcast_to(points["scene"][:, None], inside.shape)
    places = [torch.as_tensor(part[inside].astype(np.int64), device=images.device) for part in (scene, row, column)]
    images.index_put_(tuple(places), torch.as_tensor(light[inside]).to(images), accumulate=True)


def deflector(cutout: Cutout) -> Lens:
    """The mass that lenses; that of a look-alike lenses nothing."""
    return population.deflector(cutout.host) if cutout.source else Lens()


def facts(cutout: Cutout) -> dict[str, float | str]:
    """The truth of a cutout, by the columns of TRUTH, with zeros for what is measured on its image."""
    host, source = cutout.host, cutout.source
    drawn = {
        "label": int(source is not None),
        "kind": cutout.kind,
        "theta_E": host.theta_E if source else 0.0,
        "source_x": source.x if source else 0.0,
        "source_y": source.y if source else 0.0,
        "source_R": source.R if source else 0.0,
        "sigma_v": host.sigma_v,
        "z_l": host.z_l,
        "z_s": host.z_s,
        "lens_x": host.light.x,
        "lens_y": host.light.y,
        "lens_q": host.q,
        "lens_phi": host.phi,
        "lens_slope": host.slope,
        "gamma_1": host.gamma_1,
        "gamma_2": host.gamma_2,
        "host_R": host.light.R,
        "host_flux": host.light.flux,
        "psf_fwhm": cutout.psf.fwhm,
    }
    return drawn | dict.fromkeys(MEASURED, 0.0)


def _wanted(cutouts: Sequence[Cutout], like: Tensor) -> Wanted:
    """Of each lens, in the type and on the device of `like`."""
    sources = [sum(profile.flux for profile in cutout.source.profiles) if cutout.source else 0.0 for cutout in cutouts]
    columns = {
        "flux": [cutout.flux_ratio * cutout.host.light.flux for cutout in cutouts],
        "least_contrast": [cutout.least_contrast for cutout in cutouts],
        "least_snr": [cutout.least_snr for cutout in cutouts],
        "source_flux": sources,
    }
    return Wanted(**{name: torch.tensor(values, dtype=torch.float64).to(like) for name, values in columns.items()})
