"""Noise-free images of cutouts in several bands.

A galaxy shows the same profiles in every band, each as bright as its colours say. So the profiles of a cutout are
grouped by their colours and every group is rendered, and ray-traced where it is lensed, once; a band is the sum of the
groups with their weights, blurred with the band's own PSF.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..brightness import brightened
from ..frame import CutoutFrame
from ..rays.arcs import deflected
from ..rays.foreground import undeflected
from ..rays.grid import Grid
from ..rays.scene import LENS, POINT, Profile
from ..sky.galaxy import light_table
from ..tables import table
from ..telescope.blurring import blur, transfer
from ..telescope.noise import NOISE
from ..telescope.psf import PSF
from .components import FAINT, OVERSAMPLE, add_points, deflector, together, wanted_of
from .parameters import Cutout
from .truth import TRUTH, facts

__all__ = ["BandComponents", "expose_in_bands"]

AT_ONCE = 25  # cutouts; their groups of profiles are some ten times as many
PSF_WIDTH = 66  # sub-pixels of 0.1": `psf.REACH` is the corner


@dataclass(frozen=True)
class BandComponents:
    """Noise-free images of a batch of cutouts in some bands, and what is true of them.

    Arguments:
        foreground: all that is not lensed, flux per pixel in sky sigma of the first band, (B, bands, side, side).
        arcs: the same of what is; zero for non-lenses.
        noises: dtype NOISE, (B, bands); the units after the first are in those of the first.
        truth: dtype TRUTH, (B,); what is measured of the arcs is measured in the first band.
    """

    foreground: Tensor
    arcs: Tensor
    noises: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Groups:
    """Profiles of a batch of cutouts that have the same colours.

    Arguments:
        cutout: number of the cutout that each group belongs to, (groups,).
        weights: flux in each band over that in the first, (groups, bands).
        profiles: of each group.
    """

    cutout: np.ndarray
    weights: np.ndarray
    profiles: list[list[Profile]]

    @classmethod
    def of(cls, cutouts: Sequence[Cutout], lensed: bool) -> "Groups":
        """Groups of the profiles that are lensed, or of those that are not."""
        found: dict[tuple[int, tuple[float, ...]], list[Profile]] = {}
        for number, cutout in enumerate(cutouts):
            for profile in cutout.profiles:
                if profile.lensed == lensed:
                    found.setdefault((number, profile.colours), []).append(profile)
        numbers, weights = [number for number, _ in found], [colours for _, colours in found]
        bands = len(cutouts[0].other_bands) + 1
        return cls(np.array(numbers, int), np.reshape(weights, (-1, bands)), list(found.values()))

    def bands(self, images: Tensor, count: int) -> Tensor:
        """The cutouts in every band, (count, bands, W, W), from the images (groups, W, W)."""
        weights = torch.as_tensor(self.weights).to(images)
        made = images.new_zeros(count, weights.shape[1], *images.shape[1:])
        for number in range(count):
            rows = torch.as_tensor(np.flatnonzero(self.cutout == number), device=images.device)
            made[number] = torch.einsum("gb,gij->bij", weights[rows], images[rows])
        return made


def expose_in_bands(
    cutouts: Sequence[Cutout],
    frame: CutoutFrame,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> BandComponents:
    """Renders the cutouts, blurs them in each band and sets the brightness of the arcs in the first.

    Arguments:
        cutouts: of a distribution with colours.
        frame: of the images.
        device: where they are rendered, and where their images stay.
    """
    starts = range(0, max(len(cutouts), 1), AT_ONCE)
    parts = [_expose(cutouts[start : start + AT_ONCE], frame, dtype, torch.device(device)) for start in starts]
    return together(parts)


def _expose(cutouts: Sequence[Cutout], frame: CutoutFrame, dtype: torch.dtype, device: torch.device) -> BandComponents:
    fine = frame.finer(OVERSAMPLE)
    grid = Grid.of(fine.side, fine.pixel_scale, dtype, device)
    truth = table(map(facts, cutouts), TRUTH)
    noises = np.stack([table(noise, NOISE) for noise in _by_band(cutouts, "noise")], axis=1)
    foreground = _blurred(_foreground(cutouts, grid), cutouts, fine)
    arcs, lenses = torch.zeros_like(foreground), np.flatnonzero(truth["label"])
    if len(lenses):
        rows, behind = torch.as_tensor(lenses, device=device), [cutouts[row] for row in lenses.tolist()]
        blurred = _blurred(_arcs(behind, grid), behind, fine)
        first, measured = brightened(foreground[rows, 0], blurred[:, 0], wanted_of(behind, blurred), noises[lenses, 0])
        factor = measured.arc_flux / blurred[:, 0].sum((1, 2))
        arcs[rows] = blurred * factor[:, None, None, None]
        arcs[rows, 0] = first
        for name, values in measured._asdict().items():
            truth[name][lenses] = values.double().cpu().numpy()
    return BandComponents(foreground, arcs, noises, truth)


def _by_band(cutouts: Sequence[Cutout], field: str) -> list[list]:
    """A field of the exposures of each band, of every cutout."""
    return [
        [getattr(cutout, field) if not band else getattr(cutout.other_bands[band - 1], field) for cutout in cutouts]
        for band in range(len(cutouts[0].other_bands) + 1)
    ]


def _foreground(cutouts: Sequence[Cutout], grid: Grid) -> Tensor:
    """What is not lensed before the PSF, (B, bands, W, W)."""
    groups = Groups.of(cutouts, lensed=False)
    lights = light_table(groups.profiles)
    images = undeflected(lights[lights["profile"] != POINT], len(groups.cutout), grid, FAINT)
    add_points(images, lights, grid.pixel)
    return groups.bands(images, len(cutouts))


def _arcs(cutouts: Sequence[Cutout], grid: Grid) -> Tensor:
    """What is lensed before the PSF, (B, bands, W, W)."""
    groups = Groups.of(cutouts, lensed=True)
    lenses = table((deflector(cutouts[number]) for number in groups.cutout), LENS)
    return groups.bands(deflected(lenses, light_table(groups.profiles), grid), len(cutouts))


def _blurred(images: Tensor, cutouts: Sequence[Cutout], fine: CutoutFrame) -> Tensor:
    """The images as the telescope records them in every band, (B, bands, side, side)."""
    made = []
    for band, psfs in enumerate(_by_band(cutouts, "psf")):
        shapes, side, pixel = table(psfs, PSF), fine.side, fine.pixel_scale
        spectra = transfer(shapes, side, pixel, OVERSAMPLE, images.dtype, images.device, psf_width=PSF_WIDTH)
        made.append(blur(images[:, band], spectra, OVERSAMPLE))
    return torch.stack(made, dim=1)
