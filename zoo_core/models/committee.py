"""Committees: several models whose logits are averaged, and that are a model themselves."""

import hashlib
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ..catalog.specs import ANY, ModelSpec, WeightsSpec
from ..errors import ArgumentError, SpecError, WeightsError
from ..images.operations import PREPARING
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..tasks import Calibration, Classification
from .model import Model

__all__ = ["Committee", "as_described", "joined"]


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
    preprocess = Preprocess.from_operations(_preparing(first), first.bands, first.preprocess.pixel_scale)
    priors = {member.calibration.prior for member in members}
    spec = ModelSpec(
        id=id,
        architecture="committee",
        plugin="zoo-core",
        task=first.task.name,
        heads=first.heads,
        bands=first.bands,
        pixel_scale=first.preprocess.pixel_scale or ANY,
        preprocess=tuple(preprocess.declared()),
        weights=_weights(members),
        calibration=Calibration(prior=priors.pop() if len(priors) == 1 else None),
        summary=f"mean of the logits of {', '.join(member.id for member in members)}",
        members=tuple(member.id for member in members),
        **_origin(members),
    )
    return as_described(members, spec)


def as_described(members: Sequence[Model], spec: ModelSpec) -> Model:
    """The committee of an entry.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    found = _weights(members).sha256
    if found != spec.weights.sha256:
        raise WeightsError(
            f"{spec.id}: its members have the sha256 {found} together, the entry says {spec.weights.sha256}; "
            "a member was published anew, or its preprocessing, views or temperature changed"
        )
    preprocess = Preprocess.from_operations(spec.preprocess, spec.bands, spec.pixel_scale)
    architecture = Architecture(
        name="committee",
        task=spec.task,
        build=_unbuildable,
        bands=spec.bands,
        heads=spec.heads,
        preprocess=spec.preprocess,
        summary="mean of the logits of several models",
    )
    network = Committee([member.to(members[0].device) for member in members]).eval()
    return Model(
        spec.id, architecture, network, preprocess, spec.heads, spec.calibration, spec=spec, weights_sha256=found
    )


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
    if _preparing(first) != _preparing(member):
        raise ArgumentError(
            f"members=: {first.id} and {member.id} prepare images differently: {_preparing(first)}, "
            f"{_preparing(member)}; only the channels may differ"
        )
    if first.preprocess.pixel_scale != member.preprocess.pixel_scale:
        raise ArgumentError(
            f"members=: {first.id} and {member.id} were trained on pixels of {first.preprocess.pixel_scale or ANY} and "
            f"of {member.preprocess.pixel_scale or ANY} arcsec; committees take the same pixels"
        )


def _preparing(model: Model) -> list[dict]:
    return [operation.declared() for operation in model.preprocess.operations if isinstance(operation, PREPARING)]


def _weights(members: Sequence[Model]) -> WeightsSpec:
    """The identity of a committee: whatever decides what its members answer."""
    digest = hashlib.sha256()
    for member in members:
        facts = (member.weights_sha256, member.preprocess.digest, member.views, member.calibration.temperature)
        digest.update(f"{facts}\n".encode())
    return WeightsSpec(digest.hexdigest(), sum(member.spec.weights.size for member in members if member.spec))


def _origin(members: Sequence[Model]) -> dict:
    specs = [member.spec for member in members if member.spec is not None]
    trained_on = [one for spec in specs for one in spec.trained_on]
    return {
        "trained_on": tuple(one for k, one in enumerate(trained_on) if one not in trained_on[:k]),
        "known_failures": tuple(dict.fromkeys(sentence for spec in specs for sentence in spec.known_failures)),
        "licence": " AND ".join(sorted({spec.licence for spec in specs})),
        "training_data": "as of its members",
    }


def _unbuildable(**arguments: object) -> nn.Module:
    raise SpecError("a committee is made of trained models: zoo.committee([...])")
