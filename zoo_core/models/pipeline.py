"""Pipelines: models that work one after the other, each on what the one before has restored."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from ..catalog.specs import ANY, ModelSpec
from ..errors import ArgumentError
from ..tasks import Prediction, Restoration
from .members import assembled, entry_of
from .model import Model
from .views import Output

__all__ = ["Pipeline", "as_described", "joined"]

NAME = "pipeline"
SUMMARY = "several models one after the other"


class Pipeline(nn.Module):
    """What the last member answers of images that the others have restored in their order.

        x_0 = the image,   x_m = member m of x_(m-1),   answer = last member of x_(M-1)

    A restored image has less noise than the one that was observed. Members that count in units of the noise count in
    that of the observed image, as they did when they were trained.

    Source: Madireddy et al. (2019), arXiv:1911.03867, whose modules denoise, deblend, detect and model.

    Arguments:
        members: trained models, all but the last of which give images.
    """

    def __init__(self, members: Sequence[Model]):
        super().__init__()
        self.networks = nn.ModuleList([member.network for member in members])  # so that they move with the pipeline
        self.members = tuple(members)

    def forward(self, prepared: Tensor) -> Output:
        """The output of the last member for images (batch, bands, size, size)."""
        *_, (last, channels) = self._inputs(prepared)
        return last.averaged(channels)

    def stages(self, prepared: Tensor) -> list[Prediction]:
        """What each member predicts, in order."""
        return [member.prediction(channels) for member, channels in self._inputs(prepared)]

    def _inputs(self, prepared: Tensor) -> Iterator[tuple[Model, Tensor]]:
        """Each member with the channels that it is given."""
        noise: Tensor | None = None
        for place, member in enumerate(self.members, 1):
            with torch.autocast(prepared.device.type, enabled=False):  # only networks may compute with fewer digits
                channels = member.preprocess.channels(prepared, noise)
            yield member, channels
            if place < len(self.members):
                restored = cast(Restoration, member.prediction(channels))
                prepared, noise = restored.image, restored.noise if noise is None else noise


def joined(members: Sequence[Model], id: str) -> Model:
    """The pipeline of these models, with an entry that names them.

    Raises:
        ArgumentError: fewer than two members; one before the last gives no images; or bands, sizes, scales or units of
            one member do not fit those of the next.
        UntrainedError: a member has random weights.
    """
    if len(members) < 2:
        raise ArgumentError(f"members= are {[member.id for member in members]}; a pipeline has two or more")
    for member in members:
        member.require_trained()
    for one, following in pairwise(members):
        _require_fit(one, following)
    summary = ", then ".join(member.id for member in members)
    spec = entry_of(NAME, members, id, members[-1].calibration, summary)
    return as_described(members, spec)


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The pipeline of an entry.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    return assembled(members, spec, Pipeline, SUMMARY)


def _require_fit(one: Model, following: Model) -> None:
    if not one.task.maps_images:
        raise ArgumentError(
            f"members=: {one.id} is for {one.task.name}, and {following.id} needs an image; only models that restore "
            "images come before the last"
        )
    if any(one.heads.units):
        raise ArgumentError(
            f"members=: {one.id} gives images in {', '.join(one.heads.units)}, and {following.id} takes them in the "
            "unit of the telescope"
        )
    if one.bands != following.bands or one.task.outputs(one.heads) != len(following.bands):
        raise ArgumentError(
            f"members=: {one.id} takes the bands {', '.join(one.bands)} and gives {one.task.outputs(one.heads)}, "
            f"{following.id} takes {', '.join(following.bands)}"
        )
    for what, unit in (("size", "pixels"), ("field", "pixels"), ("pixel_scale", "arcsec")):
        pair = [getattr(model.preprocess, what) for model in (one, following)]
        if pair[0] != pair[1]:
            raise ArgumentError(
                f"members=: {what} of {one.id} is {pair[0] or ANY}, that of {following.id} {pair[1] or ANY} {unit}; "
                "what one restores must be what the next takes"
            )
