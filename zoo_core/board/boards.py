"""The boards, one a subject, as `boards.yaml` lists them, with what others have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from ..catalog.yaml12 import read_mapping
from ..errors import ResultError

__all__ = ["Published", "SideBySide", "Subject", "subjects"]


@dataclass(frozen=True)
class SideBySide:
    """One metric of several benchmarks in one table, a row a model.

    Arguments:
        title: of the table.
        metric: its name.
        columns: heading to benchmark.
    """

    title: str
    metric: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    """A table of other people's numbers on other data."""

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Subject:
    """One page.

    Arguments:
        name: of the file.
        title, short: of the page, and of the link to it.
        text: that it begins with.
        benchmarks: ids, in order.
        side_by_side: a table that comes first, or None.
        published: that come last.
        baselines: ids of the simple models that a network must beat.
    """

    name: str
    title: str
    short: str
    text: str
    benchmarks: Sequence[str]
    side_by_side: SideBySide | None = None
    published: Sequence[Published] = ()
    baselines: Sequence[str] = ()


def subjects() -> list[Subject]:
    """All pages."""
    with as_file(files("zoo_core.board").joinpath("boards.yaml")) as path:
        content = read_mapping(path, ResultError)
    return [_subject(name, entry) for name, entry in content.items()]


def _subject(name: str, entry: Mapping[str, Any]) -> Subject:
    side = entry.get("side_by_side")
    published = [Published(**one) for one in entry.get("published", ())]
    return Subject(
        name=name,
        title=entry["title"],
        short=entry["short"],
        text=entry["text"],
        benchmarks=entry["benchmarks"],
        side_by_side=SideBySide(**side) if side else None,
        published=published,
        baselines=entry.get("baselines", ()),
    )
