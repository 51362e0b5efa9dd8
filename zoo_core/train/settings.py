"""What a plugin lets a recipe say under `settings:`, as a dataclass of its own."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ..errors import RecipeError

__all__ = ["known"]


def known(cls: type, where: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a mapping that is to become a dataclass.

    Arguments:
        cls: the dataclass.
        where: beginning of the message, such as "settings: views".
        said: of the recipe.

    Raises:
        RecipeError: a key that is no field, or a field without default that is missing.
    """
    allowed = [one.name for one in fields(cls)]
    if unknown := sorted(set(said) - set(allowed)):
        raise RecipeError(f"{where} has no key {', '.join(unknown)}; it takes {', '.join(allowed)}")
    needed = [one.name for one in fields(cls) if one.default is MISSING and one.default_factory is MISSING]
    if missing := [name for name in needed if name not in said]:
        raise RecipeError(f"{where} lacks {', '.join(missing)}; it needs {', '.join(needed)}")
    return dict(said)
