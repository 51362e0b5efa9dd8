"""What was read and checked before, from the user's cache: files are parsed once, and not by each command."""

import ast
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

__all__ = ["code_sha256", "instructions", "remembered"]

KEPT = 30 * 86400  # seconds; what is still in use is read and kept anew


def remembered(name: str, state: str, read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What `read` returns, from the user's cache as long as the state is the same.

    A cache that cannot be read or written does not matter. Content that JSON does not hold as it is, is not kept.

    Arguments:
        name: of the content; no two contents have the same.
        state: all that the content depends on.
        read: the content; it may raise, and then nothing is kept.
    """
    place = _cache() / f"{crc32(name.encode('utf-8', 'surrogateescape')):08x}.json"
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        kept = json.loads(place.read_bytes())
        if kept["name"] == name and kept["state"] == state:
            return kept["content"]
    content = read()
    with suppress(OSError, TypeError, ValueError):
        _keep(place, {"name": name, "state": state, "content": dict(content)})
    return content


@cache
def code_sha256(*names: str) -> str:
    """sha256 of these packages and modules of the zoo: part of the state of what they compute.

    What they say to people does not count: comments, docstrings, where lines break.

    Arguments:
        names: as they lie in the package, such as "bench" and "metric.py".
    """
    package = Path(__file__).parent
    files = [path for name in names for path in sorted([*(package / name).rglob("*.py"), package / name])]
    sources = [path.read_bytes() for path in files if path.is_file()]

    def parsed() -> dict[str, str]:
        return {"sha256": _sha256(map(instructions, sources))}

    return remembered(f"instructions of {names} in {package}", _sha256(sources), parsed)["sha256"]


def _sha256(parts: Iterable[bytes]) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def instructions(source: bytes) -> bytes:
    """What code tells the machine: its syntax tree without docstrings.

    Example:
        >>> from zoo_core.remembered import instructions
        >>> instructions(b"x = (1)  # one") == instructions(b"x = 1")
        True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)]
    return ast.dump(tree).encode()


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("zoo")) / "remembered"


def _sweep(folder: Path) -> None:
    """Remove what was kept long ago: of environments and folders that are gone, nothing else would."""
    for path in folder.iterdir():
        if time.time() - path.stat().st_mtime > KEPT:
            path.unlink(missing_ok=True)


def _keep(place: Path, kept: dict[str, Any]) -> None:
    """Write all of it or nothing; another process may read or write at the same time."""
    text = json.dumps(kept)
    if json.loads(text) != kept:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place.parent)
    beside = place.with_name(f".{os.urandom(16).hex()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
