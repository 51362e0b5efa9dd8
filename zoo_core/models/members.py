"""Models that are made of other models: their entries, what identifies them, and where they come from."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from ..catalog.specs import ANY, ModelSpec, WeightsSpec
from ..errors import ArgumentError, SpecError, WeightsError
from ..images.operations import PREPARING
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..tasks import Calibration
from .model import Model

__all__ = ["assembled", "entry_of", "preparing", "require_lenses"]

NO_ARGUMENTS: Mapping[str, Any] = {}


def preparing(model: Model) -> list[dict]:
    """The operations that prepare an image, as declared; not those that make channels of it."""
    return [operation.declared() for operation in model.preprocess.operations if isinstance(operation, PREPARING)]


def require_lenses(member: Model) -> None:
    """Raise an error unless it measures lenses.

    Raises:
        ArgumentError: it measures no lens, or in pixels of any size.
        UntrainedError: it has random weights.
    """
    member.require_trained()
    if not member.task.states_errors or "theta_E" not in member.heads.parameters:
        raise ArgumentError(f"{member.id} measures no lens: theta_E is not among what it gives")
    if member.preprocess.seen_scale is None:
        raise ArgumentError(f"{member.id} takes pixels of any size, and nobody knows how large its Einstein radii are")


def entry_of(
    kind: str,
    members: Sequence[Model],
    id: str,
    calibration: Calibration,
    summary: str,
    arguments: Mapping[str, Any] = NO_ARGUMENTS,
) -> ModelSpec:
    """What a catalogue says of these members together: images are prepared as for the first, the last one answers.

    Arguments:
        kind: "committee" or "pipeline".
        members: in order.
        id: of the entry.
        calibration: of the answer.
        summary: of what the members do.
        arguments: of the kind, as far as they are not its defaults.

    Raises:
        ArgumentError: a model is a member twice and is told two things.
    """
    first, last = members[0], members[-1]
    preprocess = Preprocess.from_operations(preparing(first), first.bands, first.preprocess.pixel_scale)
    return ModelSpec(
        id=id,
        architecture=kind,
        plugin="zoo-core",
        task=last.task.name,
        heads=last.heads,
        bands=first.bands,
        pixel_scale=first.preprocess.pixel_scale or ANY,
        preprocess=tuple(preprocess.declared()),
        weights=_weights_of(kind, members, arguments),
        arguments=arguments,
        calibration=calibration,
        summary=summary,
        members=tuple(member.id for member in members),
        told=_told(members),
        **_origin(members),
    )


def assembled(
    members: Sequence[Model], spec: ModelSpec, network: Callable[[Sequence[Model]], nn.Module], summary: str
) -> Model:
    """The model of an entry.

    Arguments:
        members: in order; they go to the device of the first.
        spec: the entry.
        network: makes one of the members.
        summary: of the architecture.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    found = _require_same(members, spec)
    preprocess = Preprocess.from_operations(spec.preprocess, spec.bands, spec.pixel_scale)
    architecture = _architecture(spec, summary)
    together = network([member.to(members[0].device) for member in members]).eval()
    return Model(
        spec.id, architecture, together, preprocess, spec.heads, spec.calibration, spec=spec, weights_sha256=found
    )


def _told(members: Sequence[Model]) -> dict[str, dict[str, Any]]:
    """What each member is told of the images, if it is told anything."""
    found: dict[str, dict[str, Any]] = {}
    for member in members:
        if member.conditions and found.setdefault(member.id, member.conditions) != member.conditions:
            raise ArgumentError(
                f"members=: {member.id} is told {found[member.id]} and {member.conditions}; tell it one"
            )
    return found


def _weights_of(kind: str, members: Sequence[Model], arguments: Mapping[str, Any]) -> WeightsSpec:
    """The identity of what these models make together: whatever decides what they answer."""
    digest = hashlib.sha256(b"" if kind == "committee" else f"{kind}\n".encode())
    for member in members:
        scales = member.calibration.error_scales
        facts = (member.weights_sha256, member.preprocess.digest, member.views, member.calibration.temperature)
        told = sorted(member.conditions.items())
        digest.update(f"{(*facts, *filter(None, (scales, told)))}\n".encode())
    if arguments:
        digest.update(f"{sorted(arguments.items())}\n".encode())
    return WeightsSpec(digest.hexdigest(), sum(member.spec.weights.size for member in members if member.spec))


def _require_same(members: Sequence[Model], spec: ModelSpec) -> str:
    """The sha256 of the members together, which must be that of the entry."""
    found = _weights_of(spec.architecture, members, spec.arguments).sha256
    if found != spec.weights.sha256:
        raise WeightsError(
            f"{spec.id}: its members have the sha256 {found} together, the entry says {spec.weights.sha256}; "
            "a member was published anew, or its preprocessing, views or temperature changed"
        )
    return found


def _origin(members: Sequence[Model]) -> dict:
    """Training data, failures and licence of an entry, from those of its members."""
    specs = [member.spec for member in members if member.spec is not None]
    trained_on = [one for spec in specs for one in spec.trained_on]
    return {
        "trained_on": tuple(one for k, one in enumerate(trained_on) if one not in trained_on[:k]),
        "known_failures": tuple(dict.fromkeys(sentence for spec in specs for sentence in spec.known_failures)),
        "licence": " AND ".join(sorted({spec.licence for spec in specs})),
        "training_data": "as of its members",
    }


def _architecture(spec: ModelSpec, summary: str) -> Architecture:
    """The architecture of an entry with members, which cannot be built with random weights."""

    def unbuildable(**arguments: object) -> nn.Module:
        raise SpecError(f"a {spec.architecture} is made of trained models: zoo.{spec.architecture}([...])")

    return Architecture(
        name=spec.architecture,
        task=spec.task,
        build=unbuildable,
        bands=spec.bands,
        heads=spec.heads,
        preprocess=spec.preprocess,
        summary=summary,
    )
