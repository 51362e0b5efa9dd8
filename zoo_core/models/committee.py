"""Committees: several models whose logits are averaged, and that are a model themselves."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ..catalog.specs import ANY, ModelSpec
from ..errors import ArgumentError
from ..tasks import Calibration, Classification
from .members import assembled, entry_of, preparing
from .model import Model

__all__ = ["Committee", "as_described", "joined"]

NAME = "committee"
SUMMARY = "mean of the logits of several models"


class Committee(nn.Module):
    """The mean of the members' logits, each over its own temperature, of images that are prepared.

        z = 1/M sum_m z_m / T_m

    Every member makes its own channels and averages over its own views.

    Source: Schaefer et al. (2018), A&A 611, A2, where committees of networks trained alike are measured.

    Arguments:
        members: trained models that prepare images alike.
    """

    def __init__(self, members: Sequence[Model]):
        super().__init__()
        self.networks = nn.ModuleList([member.network for member in members])  # so that they move with the committee
        self.members = tuple(members)

    def forward(self, prepared: Tensor) -> Tensor:
        """Logits (batch, outputs) of images (batch, bands, size, size)."""
        return torch.stack([self._logits(member, prepared) for member in self.members]).mean(0)

    @staticmethod
    def _logits(member: Model, prepared: Tensor) -> Tensor:
        with torch.autocast(prepared.device.type, enabled=False):  # only networks may compute with fewer digits
            channels = member.preprocess.channels(prepared)
        return cast(Classification, member.prediction(channels)).logits.float() / member.calibration.temperature


def joined(members: Sequence[Model], id: str) -> Model:
    """The committee of these models, with an entry that names them.

    Raises:
        ArgumentError: fewer than two members, or one twice; or their tasks, classes, bands or the way in which they
            prepare images differ.
        UntrainedError: a member has random weights.
    """
    if len({member.id for member in members}) < max(2, len(members)):
        raise ArgumentError(f"members= are {[member.id for member in members]}; a committee has two or more, each once")
    first = members[0]
    for member in members:
        member.require_trained()
        _require_alike(first, member)
    priors = {member.calibration.prior for member in members}
    calibration = Calibration(prior=priors.pop() if len(priors) == 1 else None)
    summary = f"mean of the logits of {', '.join(member.id for member in members)}"
    spec = entry_of(NAME, members, id, calibration, summary)
    return as_described(members, spec)


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The committee of an entry.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    return assembled(members, spec, Committee, SUMMARY)


def _require_alike(first: Model, member: Model) -> None:
    if not member.task.is_calibrated:
        raise ArgumentError(
            f"members=: {member.id} is for {member.task.name}; committees average the logits of classifiers"
        )
    for what in ("heads", "bands"):
        if getattr(first, what) != getattr(member, what):
            raise ArgumentError(
                f"members=: {first.id} and {member.id} have different {what}: {getattr(first, what)}, "
                f"{getattr(member, what)}"
            )
    if preparing(first) != preparing(member):
        raise ArgumentError(
            f"members=: {first.id} and {member.id} prepare images differently: {preparing(first)}, "
            f"{preparing(member)}; only the channels may differ"
        )
    if first.preprocess.pixel_scale != member.preprocess.pixel_scale:
        raise ArgumentError(
            f"members=: {first.id} and {member.id} were trained on pixels of {first.preprocess.pixel_scale or ANY} and "
            f"of {member.preprocess.pixel_scale or ANY} arcsec; committees take the same pixels"
        )
