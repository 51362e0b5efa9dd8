"""Committees: several models whose answers are one, and that are a model themselves."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..catalog.specs import ANY, ModelSpec
from ..errors import ArgumentError
from ..tasks import Calibration
from .members import assembled, entry_of, preparing
from .model import Model

__all__ = ["Committee", "as_described", "joined"]

NAME = "committee"
SUMMARY = "several models that answer together"


class Committee(nn.Module):
    """Several models, of images that are prepared: the mean of their logits, or the mixture of their Gaussians.

        z = 1/M sum_m z_m / T_m,    p(y) = 1/M sum_m N(y; mu_m, C_m)

    Every member makes its own channels, averages over its own views and has its own calibration. The spread of the
    means mu_m is the epistemic part of the covariance, see `tasks.Regression`.

    Source: Schaefer et al. (2018), A&A 611, A2, where committees of networks trained alike are measured;
    Lakshminarayanan, Pritzel & Blundell (2017), "Simple and scalable predictive uncertainty estimation using deep
    ensembles".

    Arguments:
        members: trained models that prepare images alike.
    """

    def __init__(self, members: Sequence[Model]):
        super().__init__()
        self.networks = nn.ModuleList([member.network for member in members])  # so that they move with the committee
        self.members = tuple(members)

    def forward(self, prepared: Tensor) -> Tensor:
        """Logits (batch, outputs) or Gaussians (batch, members, outputs) of images (batch, bands, size, size)."""
        return self.members[0].task.pooled([self._output(member, prepared) for member in self.members])

    @staticmethod
    def _output(member: Model, prepared: Tensor) -> Tensor:
        with torch.autocast(prepared.device.type, enabled=False):  # only networks may compute with fewer digits
            channels = member.preprocess.channels(prepared)
        return member.task.output_of(member.prediction(channels), member.heads, member.calibration)


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
    what = "mixture of the Gaussians" if first.task.states_errors else "mean of the logits"
    summary = f"{what} of {', '.join(member.id for member in members)}"
    spec = entry_of(NAME, members, id, calibration, summary)
    return as_described(members, spec)


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The committee of an entry.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    return assembled(members, spec, Committee, SUMMARY)


def _require_alike(first: Model, member: Model) -> None:
    if not member.task.has_committees:
        raise ArgumentError(
            f"members=: {member.id} is for {member.task.name}; committees are of classifiers, or of regressors"
        )
    for what, of in (("answer", _answers), ("take", lambda one: ", ".join(one.bands)), ("prepare images", _prepared)):
        if of(first) != of(member):
            raise ArgumentError(
                f"members= differ in what they {what}: {first.id} ({of(first)}), {member.id} ({of(member)})"
            )
    if first.preprocess.pixel_scale != member.preprocess.pixel_scale:
        raise ArgumentError(
            f"members=: {first.id} and {member.id} were trained on pixels of {first.preprocess.pixel_scale or ANY} and "
            f"of {member.preprocess.pixel_scale or ANY} arcsec; committees take the same pixels"
        )


def _answers(model: Model) -> str:
    """Classes or parameters, with what is stated of their errors."""
    answered = model.task.describe(model.heads)
    return f"{answered}, {model.heads.likelihood} errors" if model.task.states_errors else answered


def _prepared(model: Model) -> str:
    """The operations before the channels, in words."""
    return ", ".join(
        " ".join(f"{value}" if key == "op" else f"{key}={value}" for key, value in operation.items())
        for operation in preparing(model)
    )
