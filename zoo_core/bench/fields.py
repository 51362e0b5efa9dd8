"""What every result holds: whoever reads one counts on it, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ..errors import UnknownNameError
from ..tasks import task_named

__all__ = ["faults_of_fields"]

STATUSES = ("ok", "failed")


class Fields(Protocol):
    """The fields of a result that are looked at."""

    @property
    def status(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def hashes(self) -> Mapping[str, Any]: ...
    @property
    def dataset(self) -> Mapping[str, Any]: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...


def faults_of_fields(result: Fields) -> Iterator[str]:
    """What is missing, or of another kind than it must be, a sentence each."""
    if result.status not in STATUSES:
        yield f"status is {result.status!r}; it must be {' or '.join(STATUSES)}"
    try:
        task_named(result.task)
    except UnknownNameError as error:
        yield f"task: {error}"
    measured = ("predictions",) if result.status == "ok" else ()
    yield from _missing("hashes", result.hashes, ("weights", "dataset", *measured))
    yield from _missing("dataset", result.dataset, ("name", "domain"))
    yield from _missing("settings", result.settings, ("prior",))
    for name in ("classes", "parameters", "bands"):
        if not _are(result.settings.get(name), str):
            yield f"settings.{name} is {result.settings.get(name)!r}; it must be a list of names"
    if "prior" in result.settings and not _are(result.settings["prior"], int | float):
        yield f"settings.prior is {result.settings['prior']!r}; it must be a list of fractions"


def _missing(field: str, found: Mapping[str, Any], wanted: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{field}.{name} is missing" for name in wanted if name not in found)


def _are(values: object, kind: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)
