"""Examinations of results that are kept in the user's cache, since they take long and seldom change."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..remembered import code_sha256, remembered

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
        name: of the result; a new key takes the place of the old one.
        key: changes with everything that the examination depends on.
        examine: makes it.
    """

    def made() -> dict[str, str]:
        found = examine()
        return {"reason": found.reason, "merits": json.dumps(found.merits)}  # text, in which a NaN is equal to itself

    kept = remembered(f"examination of {name}", key, made)
    return Examination(kept["reason"], tuple(json.loads(kept["merits"])))


def identity(files: list[Path], *facts: Any) -> str:
    """sha256 of files (of their absence too), of facts, and of the code that measures."""
    digest = hashlib.sha256(code_sha256(*MEASURING).encode())
    digest.update(json.dumps(facts, sort_keys=True, default=str).encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"missing")
    return digest.hexdigest()
