"""Maps of the convergence of lenses whose parameters are measured: a regressor as a model that maps mass."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from ..catalog.specs import ModelSpec
from ..errors import ArgumentError, SpecError
from ..fit.mass_model import MassModel
from ..sim.frame import CutoutFrame
from ..sim.rays.scene import LENS, Lens
from ..sim.tables import table
from ..tasks import Calibration, Heads, Regression
from ..typed import read_typed
from .members import assembled, entry_of, require_lenses
from .model import Model

__all__ = ["MassMap", "as_described", "joined", "map_of"]

NAME = "mass_map"
SUMMARY = "the convergence of the lens whose parameters a model measures"
POINTS = 64  # of each posterior, which sigma is computed from
SMALLEST, FLATTEST = 0.01, 0.9  # arcsec and ellipticity, where points of a posterior beyond them are moved to


@dataclass(frozen=True)
class Arguments:
    """Arguments of a mass map.

    Arguments:
        size: of the map, pixels a side.
    """

    size: int = 101

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size is {self.size}; it is a number of pixels")


class MassMap(nn.Module):
    """log10 of the convergence of the mean lens that a model measures, and the scatter of that of its posterior.

        map = log10 <kappa(mean)>,    sigma = standard deviation of log10 kappa(points of the posterior)

    <kappa> is the mean over a pixel, sigma that of its middle. All is an elliptical power law: what a model of the
    parameters does not know, no map of it shows.

    Arguments:
        members: one trained model that measures a lens.
    """

    def __init__(self, members: Sequence[Model]):
        super().__init__()
        (self.member,) = members
        self.networks = nn.ModuleList([self.member.network])  # so that it moves with the map

    def forward(self, prepared: Tensor) -> tuple[Tensor, Tensor]:
        """Map and sigma (B, 1, size, size), dex, of images (B, bands, size, size)."""
        scale = cast(float, self.member.preprocess.seen_scale)
        posterior = cast(Regression, self.member(prepared.detach(), self.member.preprocess.pixel_scale))
        maps = [map_of(posterior.at(k), CutoutFrame(prepared.shape[-1], scale)) for k in range(len(prepared))]
        found, sigma = (torch.stack(part)[:, None].to(prepared) for part in zip(*maps, strict=True))
        return found, sigma


def map_of(posterior: Regression, frame: CutoutFrame) -> tuple[Tensor, Tensor]:
    """log10 of the convergence of one lens, its mean and its standard deviation, (side, side) each.

    Arguments:
        posterior: of one image.
        frame: of the map, its middle where positions are 0.
    """
    from ..sim.rays.lens import convergence  # takes as long to import as a model to be loaded
    from ..sim.rays.masses import pixel_centres, pixel_convergence

    points = posterior.points()[:, 0].double().cpu()
    points = points[:: max(1, len(points) // POINTS)]
    every = replace(posterior, mean=points)
    axis, grid = pixel_centres(frame), (len(points), frame.side, frame.side)
    scattered = convergence(_lenses(every), axis[None, None, :].expand(grid), axis[None, :, None].expand(grid)).log10()
    return pixel_convergence(_lenses(posterior), frame).log10(), scattered.std(0, correction=0)


def joined(member: Model, id: str, size: int = Arguments.size) -> Model:
    """The map of what a model measures, with an entry that names it.

    Raises:
        ArgumentError: it measures no lens, or in pixels of any size.
        UntrainedError: it has random weights.
    """
    require_lenses(member)
    chosen = read_typed(Arguments, {"size": size}, NAME, ArgumentError)
    spec = entry_of(NAME, [member], id, Calibration(), f"{SUMMARY}: {member.id}", {"size": chosen.size})
    framed = [{**one, "size": size} if one["op"] == "frame" else one for one in spec.preprocess]
    return as_described([member], replace(spec, task="convergence", heads=Heads(), preprocess=tuple(framed)))


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The map of an entry.

    Raises:
        WeightsError: the member is not the one that the entry was written for.
    """
    read_typed(Arguments, spec.arguments, spec.id, SpecError)
    return assembled(members, spec, MassMap, SUMMARY)


def _lenses(posterior: Regression) -> np.ndarray:
    """The lenses of each row of means, dtype LENS; without shear, which has no convergence."""
    rows = torch.as_tensor(posterior.mean).double().cpu().clone()
    names = posterior.parameters
    radius = names.index("theta_E")
    rows[:, radius].clamp_(min=SMALLEST)
    if "e1" in names:
        e = [names.index("e1"), names.index("e2")]
        size = torch.linalg.vector_norm(rows[:, e], dim=1, keepdim=True)
        rows[:, e] *= FLATTEST / size.clamp(min=FLATTEST)
    return table(map(_lens, replace(posterior, mean=rows).mass_models()), LENS)


def _lens(one: MassModel) -> Lens:
    return Lens(theta_E=one.theta_E, q=one.q, phi=one.phi, slope=one.slope, x=one.lens_x, y=one.lens_y)
