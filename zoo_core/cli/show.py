"""Tables, JSON and progress bars on a terminal, or plain text in a pipe."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

__all__ = [
    "WholeSentences",
    "as_json",
    "echo",
    "loading",
    "progress",
    "results_option",
    "said_now_and_then",
    "show_facts",
    "show_rows",
]

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
results_option = click.option(
    "--results", type=click.Path(path_type=Path), help="Folder of the results.  [those of the checkout]"
)

PATIENCE = 30  # seconds without a word where no bar is drawn
WHOLE = 1000  # letters, more than any sentence has
MOMENT = 2.0  # seconds without a word at a terminal while libraries are imported


class WholeSentences(click.Group):
    """A group whose help has the first sentence of each command whole."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Their names and sentences, which click would cut at the end of the line."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.get_short_help_str(WHOLE)) for name, one in commands.items() if one])


def echo(text: str = "") -> None:
    """A line on the standard output."""
    click.echo(text)


def show_rows(rows: Sequence[Mapping[str, Any]], as_json: bool, title: str = "", empty: str = "nothing") -> None:
    """Rows with the same keys, as a table or as JSON."""
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=str))
    elif not rows:
        click.echo(empty)
    elif not sys.stdout.isatty():
        _plain(rows)
    else:
        _table(rows, title)


def show_facts(facts: Mapping[str, Any], as_json: bool) -> None:
    """One thing's facts, a line each, or as JSON; empty ones are left out of the lines."""
    if as_json:
        click.echo(json.dumps(facts, indent=2, default=str))
        return
    shown = {name: _text(value) for name, value in facts.items() if value not in (None, "", (), [], {})}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        first, *more = value.splitlines() or [""]
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {first}")
        for line in more:
            click.echo(" " * (width + 2) + line)


@contextmanager
def loading(what: str, timer: Callable[..., threading.Timer] = threading.Timer) -> Iterator[None]:
    """Say at a terminal that something is being loaded, once that has taken longer than a moment.

    Arguments:
        what: a model, or libraries.
        timer: calls a function after some seconds.
    """
    if not sys.stderr.isatty():
        yield
        return
    waiting = timer(MOMENT, logging.getLogger("zoo").info, ("loading %s ...", what))
    waiting.daemon = True
    waiting.start()
    try:
        yield
    finally:
        waiting.cancel()


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with (done, total): it draws a bar on a terminal, and elsewhere logs now and then."""
    if not sys.stderr.isatty():
        yield said_now_and_then(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def said_now_and_then(what: str, clock: Callable[[], float] = time.monotonic) -> Callable[[int, int], None]:
    """A function to call with (done, total), which logs a line once PATIENCE seconds have passed since the last one.

    Arguments:
        what: is being done.
        clock: in seconds.
    """
    last = clock()

    def tick(done: int, total: int) -> None:
        nonlocal last
        if clock() - last >= PATIENCE:
            last = clock()
            logging.getLogger("zoo").info("%s: %s of %s", what, f"{done:,}", f"{total:,}")

    return tick


def _plain(rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns separated by two spaces or more, for pipes."""
    lines = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    click.echo("\n".join("  ".join(cells).rstrip() for cells in padded))


def _table(rows: Sequence[Mapping[str, Any]], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, box=box.SIMPLE_HEAD, header_style="bold", title_justify="left")
    for name, value in rows[0].items():
        table.add_column(name, justify="right" if isinstance(value, int | float) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_text(value)) for value in row.values()))
    Console().print(table)


def _number(value: float) -> str:
    """Four digits; of a number that they round to 1, two of its distance to 1."""
    rounded = f"{value:.4g}"
    return str(1 - Decimal(f"{1 - value:.2g}")) if rounded == "1" and value < 1 else rounded


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_text(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return str(value)
