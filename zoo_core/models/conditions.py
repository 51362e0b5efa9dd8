"""What somebody who predicts knows of the images and tells the network, such as an exposure time; no weights change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..catalog.specs import ModelSpec
from ..errors import ArgumentError, SpecError
from ..plugins import architecture as find_architecture
from ..typed import as_values
from .network import arguments_of

__all__ = ["told"]


def told(spec: ModelSpec, conditions: Mapping[str, Any]) -> ModelSpec:
    """The entry, whose network is told this of its images.

    Raises:
        ArgumentError: the network is not told that, or the value is none that it knows.
    """
    if not conditions:
        return spec
    if spec.members:
        raise ArgumentError(
            f"{spec.id} is published as it is, without {', '.join(conditions)}; tell its members, and join them: "
            f"zoo.{spec.architecture}(...) takes zoo.load({spec.members[0]!r}, ...)"
        )
    architecture = find_architecture(spec.architecture, plugin=spec.plugin)
    known = architecture.conditions
    if unknown := [name for name in conditions if name not in known]:
        also = f"; it may be told {', '.join(known)}" if known else ""
        raise ArgumentError(
            f"{spec.id} is published as it is, without {', '.join(unknown)}{also}; zoo.build(...) takes these"
        )
    try:
        arguments = as_values(arguments_of(architecture, {**spec.arguments, **conditions}))
    except SpecError as error:
        raise ArgumentError(str(error)) from error
    return replace(spec, arguments=arguments)
