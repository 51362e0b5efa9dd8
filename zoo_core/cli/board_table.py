"""Boards on a terminal: tables that fit its width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

from ..board.markdown import NOTES, caption, cell, heading, marks, place
from ..catalog.measured import metric_unit
from ..catalog.registry import catalog
from ..predictions import Heads

if TYPE_CHECKING:
    from ..board.leaderboard import Board
    from ..board.tables import Row, Table

__all__ = ["show_board"]

PADDING = 2  # columns of the terminal beside each column of a table
NAMES = 22  # letters of a model's column, at least: its notes are written below its name
FAINT = "dim"


def show_board(board: Board, first: str | None, console: Console) -> None:
    """The tables of what was measured, with as many metrics as fit, and a list of the other benchmarks.

    Arguments:
        board: with the rows in their order.
        first: metric that stands first; None: the one that ranks.
        console: of the terminal.
    """
    whole = [table for table in board.tables if table.has_results or len(board.tables) == 1]
    for table in whole:
        _show(table, first, console)
    others = [table for table in board.tables if table not in whole]
    if others:
        console.print(Text("Not measured yet", style="bold"))
    for table in others:
        console.print(Text(f"{table.benchmark}: {table.summary}"))
    for name, meaning in NOTES:
        console.print(Text(f"- {name}: {meaning}", style=FAINT))


def _show(table: Table, first: str | None, console: Console) -> None:
    metrics = [*filter(None, [first if first in table.metrics else None]), *(m for m in table.metrics if m != first)]
    shown = _fitting(table, metrics, console.width)
    console.print(Text(table.benchmark, style="bold"))
    console.print(Text(caption(table)))
    grid = Shown(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name, width in (("rank", _rank_width(table)), ("model", _names_width(table))):
        grid.add_column(name, min_width=width, overflow="fold")
    heads = table.heads(catalog().models)
    for name in shown:
        grid.add_column(_titled(name, table, heads), min_width=_width(table, name), overflow="fold")
    for row in table.rows:
        grid.add_row(Text(place(row)), _named(row), *(Text(_stacked(row, name)) for name in shown))
    console.print(grid)
    left = [name for name in metrics if name not in shown]
    if left:
        words = f"{len(left)} more on a wider terminal, in a pipe, with --json: {', '.join(left)}"
        console.print(Text(words, style=FAINT), "")


def _fitting(table: Table, metrics: Sequence[str], width: int) -> list[str]:
    """The first metrics whose columns fit, one at least."""
    left = width - _rank_width(table) - _names_width(table) - 2 * PADDING
    shown = []
    for name in metrics:
        left -= _width(table, name) + PADDING
        if left < 0 and shown:
            break
        shown.append(name)
    return shown


def _named(row: Row) -> Text:
    """The model, and below it what a reader must know of the row."""
    notes = marks(row, str).replace("*", "")
    return Text.assemble(row.model, (f"\n{notes}" if notes else "", FAINT))


def _stacked(row: Row, metric: str) -> str:
    """The value, and its interval below."""
    return cell(row.shown, metric).replace(" [", "\n[")


def _titled(metric: str, table: Table, heads: Heads) -> str:
    unit = metric_unit(metric, heads)
    return heading(metric, table).replace("[", "\n[") + (f"\n{unit}" if unit else "")


def _rank_width(table: Table) -> int:
    return max(len("rank"), *(len(place(row)) for row in table.rows)) if table.rows else len("rank")


def _names_width(table: Table) -> int:
    return max([NAMES, *(len(row.model) for row in table.rows)])


def _width(table: Table, metric: str) -> int:
    return max(len(line) for line in _lines(table, metric))


def _lines(table: Table, metric: str) -> Iterator[str]:
    yield from _titled(metric, table, table.heads(catalog().models)).split("\n")
    for row in table.rows:
        yield from _stacked(row, metric).split("\n")
