"""The site as a whole: its chapters, its benchmarks, its models, and what identifies it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from ..bench.results import Result
from ..board.boards import Subject, subjects
from ..board.leaderboard import Board
from ..board.tables import Row
from ..catalog.registry import Catalog
from .facts import Facts, facts_of, images_per_second
from .shown import shown_of
from .views import View

__all__ = ["Chapter", "Edition", "Progress", "Site", "site_of"]

Progress = Callable[[int, int], None]
"""Told how many benchmarks are done, and of how many."""


@dataclass(frozen=True)
class Edition:
    """What identifies a site: the date of the newest result, the version of the zoo, and the hash of all results."""

    date: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Chapter:
    """A subject with its benchmarks: those with results first, and of them those of real images."""

    subject: Subject
    views: tuple[View, ...]

    @property
    def measured(self) -> list[View]:
        """Benchmarks with results."""
        return [view for view in self.views if view.shown.measured]

    @property
    def unmeasured(self) -> list[View]:
        """Benchmarks without."""
        return [view for view in self.views if not view.shown.measured]

    def side_by_side(self) -> tuple[list[str], list[tuple[str, list[Row | None]]]]:
        """Headings, and of each model the rows of the benchmarks that the subject puts side by side."""
        wanted = self.subject.side_by_side
        if wanted is None:
            return [], []
        tables = {view.id: view.shown.table for view in self.measured}
        chosen = {heading: tables[id] for heading, id in wanted.columns.items() if id in tables}
        rows = {heading: {row.model: row for row in table.rows if row.measured} for heading, table in chosen.items()}
        models = list(dict.fromkeys(model for table in rows.values() for model in table))
        return [*chosen], [(model, [rows[heading].get(model) for heading in chosen]) for model in models]


@dataclass(frozen=True)
class Site:
    """All that the pages are made of.

    Arguments:
        board, listed: the results, and what is published.
        views: by benchmark.
        chapters: in the order of the navigation.
        edition: what identifies it.
        home: address of the page that it belongs to, or empty.
        recipes: path of the recipe of each model that was trained here.
    """

    board: Board
    listed: Catalog
    views: Mapping[str, View]
    chapters: tuple[Chapter, ...]
    edition: Edition
    home: str
    recipes: Mapping[str, str]

    def facts(self, model: str) -> Facts:
        """Facts about a model."""
        return facts_of(self.listed.models.get(model))

    def speed(self, row: Row) -> float | None:
        """Images a second; None where there is no time."""
        return images_per_second(row.result) if row.result is not None and row.shown is not None else None

    def results_of(self, model: str) -> list[tuple[View, Row]]:
        """Results of a model, those on real images first."""
        rows = [(view, row) for view in self.views.values() for row in view.shown.table.rows if row.model == model]
        return sorted(rows, key=lambda pair: pair[0].shown.domain != "real")

    def baselines(self, view: View) -> list[Row]:
        """Rows of the simple models that a network must beat."""
        names = {id for chapter in self.chapters for id in chapter.subject.baselines}
        return [row for row in view.shown.table.rows if row.model in names and row.measured]

    @property
    def models(self) -> list[str]:
        """Ids of all that are listed or measured."""
        measured = {row.model for table in self.board.tables for row in table.rows}
        return sorted(measured | set(self.listed.models))


def site_of(
    board: Board,
    listed: Catalog,
    data: Mapping[str, Path] | None,
    home: str,
    recipes: Mapping[str, str],
    progress: Progress | None = None,
) -> Site:
    """The site of a board; see `Site` and `pages.write_pages`."""
    numbers, views = _numbers(board), {}
    for done, table in enumerate(board.tables, 1):
        id = table.benchmark
        shown = shown_of(table, listed.benchmarks.get(id), board.folders, numbers[id], data)
        views[id] = View(shown, table.heads(listed.models))
        if progress is not None:
            progress(done, len(board.tables))
    return Site(
        board=board,
        listed=listed,
        views=views,
        chapters=tuple(_chapters(views)),
        edition=_edition(board),
        home=home,
        recipes=recipes,
    )


def _numbers(board: Board) -> dict[str, dict[str, int]]:
    """Numbers, by benchmark, of all models of its subject, in the order of their first rows."""
    tables = {table.benchmark: table for table in board.tables}
    named = [[id for id in subject.benchmarks if id in tables] for subject in subjects()]
    others = [id for id in tables if not any(id in ids for ids in named)]
    found = {}
    for ids in (*named, others):
        models = dict.fromkeys(row.model for id in ids for row in tables[id].rows)
        numbers = {model: number for number, model in enumerate(models)}
        found |= dict.fromkeys(ids, numbers)
    return found


def _chapters(views: Mapping[str, View]) -> Iterator[Chapter]:
    """The subjects, and one more of what none of them names."""
    named = [(one, [views[id] for id in one.benchmarks if id in views]) for one in subjects()]
    left = [view for id, view in views.items() if all(id not in one.benchmarks for one, _ in named)]
    if left:
        others = Subject("others", "Other benchmarks", "Others", "", [view.id for view in left])
        named.append((others, left))
    for subject, found in named:
        yield Chapter(subject, tuple(sorted(found, key=lambda view: view.shown.domain != "real")))


def _edition(board: Board) -> Edition:
    results: list[Result] = [row.result for table in board.tables for row in table.rows if row.result is not None]
    digest = hashlib.sha256("".join(sorted(one.to_json() for one in results)).encode())
    date = max((one.measured for one in results), default="no date")
    return Edition(date, version("zoo-core"), digest.hexdigest())
