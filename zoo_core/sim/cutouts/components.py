"""Noise-free images of cutouts: rendered on a finer grid, blurred, the arcs as bright as they shall be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..brightness import Wanted, brightened
from ..frame import FINDING, CutoutFrame
from ..rays.grid import Grid
from ..rays.masses import bent
from ..rays.render import Rendered, render, scenes_at_once
from ..rays.scene import LENS, POINT, Lens, Profile, Scenes
from ..sky import host
from ..sky.galaxy import light_table
from ..sky.stamps import Stamp, StampSource, lensed
from ..sky.texture import textured
from ..tables import table
from ..telescope.blurring import blur, transfer
from ..telescope.noise import NOISE
from ..telescope.psf import PSF
from ..telescope.saturation import bled
from .parameters import Cutout
from .truth import TRUTH, facts

__all__ = ["FINE", "FRAME", "OVERSAMPLE", "Components", "add_points", "deflector", "expose", "together", "wanted_of"]

FRAME = FINDING
OVERSAMPLE = 2  # sub-pixels along the side of a pixel
FINE = FRAME.finer(OVERSAMPLE)

FAINT = 3e-7
"""Sky sigma: a profile ends where it adds less to a pixel of the finer grid."""


Part = TypeVar("Part", bound=Any)


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


def together(parts: Sequence[Part]) -> Part:
    """All cutouts of the parts, in order: dataclasses of tensors and arrays, a row a cutout."""
    columns = {one.name: [getattr(part, one.name) for part in parts] for one in fields(parts[0])}
    joined = {name: torch.cat(c) if torch.is_tensor(c[0]) else np.concatenate(c) for name, c in columns.items()}
    return type(parts[0])(**joined)


def expose(
    cutouts: Sequence[Cutout],
    stamps: Sequence[Stamp] = (),
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    frame: CutoutFrame = FRAME,
) -> Components:
    """Renders the cutouts, blurs them and sets the brightness of the arcs.

    Arguments:
        stamps: those of the distribution that the cutouts were drawn from.
        device: where they are rendered, and where their images stay.
        frame: of the images. Light was drawn in sky sigma of a pixel of FRAME; in other pixels it is in their sky
            sigma, at the same depth.
    """
    device = torch.device(device)
    chunk = scenes_at_once(OVERSAMPLE * frame.side, device)
    starts = range(0, max(len(cutouts), 1), chunk)
    parts = [_expose(cutouts[start : start + chunk], stamps, dtype, device, frame) for start in starts]
    return parts[0] if len(parts) == 1 else together(parts)


def _expose(
    cutouts: Sequence[Cutout], stamps: Sequence[Stamp], dtype: torch.dtype, device: torch.device, frame: CutoutFrame
) -> Components:
    psfs, noise = table((cutout.psf for cutout in cutouts), PSF), table((cutout.noise for cutout in cutouts), NOISE)
    truth = table(map(facts, cutouts), TRUTH)
    truth["host_flux"] *= _sigmas(frame)
    drawn, fine = _drawn(cutouts, stamps, dtype, device, frame), frame.finer(OVERSAMPLE)
    spectra = transfer(psfs, fine.side, fine.pixel_scale, OVERSAMPLE, dtype, device)
    foreground = bled(blur(drawn.foreground, spectra, OVERSAMPLE), _full_wells(cutouts))
    arcs, lenses = torch.zeros_like(foreground), np.flatnonzero(truth["label"])
    if len(lenses):
        rows = torch.as_tensor(lenses, device=device)
        wanted = wanted_of([cutouts[row] for row in lenses.tolist()], foreground, _sigmas(frame))
        blurred = blur(drawn.arcs[rows], spectra[rows], OVERSAMPLE)
        arcs[rows], measured = brightened(foreground[rows], blurred, wanted, noise[lenses])
        for name, values in measured._asdict().items():
            truth[name][lenses] = values.double().cpu().numpy()
    return Components(foreground, arcs, noise, truth)


def _full_wells(cutouts: Sequence[Cutout]) -> Tensor:
    return torch.tensor([min(cutout.full_wells, default=math.inf) for cutout in cutouts], dtype=torch.float64)


def _sigmas(frame: CutoutFrame) -> float:
    """Sky sigma of a pixel of FRAME over that of a pixel of this frame, which grows as the pixel's side."""
    return FRAME.pixel_scale / frame.pixel_scale


def _drawn(
    cutouts: Sequence[Cutout], stamps: Sequence[Stamp], dtype: torch.dtype, device: torch.device, frame: CutoutFrame
) -> Rendered:
    """The cutouts before the PSF, on a finer grid."""
    scenes = Scenes(
        table(map(deflector, cutouts), LENS),
        light_table([sorted(_drawn_together(cutout), key=lambda profile: profile.lensed) for cutout in cutouts]),
    )
    drawn = render(
        scenes,
        frame,
        oversample=OVERSAMPLE,
        faint=FAINT,
        dtype=dtype,
        device=device,
    )
    fine = frame.finer(OVERSAMPLE)
    grid = Grid.of(fine.side, fine.pixel_scale, dtype, device)
    textures = [(row, texture) for row, cutout in enumerate(cutouts) for texture in cutout.textures]
    drawn.foreground.copy_(textured(drawn.foreground, textures, grid))
    add_points(drawn.foreground, scenes.lights, fine.pixel_scale)
    drawn.foreground.mul_(_sigmas(frame))
    for row, cutout in enumerate(cutouts):
        if cutout.masses:
            behind = light_table([[profile for profile in cutout.profiles if profile.lensed]])
            drawn.arcs[row] = bent(table(cutout.masses, LENS), behind, grid)
    real = {row: cutout.source for row, cutout in enumerate(cutouts) if isinstance(cutout.source, StampSource)}
    if real:
        pictures, sources, rows = [stamps[source.stamp] for source in real.values()], list(real.values()), list(real)
        drawn.arcs[torch.as_tensor(rows, device=device)] = lensed(pictures, sources, scenes.lenses[rows], grid)
    return drawn


def _drawn_together(cutout: Cutout) -> list[Profile]:
    """The profiles that lenses of one ellipsoid, or none, show; those behind another mass are drawn by themselves."""
    return [profile for profile in cutout.profiles if not (cutout.masses and profile.lensed)]


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
    return host.deflector(cutout.host) if cutout.source else Lens()


def wanted_of(cutouts: Sequence[Cutout], like: Tensor, sigmas: float = 1.0) -> Wanted:
    """How bright the arcs of each lens are to be, in the type and on the device of `like`.

    Arguments:
        sigmas: in so many of the sky sigma that their light was drawn in; 1 in pixels of FRAME.
    """
    sources = [sum(profile.flux for profile in cutout.source.profiles) if cutout.source else 0.0 for cutout in cutouts]
    columns = {
        "flux": [cutout.flux_ratio * cutout.host.light.flux * sigmas for cutout in cutouts],
        "least_contrast": [cutout.least_contrast for cutout in cutouts],
        "least_snr": [cutout.least_snr for cutout in cutouts],
        "source_flux": sources,
    }
    return Wanted(**{name: torch.tensor(values, dtype=torch.float64).to(like) for name, values in columns.items()})
