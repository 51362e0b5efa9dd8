"""Registry files that were read and checked before: an entry is parsed once, and not at each listing."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

__all__ = ["remembered"]


def remembered(path: Path, state: str, read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What `read` returns, from the user's cache as long as the file has the same size and modification time.

    A cache that cannot be read or written does not matter. Content that JSON does not hold as it is, is not kept.

    Arguments:
        path: the file that is read.
        state: what else the content depends on.
        read: the content; it may raise, and then nothing is kept.
    """
    place = _cache() / f"{hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]}.json"
    with suppress(OSError):
        facts = path.stat()
        state = f"{state} {facts.st_size} {facts.st_mtime_ns}"
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        kept = json.loads(place.read_bytes())
        if kept["state"] == state:
            return kept["content"]
    content = read()
    with suppress(OSError, TypeError, ValueError):
        _keep(place, {"state": state, "content": dict(content)})
    return content


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("zoo")) / "registries"


def _keep(place: Path, kept: dict[str, Any]) -> None:
    """Write all of it or nothing; another process may read or write at the same time."""
    text = json.dumps(kept)
    if json.loads(text) != kept:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f".{uuid4().hex}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
