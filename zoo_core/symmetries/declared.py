"""Symmetries as recipes, registries and data sets declare them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import SpecError
from .kinds import KINDS, Symmetry

__all__ = ["check_symmetries", "described", "read_symmetries"]


def read_symmetries(entries: Sequence[Mapping[str, Any]], parameters: Sequence[str]) -> tuple[Symmetry, ...]:
    """What a recipe or a registry says of exactly these parameters.

        >>> read_symmetries([{"spin2": ["e1", "e2"]}, {"angle": "tilt"}], ["e1", "e2", "tilt"])[0]
        Spin2(first='e1', second='e2')

    Raises:
        SpecError: another kind, the wrong number of names, or other names.
    """
    found = tuple(_read(entry) for entry in entries)
    check_symmetries(found, parameters)
    return found


def check_symmetries(symmetries: Sequence[Symmetry], parameters: Sequence[str]) -> None:
    """Raise SpecError unless they are of exactly these parameters."""
    names = [name for symmetry in symmetries for name in symmetry.names]
    if sorted(names) != sorted(parameters):
        raise SpecError(
            f"symmetries are of {', '.join(names)}, its parameters are {', '.join(parameters) or 'none'}; give one for "
            "each parameter"
        )


def described(symmetries: Sequence[Symmetry]) -> list[dict[str, Any]]:
    """What `read_symmetries` reads back."""
    return [_entry(symmetry) for symmetry in symmetries]


def _entry(symmetry: Symmetry) -> dict[str, Any]:
    kind = next(word for word, one in KINDS.items() if isinstance(symmetry, one))
    more = {} if getattr(symmetry, "half_turn", math.pi) == math.pi else {"half_turn": symmetry.half_turn}  # pyright: ignore
    return {kind: symmetry.names[0] if len(symmetry.names) == 1 else list(symmetry.names)} | more


def _read(entry: Mapping[str, Any]) -> Symmetry:
    words = set(entry) & set(KINDS)
    try:
        (word,) = words
        names = [entry[word]] if isinstance(entry[word], str) else entry[word]
        return KINDS[word](*names, **{key: value for key, value in entry.items() if key != word})
    except (TypeError, ValueError):
        raise SpecError(
            f"symmetries: {dict(entry)} is none of {{scalar: q}}, {{position: [x, y]}}, {{spin2: [e1, e2]}} and "
            "{angle: phi}"
        ) from None
