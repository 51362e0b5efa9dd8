"""KEY=VALUE on the command line."""

from collections.abc import Sequence
from typing import Any

import click

__all__ = ["values_of"]


def values_of(pairs: Sequence[str], example: str) -> dict[str, Any]:
    """The values by their keys, typed as in YAML.

    Arguments:
        pairs: each KEY=VALUE.
        example: one, for the error.

    Raises:
        click.UsageError: one of them is no such pair.

    Example:
        >>> from zoo_core.cli.pairs import values_of
        >>> values_of(["n=2000", "ratio=2.5"], "n=2000")
        {'n': 2000, 'ratio': 2.5}
    """
    from ..catalog.yaml12 import value_of

    values = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"{pair!r} is not KEY=VALUE, such as {example}")
        values[key] = value_of(value)
    return values
