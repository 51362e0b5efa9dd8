"""Models that are made of other models: what identifies them, and where they come from."""

import hashlib
from collections.abc import Sequence

from torch import nn

from ..catalog.specs import ModelSpec, WeightsSpec
from ..errors import SpecError, WeightsError
from ..images.operations import PREPARING
from ..interfaces import Architecture
from .model import Model

__all__ = ["joined_architecture", "origin", "preparing", "require_same", "weights_of"]


def preparing(model: Model) -> list[dict]:
    """The operations that prepare an image, as declared; not those that make channels of it."""
    return [operation.declared() for operation in model.preprocess.operations if isinstance(operation, PREPARING)]


def weights_of(kind: str, members: Sequence[Model]) -> WeightsSpec:
    """The identity of what these models make together: whatever decides what they answer.

    Arguments:
        kind: "committee" or "pipeline".
        members: in order.
    """
    digest = hashlib.sha256(b"" if kind == "committee" else f"{kind}\n".encode())
    for member in members:
        facts = (member.weights_sha256, member.preprocess.digest, member.views, member.calibration.temperature)
        digest.update(f"{facts}\n".encode())
    return WeightsSpec(digest.hexdigest(), sum(member.spec.weights.size for member in members if member.spec))


def require_same(kind: str, members: Sequence[Model], spec: ModelSpec) -> str:
    """The sha256 of the members together.

    Raises:
        WeightsError: the members are not those that the entry was written for.
    """
    found = weights_of(kind, members).sha256
    if found != spec.weights.sha256:
        raise WeightsError(
            f"{spec.id}: its members have the sha256 {found} together, the entry says {spec.weights.sha256}; "
            "a member was published anew, or its preprocessing, views or temperature changed"
        )
    return found


def origin(members: Sequence[Model]) -> dict:
    """Training data, failures and licence of an entry, from those of its members."""
    specs = [member.spec for member in members if member.spec is not None]
    trained_on = [one for spec in specs for one in spec.trained_on]
    return {
        "trained_on": tuple(one for k, one in enumerate(trained_on) if one not in trained_on[:k]),
        "known_failures": tuple(dict.fromkeys(sentence for spec in specs for sentence in spec.known_failures)),
        "licence": " AND ".join(sorted({spec.licence for spec in specs})),
        "training_data": "as of its members",
    }


def joined_architecture(spec: ModelSpec, summary: str) -> Architecture:
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
