"""Mappings of files and of callers, checked against a dataclass: what a plugin lets people set.

The dataclass says what there is, of which type and by default; its `__post_init__` may refuse values with a ValueError.
"""

from __future__ import annotations

import inspect
import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from .errors import UnknownNameError, ZooError
from .references import Lazy

__all__ = ["Key", "as_values", "keys_of", "read_typed"]

UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
ENTRY = re.compile(r"^    (\w[\w, ]*): ((?:.|\n(?=     ))*)", re.MULTILINE)
MISSED = ("missing", "missing_argument")


@dataclass(frozen=True)
class Key:
    """One key of a dataclass, for people.

    Arguments:
        name: the key.
        kind: its type, as it is written.
        default: as it is written, or None if the key must be given.
        meaning: its sentence in the docstring of the dataclass.
    """

    name: str
    kind: str
    default: str | None
    meaning: str


def read_typed(cls: type | Lazy | None, content: Mapping[str, Any], where: str, error: type[ZooError]) -> Any:
    """The dataclass that a mapping describes, dataclasses within it included; nothing is coerced, nothing ignored.

    Arguments:
        cls: the dataclass; None: there is nothing to set, and the mapping must be empty.
        content: keys and values, as of YAML or of keyword arguments.
        where: beginning of the message.
        error: what to raise; it names each wrong key, and the valid ones.

    Example:
        >>> from dataclasses import dataclass
        >>> from zoo_core.errors import SpecError
        >>> @dataclass(frozen=True)
        ... class Arguments:
        ...     width: int = 16
        >>> read_typed(Arguments, {"width": 8}, "mynet", SpecError)
        Arguments(width=8)
        >>> read_typed(Arguments, {"widht": 8}, "mynet", SpecError)
        Traceback (most recent call last):
        zoo_core.errors.SpecError: mynet: no key is called 'widht'; did you mean width?
    """
    resolved = _resolved(cls)
    if resolved is None:
        if content:
            raise error(f"{where}: {', '.join(content)} can't be set; there is nothing to set")
        return None
    from pydantic import ValidationError  # takes longer to import than a listing may take

    try:
        return _reader(resolved).validate_json(json.dumps({"content": dict(content)}, default=_plain)).content
    except ValidationError as problem:
        raise error(f"{where}: {'; '.join(_sentence(fault, resolved) for fault in problem.errors())}") from None


def as_values(read: Any) -> dict[str, Any]:
    """The mapping that `read_typed` reads back, complete; None: an empty one."""
    return {} if read is None else json.loads(json.dumps(asdict(read), default=_plain))


def keys_of(cls: type | Lazy | None) -> list[Key]:
    """The keys that a dataclass takes, in order."""
    resolved = _resolved(cls)
    return [] if resolved is None else [_key(resolved, field) for field in fields(resolved)]


def _key(cls: type, field: Field) -> Key:
    kind = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
    return Key(field.name, kind, _default(field), _meanings(cls).get(field.name, ""))


def _default(field: Field) -> str | None:
    if field.default is not MISSING:
        return repr(field.default)
    return None if field.default_factory is MISSING else repr(field.default_factory())


def _meanings(cls: type) -> dict[str, str]:
    """The sentences under `Arguments:` of the docstring; names that share one are separated by commas."""
    entries = [entry for base in reversed(cls.__mro__) for entry in ENTRY.findall(_arguments(base))]
    return {name: " ".join(meaning.split()) for names, meaning in entries for name in names.split(", ")}


def _arguments(cls: type) -> str:
    """The part of the docstring that tells the keys."""
    return inspect.cleandoc(cls.__doc__ or "").partition("Arguments:\n")[2].partition("\n\n")[0]


def _resolved(cls: type | Lazy | None) -> Any:
    return cls.target if isinstance(cls, Lazy) else cls


def _reader(cls: type) -> Any:
    from pydantic import ConfigDict, TypeAdapter, create_model

    config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
    return TypeAdapter(create_model("Read", __config__=config, content=(cls, ...)))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _sentence(fault: Mapping[str, Any], cls: type) -> str:
    path = list(fault["loc"][1:])
    at, key = ": ".join(map(str, path[:-1])), str(path[-1]) if path else ""
    before = f"{at}: " if at else ""
    if fault["type"] in UNKNOWN:
        return f"{before}{UnknownNameError.among('key', key, _names_at(cls, path[:-1]))}"
    if fault["type"] in MISSED:
        return f"{before}{key} is missing; it takes {', '.join(_names_at(cls, path[:-1]))}"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "value_error":
        return ": ".join(filter(None, [*map(str, path), message]))
    return f"{before}{key} = {reprlib.repr(fault['input'])}: {message[0].lower()}{message[1:]}"


def _names_at(cls: type, path: list[Any]) -> list[str]:
    """Keys of the dataclass that stands at the end of a path of keys."""
    for part in path:
        hint = get_type_hints(cls).get(part)
        inside = [one for one in (hint, *get_args(hint)) if isinstance(one, type) and is_dataclass(one)]
        cls = inside[0] if inside else cls
    return [field.name for field in fields(cls)]
