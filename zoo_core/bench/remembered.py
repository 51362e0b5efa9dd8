"""Examinations of results that are kept in the user's cache, since they take long and seldom change."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from ..remembered import code_sha256

__all__ = ["Examination", "examined", "identity"]

MEASURING = ("bench", "scores.py", "metric.py", "tasks")  # what metrics are computed by


@dataclass(frozen=True)
class Examination:
    """What came of examining a result.

    Arguments:
        reason: why it is not believed; empty if it is.
        merits: the metric that ranks in each resample, the larger the better (`Metric.merit`), in the same order for
            all models; empty if it cannot be computed here.
    """

    reason: str
    merits: tuple[float, ...] = ()


def examined(name: str, key: str, examine: Callable[[], Examination]) -> Examination:
    """The examination that is kept under this name and key, or a new one, which is kept if the cache can be written.

    Arguments:
        name: of the file; a new key takes the place of the old one.
        key: changes with everything that the examination depends on.
        examine: makes it.
    """
    path = Path(platformdirs.user_cache_dir("zoo")) / "leaderboard" / f"{name}.json"
    found = _read(path, key)
    if found is None:
        found = examine()
        _write(path, {"key": key} | asdict(found))
    return found


def identity(files: list[Path], *facts: Any) -> str:
    """sha256 of files (of their absence too), of facts, and of the code that measures."""
    digest = hashlib.sha256(code_sha256(*MEASURING).encode())
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"missing")
    return digest.hexdigest()


def _read(path: Path, key: str) -> Examination | None:
    try:
        content = json.loads(path.read_bytes())
        if content.pop("key") != key:
            return None
        return Examination(content["reason"], tuple(content["merits"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # nothing is kept, or what is kept was damaged: it is made again


def _write(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(content))
        temporary.replace(path)
    except OSError:
        return  # a cache that cannot be written costs time and nothing else
