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

from .rays.render import render
from .rays.scene import LENS, Scenes
from .sky import lookalikes, population
from .sky.galaxy import POINT, Profile, light_table
from .sky.population import Host, Source
from .sky.stamps import Stamp, StampSource, draw_stamp_source, lensed
from .telescope import survey
from .telescope.psf import PSF
from .telescope.survey import NOISE

__all__ = [
    "MEASURED",
    "PIXEL_SCALE",
    "SHIFTED",
    "SIDE",
    "TRAINING",
    "TRUTH",
    "Components",
    "Cutout",
    "Recipe",
    "draw",
    "expose",
    "facts",
]

SIDE, PIXEL_SCALE, OVERSAMPLE = 101, 0.1, 2
# The arcs have the flux ratio to the host that is drawn; more, where they would otherwise fall below the signal to
# noise or the contrast that is drawn: arcs that nobody can see are no lenses, and where they start to be seen varies.
FLUX_RATIO = (0.015, 0.6)
LEAST_SNR = (10.0, 40.0)
LEAST_CONTRAST = (0.1, 0.5)  # of the arcs to the light under them

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
MEASURED = ("arc_snr", "magnification", "arc_contrast", "arc_flux")  # on the rendered image; the rest is drawn


class Cutout(NamedTuple):
    """Everything about one cutout but its noise."""

    kind: str
    host: Host
    source: Source | StampSource | None
    profiles: list[Profile]
    psf: tuple
    noise: tuple
    flux_ratio: float
    least_snr: float
    least_contrast: float


@dataclass(frozen=True)
class Recipe:
    """Which galaxies, look-alikes and telescopes; and real galaxies, which take the place of half the sources."""

    population: population.Population
    lookalikes: lookalikes.Lookalikes
    survey: survey.Survey
    stamps: tuple[Stamp, ...] = ()


TRAINING = Recipe(population.TRAINING, lookalikes.TRAINING_KINDS, survey.TRAINING)
SHIFTED = Recipe(population.SHIFTED, lookalikes.SHIFTED_KINDS, survey.SHIFTED)


def draw(rng: np.random.Generator, recipe: Recipe, is_lens: bool) -> Cutout:
    """A lens, or something that is none but might have been."""
    host = population.draw_host(rng, recipe.population)
    psf, noise = recipe.survey.draw_psf(rng, 0.9 * host.theta_E), recipe.survey.draw_noise(rng)
    brightness = [float(np.exp(rng.uniform(*np.log(limits)))) for limits in (FLUX_RATIO, LEAST_SNR, LEAST_CONTRAST)]
    source = _source(rng, recipe, host) if is_lens else None
    kind = source.kind if source else recipe.lookalikes.draw(rng)
    profiles = _foreground(rng, recipe, host, kind) + (source.profiles if source else [])
    profiles += population.draw_field(rng, recipe.population)
    return Cutout(kind, host, source, profiles, psf, noise, *brightness)


def _source(rng: np.random.Generator, recipe: Recipe, host: Host) -> Source | StampSource:
    if recipe.stamps and rng.random() < 0.5:
        return draw_stamp_source(rng, recipe.population, host, len(recipe.stamps))
    return population.draw_source(rng, recipe.population, host)


def _foreground(rng: np.random.Generator, recipe: Recipe, host: Host, kind: str) -> list[Profile]:
    if kind in recipe.lookalikes.kinds:
        return recipe.lookalikes.kinds[kind][1](rng, recipe.population, host)
    return lookalikes.early(rng, recipe.population, host) + lookalikes.surroundings(rng, recipe.population, host)


@dataclass(frozen=True)
class Components:
    """Noise-free images of a batch of cutouts, flux per pixel in sky sigma, and what is true of them.

    Arguments:
        foreground: all that is not lensed, (B, SIDE, SIDE).
        arcs: (B, SIDE, SIDE); zero for non-lenses.
        noise: dtype NOISE, (B,).
        truth: dtype TRUTH, (B,).
    """

    foreground: Tensor
    arcs: Tensor
    noise: np.ndarray
    truth: np.ndarray


def expose(cutouts: Sequence[Cutout], stamps: Sequence[Stamp] = (), dtype: torch.dtype = torch.float32) -> Components:
    """Renders the cutouts, blurs them and sets the brightness of the arcs.

    Arguments:
        stamps: those of the recipe that the cutouts were drawn from.
    """
    psfs = np.array([cutout.psf for cutout in cutouts], dtype=PSF)
    noise = np.array([cutout.noise for cutout in cutouts], dtype=NOISE)
    scenes = Scenes(
        np.array([_deflector(cutout) for cutout in cutouts], dtype=LENS),
        light_table([sorted(cutout.profiles, key=lambda profile: profile.lensed) for cutout in cutouts]),
    )
    drawn = render(scenes, pixels=SIDE, pixel_scale=PIXEL_SCALE, oversample=OVERSAMPLE, dtype=dtype)
    add_points(drawn.foreground, scenes.lights, PIXEL_SCALE / OVERSAMPLE)
    for row, cutout in enumerate(cutouts):
        if isinstance(cutout.source, StampSource):
            stamp, lens = stamps[cutout.source.stamp], scenes.lenses[row : row + 1]
            drawn.arcs[row] = lensed(stamp, cutout.source, lens, OVERSAMPLE * SIDE, PIXEL_SCALE / OVERSAMPLE, dtype)
    lenses = np.flatnonzero([cutout.source is not None for cutout in cutouts])
    (foreground,) = survey.blur([drawn.foreground], psfs, PIXEL_SCALE / OVERSAMPLE, OVERSAMPLE)
    arcs = torch.zeros_like(foreground)
    if len(lenses):
        (arcs[lenses],) = survey.blur([drawn.arcs[lenses]], psfs[lenses], PIXEL_SCALE / OVERSAMPLE, OVERSAMPLE)
    truth = np.array([facts(cutout) for cutout in cutouts], dtype=TRUTH)
    for row in lenses.tolist():
        arcs[row] = _brightened(cutouts[row], foreground[row], arcs[row], noise[row : row + 1], truth[row])
    return Components(foreground, arcs, noise, truth)


def add_points(images: Tensor, lights: np.ndarray, pixel: float) -> None:
    """Adds the unresolved profiles to the nearest four pixels, in place."""
    width = images.shape[-1]
    for light in lights[lights["profile"] == POINT]:
        u, v = (light[name] / pixel + (width - 1) / 2 for name in ("x", "y"))
        column, row = int(np.floor(u)), int(np.floor(v))
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            if 0 <= row + j < width and 0 <= column + i < width:
                share = abs(1 - i - (u - column)) * abs(1 - j - (v - row))
                images[light["scene"], row + j, column + i] += light["flux"] * share


def _deflector(cutout: Cutout) -> tuple[float, ...]:
    return population.deflector(cutout.host) if cutout.source else (0, 1, 0, 1, 0, 0, 0, 0)


def facts(cutout: Cutout) -> tuple:
    """The truth of a cutout, dtype TRUTH, with zeros for what is measured on its image."""
    host, source = cutout.host, cutout.source
    behind = (host.light.x, host.light.y)
    placed = (source.x, source.y, source.R) if source else (0.0, 0.0, 0.0)
    return (
        int(source is not None), cutout.kind, host.theta_E if source else 0.0, 0.0, 0.0, 0.0, 0.0, *placed,
        host.sigma_v, host.z_l, host.z_s, *behind, host.q, host.phi, host.slope, host.gamma_1, host.gamma_2,
        host.light.R, host.light.flux, cutout.psf[1],
    )  # fmt: skip


def _brightened(cutout: Cutout, foreground: Tensor, arcs: Tensor, noise: np.ndarray, truth: np.void) -> Tensor:
    """The arcs at the brightness that was drawn; the truth is filled in with what comes out."""
    profiles = cutout.source.profiles if cutout.source else []
    truth["magnification"] = float(arcs.sum()) / (sum(profile.flux for profile in profiles) or 1.0)
    arcs = arcs * max(
        cutout.flux_ratio * cutout.host.light.flux / float(arcs.sum()),
        cutout.least_contrast / contrast(foreground, arcs),
        _gain(cutout.least_snr, foreground, arcs, noise),
    )
    truth["arc_snr"] = arc_snr(foreground, arcs, noise)
    truth["arc_flux"] = float(arcs.sum())
    truth["arc_contrast"] = contrast(foreground, arcs)
    return arcs


def contrast(foreground: Tensor, arcs: Tensor) -> float:
    """Mean surface brightness of the arcs over that of the light under them, each weighted with the arcs."""
    return float((arcs**2).sum()) / max(float((arcs * foreground).sum()), 1e-9)


def arc_snr(foreground: Tensor, arcs: Tensor, noise: np.ndarray) -> float:
    """Signal to noise of the arcs in a matched filter, as if the noise of the pixels were independent."""
    sigma = survey.noise_sigma((foreground + arcs)[None], noise)[0]
    return float(((arcs / sigma) ** 2).sum().sqrt())


def _gain(snr: float, foreground: Tensor, arcs: Tensor, noise: np.ndarray) -> float:
    """The factor that gives arcs this signal to noise; they contribute to the noise themselves."""
    gain = snr / arc_snr(foreground, arcs * 1e-6, noise) * 1e-6
    for _ in range(4):
        gain *= snr / arc_snr(foreground, arcs * gain, noise)
    return gain
