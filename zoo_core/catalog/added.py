"""Writing the entry of a model into a registry file, of which every other line stays as it is."""

from pathlib import Path
from typing import Any

from ..errors import RegistryError
from .registry import read_registry
from .yaml12 import text_of

__all__ = ["entry_text", "with_model"]

INDENT = "  "


def entry_text(id: str, entry: dict[str, Any]) -> str:
    """The lines of an entry under `models:`."""
    return "".join(f"{INDENT}{line}\n" if line else "\n" for line in text_of({id: entry}).splitlines())


def with_model(path: Path, id: str, entry: dict[str, Any]) -> str:
    """The text of a registry file with this entry: at the end of its models, or in place of that of the same weights.

    Raises:
        RegistryError: the file lists other weights under this id, or is not written a line a key.
    """
    text, listed = path.read_text(encoding="utf-8"), read_registry(path, entry.get("plugin")).models.get(id)
    if listed is None:
        return _inserted(path, text, entry_text(id, entry))
    there, wanted = listed.weights.sha256, entry["weights"]["sha256"]
    if there != wanted:
        raise RegistryError(
            f"{path}: models: {id} has other weights (sha256 {there}, not {wanted}); the bytes of an id never change: "
            "choose another tag, or remove the entry if nobody has it yet"
        )
    return _replaced(path, text, id, entry_text(id, entry))


def _replaced(path: Path, text: str, id: str, lines: str) -> str:
    existing = text.splitlines(keepends=True)
    begin = next((k for k, line in enumerate(existing) if line.strip() == f"{id}:"), None)
    if begin is None:
        raise RegistryError(f"{path}: models: {id} does not begin with a line `{id}:`; remove the entry, and try again")
    rest = range(begin + 1, len(existing))
    end = next(
        (k for k in rest if existing[k].strip() and _indent(existing[k]) <= _indent(existing[begin])), len(existing)
    )
    while not existing[end - 1].strip():  # blank lines stay before what follows
        end -= 1
    return "".join([*existing[:begin], lines, *existing[end:]])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _inserted(path: Path, text: str, lines: str) -> str:
    existing = text.splitlines(keepends=True)
    heads = [k for k, line in enumerate(existing) if line[:1].isalpha()] + [len(existing)]
    begin = next((k for k in heads[:-1] if existing[k].startswith("models:")), None)
    if begin is None:
        raise RegistryError(f"{path}: it has no line `models:`; write `models: {{}}`, and try again")
    end = next(k for k in heads if k > begin)
    last = max(k for k in range(begin, end) if existing[k].strip())  # blank lines stay before the next section
    kept = [*existing[:begin], "models:\n", *existing[begin + 1 : last + 1]]
    return f"{''.join(kept).rstrip()}\n{lines}{''.join(existing[last + 1 :])}"
