"""What was measured, to decide by: the leaderboard, and two models side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .names import benchmark_names, domain_names, model_names, task_names
from .pairs import pairs_of
from .show import as_json, echo, progress, results_option, show_rows

if TYPE_CHECKING:
    from ..board.compare import Comparison, PairedMetric
    from ..board.leaderboard import Board

__all__ = ["compare", "leaderboard"]


def _folders(ctx: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, Path]:
    return {name: Path(path) for name, path in pairs_of(pairs, "BENCHMARK=PATH", "sky_space=images/").items()}


@click.command()
@results_option
@click.option("--on", metavar="BENCHMARK", help="Only this one, see `zoo benchmarks`.", shell_complete=benchmark_names)
@click.option("--task", help="Only the benchmarks of this task.", shell_complete=task_names)
@click.option(
    "--domain", metavar="DOMAIN", help="Only benchmarks of simulated or of real images.", shell_complete=domain_names
)
@click.option("--sort", metavar="METRIC", help="Order by this metric instead of the rank.")
@click.option("--verified", is_flag=True, help="Leave out what its author alone reports.")
@click.option("--alone", is_flag=True, help="Only what the folder of --results holds, without what is published.")
@click.option("--pages", type=click.Path(path_type=Path), help="Also write the site into this folder.")
@click.option(
    "--data",
    "folders",
    multiple=True,
    metavar="BENCHMARK=PATH",
    callback=_folders,
    help="Where its images are, so that the site shows some of them.",
)
@as_json
def leaderboard(
    results: Path | None,
    on: str | None,
    task: str | None,
    domain: str | None,
    sort: str | None,
    verified: bool,
    alone: bool,
    pages: Path | None,
    folders: dict[str, Path],
    as_json: bool,
) -> None:
    """The board of all results, with intervals, ranks and ties; in a pipe as Markdown.

    With --results the models of that folder stand among the published ones.
    """
    from ..board.leaderboard import leaderboard

    beside = results is not None and not alone
    with progress("benchmarks") as tick:
        board = leaderboard(results, on, task, domain, sort, verified, beside_published=beside, progress=tick)
    if as_json:
        show_rows(board.records(), as_json)
    elif sys.stdout.isatty():
        from rich.console import Console

        from .board_table import show_board

        show_board(board, sort, Console())
    else:
        echo(board.markdown())
    if pages is not None:
        _write_pages(board, pages, folders)


def _write_pages(board: Board, pages: Path, folders: dict[str, Path]) -> None:
    """The site, with a word while it is made and the page to open at the end."""
    import logging

    from ..web.pages import write_pages

    logging.getLogger("zoo").info("making the pages in %s; the first time takes minutes, later times seconds", pages)
    with progress("benchmarks") as tick:
        written = write_pages(board, pages, data=folders, progress=tick)
    logging.getLogger("zoo").info("wrote %s files; open %s", f"{len(written):,}", written[0])


@click.command()
@click.argument("first", shell_complete=model_names)
@click.argument("second", shell_complete=model_names)
@click.option("--on", required=True, metavar="BENCHMARK", help="See `zoo benchmarks`.", shell_complete=benchmark_names)
@results_option
@click.option(
    "--top", type=click.IntRange(min=0), default=5, show_default=True, help="Images on which they disagree most."
)
@as_json
def compare(first: str, second: str, on: str, results: Path | None, top: int, as_json: bool) -> None:
    """Two measured models on the same images: each metric, the difference with its 95 % interval, disagreements."""
    from dataclasses import asdict

    from ..board.compare import compare
    from ..board.markdown import IDEAL

    found = compare(first, second, on, results, top)
    if as_json:
        show_rows([asdict(found)], as_json)
        return
    show_rows([_pair(one, found) for one in found.metrics], as_json)
    if any(one.ideal is not None for one in found.metrics):
        echo(f"\n{IDEAL}: best at this number; the difference is that of the distances to it")
    if found.disagreements:
        echo(f"\nThey disagree most, by {found.quantity}, on")
        show_rows(
            [
                {"image": one.id, "truth": one.truth, first: one.first, second: one.second}
                for one in found.disagreements
            ],
            as_json,
        )


def _pair(one: PairedMetric, found: Comparison) -> dict[str, object]:
    """A metric of both, what lies between them, and who is better beyond doubt."""
    from ..board.markdown import IDEAL

    span = "" if one.low is None else f" ({one.low:+.4g} to {one.high:+.4g})"
    return {
        "metric": one.name if one.ideal is None else f"{one.name} {IDEAL} {one.ideal:.3g}",
        found.first: "not defined" if one.first is None else one.first,
        found.second: "not defined" if one.second is None else one.second,
        "difference": "" if one.difference is None else f"{one.difference:+.4g}{span}",
        "better": one.better or ("no interval" if one.low is None else "cannot be told"),
    }
