"""Cutouts.

A cutout is drawn in two steps. `draw` fixes everything that is random about it except the noise, on the CPU and
without pixels; `expose` renders a batch of them to noise-free components, sets the brightness of the arcs and
measures the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .frame import FINDING
from .rays.grid import Grid
from .rays.render import Rendered, render, scenes_at_once
from .rays.scene import LENS, POINT, Lens, Profile, Scenes
from .sky import lookalikes, population
from .sky.galaxy import light_table
from .sky.population import Host, SourceGalaxy
from .sky.stamps import Stamp, StampSource, draw_stamp_source, lensed
from .tables import table
from .telescope import survey
from .telescope.psf import PSF, Psf
from .telescope.survey import NOISE, Noise

__all__ = [
    "FRAME",
    "MEASURED",
    "OVERSAMPLE",
    "SHIFTED",
    "TRAINING",
    "TRUTH",
    "Components",
    "Cutout",
    "Distribution",
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

# The arcs have the flux ratio to the host that is drawn; more, where they would otherwise fall below the signal to
# noise or the contrast that is drawn: arcs below any detection are no lenses, and the limit of detection varies.
FLUX_RATIO = (0.015, 0.6)
LEAST_SNR = (10.0, 40.0)
LEAST_CONTRAST = (0.1, 0.5)  # of the arcs to the light under them
BRIGHTNESS = (FLUX_RATIO, LEAST_SNR, LEAST_CONTRAST)  # in the order in which they are drawn

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


class Measured(NamedTuple):
    """Columns of TRUTH that are measured on the rendered image, (B,); the others are drawn."""

    arc_snr: Tensor
    magnification: Tensor
    arc_contrast: Tensor
    arc_flux: Tensor


MEASURED = Measured._fields


class Wanted(NamedTuple):
    """How bright arcs are to be, (B,)."""

    flux: Tensor
    least_contrast: Tensor
    least_snr: Tensor
    source_flux: Tensor  # 0: one


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


@dataclass(frozen=True)
class Distribution:
    """What cutouts are drawn from: galaxies, look-alikes and telescopes.

    Arguments:
        population, lookalikes, survey: of which they are drawn.
        stamps: real galaxies, which take the place of half the sources.
    """

    population: population.Population
    lookalikes: lookalikes.Lookalikes
    survey: survey.Survey
    stamps: tuple[Stamp, ...] = ()


TRAINING = Distribution(population.TRAINING, lookalikes.TRAINING_KINDS, survey.TRAINING)
SHIFTED = Distribution(population.SHIFTED, lookalikes.SHIFTED_KINDS, survey.SHIFTED)


def draw(rng: np.random.Generator, distribution: Distribution, is_lens: bool) -> Cutout:
    """A lens, or something that is none but might have been.

    >>> cutout = draw(np.random.default_rng(1), TRAINING, is_lens=False)
    >>> cutout.kind, cutout.source
    ('satellites', None)
    """
    host = population.draw_host(rng, distribution.population)
    psf, noise = distribution.survey.draw_psf(rng, 0.9 * host.theta_E), distribution.survey.draw_noise(rng)
    flux_ratio, least_snr, least_contrast = (_log_uniform(rng, *limits) for limits in BRIGHTNESS)
    source = _source(rng, distribution, host) if is_lens else None
    kind = source.kind if source else distribution.lookalikes.draw(rng).name
    profiles = _foreground(rng, distribution, host, kind) + (source.profiles if source else [])
    profiles += population.draw_field(rng, distribution.population)
    return Cutout(kind, host, source, profiles, psf, noise, flux_ratio, least_snr, least_contrast)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(*np.log((low, high)))))


def _source(rng: np.random.Generator, distribution: Distribution, host: Host) -> SourceGalaxy | StampSource:
    if distribution.stamps and rng.random() < 0.5:
        return draw_stamp_source(rng, distribution.population, host, len(distribution.stamps))
    return population.draw_source(rng, distribution.population, host)


def _foreground(rng: np.random.Generator, distribution: Distribution, host: Host, kind: str) -> list[Profile]:
    """What stands in front.

    A source and a look-alike may have the same name ("merger"): such a lens has that look-alike in front of it instead
    of a lens galaxy. Nobody meant that, but the images of version 1 are made so and stay so.
    """
    lookalike = distribution.lookalikes.named(kind)
    build = lookalike.build if lookalike else lookalikes.lens_galaxy
    return build(rng, distribution.population, host)


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
    foreground = survey.blur(drawn.foreground, transfer, OVERSAMPLE)
    arcs, lenses = torch.zeros_like(foreground), np.flatnonzero(truth["label"])
    if len(lenses):
        rows = torch.as_tensor(lenses, device=device)
        wanted = _wanted([cutouts[row] for row in lenses.tolist()], like=foreground)
        blurred = survey.blur(drawn.arcs[rows], transfer[rows], OVERSAMPLE)
        arcs[rows], measured = brightened(foreground[rows], blurred, wanted, noise[lenses])
        for name, values in measured._asdict().items():
            truth[name][lenses] = values.double().cpu().numpy()
    return Components(foreground, arcs, noise, truth)


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
    add_points(drawn.foreground, scenes.lights, FINE.pixel_scale)
    real = {row: cutout.source for row, cutout in enumerate(cutouts) if isinstance(cutout.source, StampSource)}
    if real:
        pictures, sources, rows = [stamps[source.stamp] for source in real.values()], list(real.values()), list(real)
        grid = Grid.of(FINE.side, FINE.pixel_scale, dtype, device)
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


def brightened(foreground: Tensor, arcs: Tensor, wanted: Wanted, noise: np.ndarray) -> tuple[Tensor, Measured]:
    """The arcs at the brightness that was drawn, and what comes out.

    Their factor is the largest of those that give the flux, the least contrast and the least signal to noise.

    Arguments:
        foreground, arcs: (B, side, side).
        wanted: of each.
        noise: dtype NOISE, (B,).
    """
    drawn_flux = arcs.sum((1, 2))
    factor = torch.maximum(wanted.flux / drawn_flux, wanted.least_contrast / contrast(foreground, arcs))
    factor = torch.maximum(factor, gain(wanted.least_snr, foreground, arcs, noise))
    arcs = arcs * factor[:, None, None]
    measured = Measured(
        arc_snr=arc_snr(foreground, arcs, noise),
        magnification=drawn_flux / (wanted.source_flux + (wanted.source_flux == 0)),
        arc_contrast=contrast(foreground, arcs),
        arc_flux=arcs.sum((1, 2)),
    )
    return arcs, measured


def contrast(foreground: Tensor, arcs: Tensor) -> Tensor:
    """Mean surface brightness of the arcs over that of the light under them, each weighted with the arcs, (B,).

    sum(arcs^2) / sum(arcs foreground) over the pixels.
    """
    return (arcs**2).sum((1, 2)) / (arcs * foreground).sum((1, 2)).clamp_min(1e-9)


def arc_snr(foreground: Tensor, arcs: Tensor, noise: survey.NoiseTable) -> Tensor:
    """Signal to noise of the arcs in a matched filter, as if the noise of the pixels were independent, (B,).

    sqrt(sum(arcs^2 / sigma^2)) over the pixels.
    """
    return (arcs / survey.noise_sigma(foreground + arcs, noise)).square().sum((1, 2)).sqrt()


def gain(snr: Tensor, foreground: Tensor, arcs: Tensor, noise: survey.NoiseTable) -> Tensor:
    """The factors that give arcs this signal to noise, (B,); they contribute to the noise themselves."""
    factor = snr / arc_snr(foreground, arcs * 1e-6, noise) * 1e-6
    for _ in range(4):
        factor = factor * snr / arc_snr(foreground, arcs * factor[:, None, None], noise)
    return factor
