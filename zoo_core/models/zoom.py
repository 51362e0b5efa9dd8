"""Lenses seen again in a frame that fits them: a regressor whose images are cut to what it measured in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from ..catalog.specs import ModelSpec
from ..errors import ArgumentError, SpecError
from ..images.background_torch import continued
from ..images.noise_torch import white_shape
from ..tasks import Regression
from ..typed import as_values, read_typed
from .members import assembled, entry_of, require_lenses
from .model import Model

__all__ = ["Zoom", "as_described", "joined", "within"]

NAME = "zoom"
SUMMARY = "a model that measures lenses, and looks again at what lies within a few Einstein radii"
LEAST = 16  # pixels from the centre that are always seen: fewer show no noise
MOST_LOOKS = 16


@dataclass(frozen=True)
class Arguments:
    """Arguments of a zoom.

    Arguments:
        radii: half the sides of the frames in which it is seen again, in Einstein radii.
        looks: how often it is seen again.
    """

    radii: tuple[float, ...] = (1.8, 2.4, 3.2)
    looks: int = 2

    def __post_init__(self) -> None:
        if not self.radii or min(self.radii) <= 1:
            raise ValueError(f"radii are {list(self.radii)}; arcs lie at 1 Einstein radius, so all must be above it")
        if not 1 <= self.looks <= MOST_LOOKS:
            raise ValueError(f"looks is {self.looks}; it is a number from 1 to {MOST_LOOKS}")


class Zoom(nn.Module):
    """What a model measures of a lens where it sees no more of the sky than belongs to the lens.

        theta_0 = theta_E of the image,   p_k(y) = 1/R sum_r p(y | what lies within r theta_(k-1) of the centre)

    where theta_k is the mean theta_E of p_k, and the answer the p_k of the last look: a mixture, whose epistemic
    covariance holds what the frames differ by. Beyond a frame the background is continued, as where an image ends.

    Arguments:
        members: one trained model that measures a lens.
        radii: r, along each axis.
        looks: how often.
    """

    def __init__(self, members: Sequence[Model], radii: Sequence[float], looks: int):
        super().__init__()
        (self.member,) = members
        self.networks = nn.ModuleList([self.member.network])  # so that they move with the zoom
        self.radii, self.looks = tuple(radii), looks

    def forward(self, prepared: Tensor) -> Tensor:
        """Gaussians or flows (B, M, outputs) of images (B, bands, size, size)."""
        output = self._output(prepared)
        for _ in range(self.looks):
            theta_E = self._theta_E(output)
            frames = [self._output(within(prepared, r * theta_E)) for r in self.radii]
            output = self.member.task.marginal(frames, self.member.calibration)
        return output

    def _theta_E(self, output: Tensor) -> Tensor:
        """The Einstein radius, pixels (B,)."""
        member = self.member
        posterior = cast(Regression, member.task.prediction(output, member.heads))
        theta_E = posterior.mean[:, posterior.parameters.index("theta_E")]
        return theta_E / cast(float, member.preprocess.seen_scale)

    def features(self, prepared: Tensor) -> Tensor:
        """Those of the model, of the whole image."""
        return self.member.features_of(self.member.preprocess.channels(prepared))

    def _output(self, prepared: Tensor) -> Tensor:
        with torch.autocast(prepared.device.type, enabled=False):  # only networks may compute with fewer digits
            channels = self.member.preprocess.channels(prepared)
        return cast(Tensor, self.member.averaged(channels))


def within(images: Tensor, half: Tensor) -> Tensor:
    """Images (B, bands, H, W) whose background begins where they are farther than that from their centre along an axis.

    What stands there is a function of the image alone, not of those beside it.

    Arguments:
        half: pixels (B,).
    """
    reach = half.clamp(min=LEAST)[:, None]
    rows, columns = (
        (torch.arange(side, device=images.device) - (side - 1) / 2).abs() < reach for side in images.shape[-2:]
    )
    seen = (rows[:, :, None] & columns[:, None, :])[:, None].expand_as(images).flatten(0, 1)
    shape = white_shape(*images.shape[-2:])
    white = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0)).to(images)
    return continued(images.flatten(0, 1), seen, white.expand(len(seen), *shape)).view_as(images)


def joined(member: Model, id: str, radii: Sequence[float] = Arguments.radii, looks: int = Arguments.looks) -> Model:
    """The zoom of a model, with an entry that names it; errors are scaled as that model's.

    Raises:
        ArgumentError: it measures no lens, or in pixels of any size.
        UntrainedError: it has random weights.
    """
    require_lenses(member)
    chosen = read_typed(Arguments, {"radii": list(radii), "looks": looks}, NAME, ArgumentError)
    summary = f"{member.id}, which looks again at what lies within a few Einstein radii"
    spec = entry_of(NAME, [member], id, member.calibration, summary, as_values(chosen))
    return as_described([member], replace(spec, familiarity=member.familiarity))


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The zoom of an entry.

    Raises:
        WeightsError: the member is not the one that the entry was written for.
    """
    chosen = read_typed(Arguments, spec.arguments, spec.id, SpecError)
    model = assembled(members, spec, partial(Zoom, radii=chosen.radii, looks=chosen.looks), SUMMARY)
    return replace(model, density=members[0].density)
