"""KEY=VALUE on the command line."""

from collections.abc import Sequence
from typing import Any

import click

__all__ = ["pairs_of", "values_of"]


def pairs_of(typed: Sequence[str], form: str, example: str) -> dict[str, str]:
    """What was typed behind the equals sign, by what stands before the first one.

    Arguments:
        typed: each in the form.
        form: KEY=VALUE, in the option's words, for the error.
        example: one, likewise.

    Raises:
        click.UsageError: one of them is no such pair, or two have the same key.

    Example:
        >>> from zoo_core.cli.pairs import pairs_of
        >>> pairs_of(["r=*_r.fits", "i=x=*_i.fits"], "BAND=PATTERN", "r=*_r.fits")
        {'r': '*_r.fits', 'i': 'x=*_i.fits'}
    """
    found: dict[str, str] = {}
    for pair in typed:
        key, _, value = pair.partition("=")
        if not key or not value:
            raise click.UsageError(f"{pair!r} is not {form}, such as {example}")
        if key in found:
            raise click.UsageError(f"{key} is given twice, as {key}={found[key]} and {pair}; leave one out")
        found[key] = value
    return found


def values_of(pairs: Sequence[str], example: str) -> dict[str, Any]:
    """The values by their keys, typed as in YAML.

    Arguments:
        pairs: each KEY=VALUE.
        example: one, for the error.

    Raises:
        click.UsageError: see `pairs_of`.

    Example:
        >>> from zoo_core.cli.pairs import values_of
        >>> values_of(["n=2000", "ratio=2.5"], "n=2000")
        {'n': 2000, 'ratio': 2.5}
    """
    from ..catalog.yaml12 import value_of

    return {key: value_of(value) for key, value in pairs_of(pairs, "KEY=VALUE", example).items()}
