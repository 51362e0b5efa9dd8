"""Pages of the board by subject, as `boards.yaml` lists them, with what others have published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from ..catalog.yaml12 import read_mapping
from ..errors import ResultError
from .markdown import NOTES, cell, line
from .tables import Table

__all__ = ["Published", "SideBySide", "Subject", "subject_markdown", "subjects"]

OTHER_DATA = "**Other data**, as published; not measured here and not comparable with the figures above."


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
        title, text: that it begins with.
        benchmarks: ids, in order.
        side_by_side: a table that comes first, or None.
        published: that come last.
    """

    name: str
    title: str
    text: str
    benchmarks: Sequence[str]
    side_by_side: SideBySide | None
    published: Sequence[Published]


def subjects() -> list[Subject]:
    """All pages."""
    with as_file(files("zoo_core.board").joinpath("boards.yaml")) as path:
        content = read_mapping(path, ResultError)
    return [_subject(name, entry) for name, entry in content.items()]


def side_by_side_markdown(wanted: SideBySide, tables: Mapping[str, Table]) -> str:
    """The table, in the order of the first benchmark; models that have the metric on none are left out."""
    shown = {heading: tables[id] for heading, id in wanted.columns.items() if id in tables}
    rows = {heading: {row.model: row for row in table.rows if row.measured} for heading, table in shown.items()}
    models = list(dict.fromkeys(model for table in rows.values() for model in table))
    heads = ["model", *(f"{wanted.metric}, {heading}" for heading in shown)]
    lines = [line(heads), line(["---"] * len(heads))]
    for model in models:
        found = [rows[heading].get(model) for heading in shown]
        cells = [cell(row.shown if row else None, wanted.metric) for row in found]
        lines.append(line([f"`{model}`", *cells]))
    return f"## {wanted.title}\n\n" + "\n".join(lines)


def published_markdown(tables: Sequence[Published]) -> str:
    """What others have published, marked as what it is."""
    parts = [f"### {one.title}\n\n{one.note}\n\n{_rows(one)}" for one in tables]
    return "\n\n".join([f"## Published by others\n\n{OTHER_DATA}", *parts])


def subject_markdown(subject: Subject, tables: Mapping[str, Table], sections: Mapping[str, str]) -> str:
    """The whole page.

    Arguments:
        tables: of all benchmarks, by id.
        sections: the text of each benchmark's section, by id.
    """
    parts = [f"# {subject.title}", subject.text]
    if subject.side_by_side is not None:
        parts.append(side_by_side_markdown(subject.side_by_side, tables))
    parts += [sections[id] for id in subject.benchmarks if id in sections]
    return "\n\n".join([*parts, NOTES, published_markdown(subject.published)]) + "\n"


def _rows(table: Published) -> str:
    return "\n".join([line(table.columns), line(["---"] * len(table.columns)), *(line(row) for row in table.rows)])


def _subject(name: str, entry: Mapping[str, Any]) -> Subject:
    side = entry.get("side_by_side")
    published = [Published(**one) for one in entry["published"]]
    return Subject(
        name, entry["title"], entry["text"], entry["benchmarks"], SideBySide(**side) if side else None, published
    )
