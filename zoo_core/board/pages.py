"""The pages of the leaderboard: Markdown for the docs, and one HTML file that needs nothing else.

<folder>/index.md
<folder>/anomaly.md ...                   by subject, see `boards`
<folder>/board.html
<folder>/plots/<benchmark>-roc.svg ...
"""

from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from ..bench.results import Result, result_path, scores_of
from ..files import whole
from ..scores import Scores, Truth
from .boards import subject_markdown, subjects
from .leaderboard import Board
from .markdown import (
    NOTES,
    caption,
    cell,
    confusion_markdown,
    heading,
    marks,
    place,
    quoted,
    strata_markdown,
    strata_of,
    strata_rows,
    table_markdown,
)
from .plots import Ranked, completeness_plot, reliability_plot, roc_plot, score_plot
from .tables import Table

__all__ = ["write_pages"]

TITLE = "Leaderboard"


def write_pages(board: Board, folder: str | Path) -> list[Path]:
    """Write all pages and plots; returns their paths."""
    folder = Path(folder)
    plots = {(table.benchmark, name): svg for table in board.tables for name, svg in _plots(table, board.results)}
    pages = {f"plots/{benchmark}-{name}.svg": svg for (benchmark, name), svg in plots.items()}
    sections = {table.benchmark: _section_markdown(table, list(plots)) for table in board.tables}
    tables = {table.benchmark: table for table in board.tables}
    pages |= {f"{subject.name}.md": subject_markdown(subject, tables, sections) for subject in subjects()}
    pages |= {"index.md": _markdown(sections), "board.html": _html(board, plots)}
    for name, content in pages.items():
        with whole(folder / name) as part:
            part.write_bytes(content.encode())
    return [folder / name for name in pages]


def _plots(table: Table, results: Path) -> Iterator[tuple[str, str]]:
    """Names and pictures; what ranks images has them."""
    every = _measured(table, results)
    ranked = [one for one in (Ranked.of(*measured) for measured in every) if one is not None]
    if not ranked:
        yield from _plots_by_class(every)
        return
    yield "roc", roc_plot(ranked)
    for column in strata_of(table):
        picture = completeness_plot(ranked, column)
        if picture is not None:
            yield f"completeness-{column}", picture
    if ranked[0].ranking.probable:
        yield "reliability", reliability_plot(ranked)
    else:
        yield "scores", score_plot(ranked)


def _plots_by_class(measured: list[tuple[Result, Scores, Truth]]) -> Iterator[tuple[str, str]]:
    """The ROC curves of each class against the rest."""
    classes = measured[0][0].heads.classes if measured else ()
    for k, name in enumerate(classes):
        ranked = [one for one in (Ranked.of_class(*result, k) for result in measured) if one is not None]
        if ranked:
            yield f"roc-{name}", roc_plot(ranked, f"{name} against the rest")


def _measured(table: Table, results: Path) -> list[tuple[Result, Scores, Truth]]:
    paths = [result_path(results, result.benchmark, result.model) for result in table.results]
    return [(one, *scores_of(path, one)) for one, path in zip(table.results, paths, strict=True)]


def _markdown(sections: dict[str, str]) -> str:
    by_subject = ", ".join(f"[{subject.title.lower()}]({subject.name}.md)" for subject in subjects())
    head = f"# {TITLE}\n\nThe same, sortable: [board.html](board.html). By subject: {by_subject}."
    return "\n\n".join([head, *sections.values(), NOTES]) + "\n"


def _section_markdown(table: Table, plots: list[tuple[str, str]]) -> str:
    pictures = [name for benchmark, name in plots if benchmark == table.benchmark]
    return "\n\n".join(
        [
            f"## {table.benchmark}",
            quoted(caption(table)),
            table_markdown(table),
            *(f"![{name}](plots/{table.benchmark}-{name}.svg)" for name in pictures),
            *confusion_markdown(table),
            *(f"### By {quoted(column)}\n\n{strata_markdown(table, column)}" for column in strata_of(table)),
        ]
    )


def _html(board: Board, plots: dict[tuple[str, str], str]) -> str:
    template = Template(files("zoo_core.board").joinpath("board.html").read_text(encoding="utf-8"))
    sections = "\n".join(_section(table, plots) for table in board.tables)
    return template.substitute(title=TITLE, sections=sections, notes=escape(NOTES.replace("*", "")))


def _section(table: Table, plots: dict[tuple[str, str], str]) -> str:
    pictures = [svg for (benchmark, _), svg in plots.items() if benchmark == table.benchmark]
    parts = [f"<section><h2>{escape(table.benchmark)}</h2><p>{escape(caption(table))}</p>", _main_table(table)]
    parts += [f'<div class="plots">{"".join(_inline(svg) for svg in pictures)}</div>'] if pictures else []
    parts += [_strata_table(table, column) for column in strata_of(table)]
    return "\n".join([*parts, "</section>"])


def _main_table(table: Table) -> str:
    heads = ["rank", "model", *(heading(name, table) for name in table.metrics), "notes"]
    rows = []
    for row in table.rows:
        numbers = [_cell(cell(row.shown, name), _value(row.shown, name)) for name in table.metrics]
        rank = _cell(place(row), row.rank.place + row.rank.mean / 1000 if row.rank else None)
        name = f"<th scope=row>{escape(row.model)}</th>"
        cells = [rank, name, *numbers, _cell(marks(row, str).replace("*", ""))]
        rows.append(f'<tr class="{row.status}">{"".join(cells)}</tr>')
    return _table(heads, rows)


def _strata_table(table: Table, column: str) -> str:
    heads = [column, *(result.model for result in table.results)]
    rows = [
        f"<tr><th scope=row>{escape(name)}</th>{''.join(_cell(text) for text in cells)}</tr>"
        for name, cells in strata_rows(table, column)
    ]
    return f"<details><summary>By {escape(column)}</summary>{_table(heads, rows)}</details>"


def _table(heads: list[str], rows: list[str]) -> str:
    head = "".join(f"<th scope=col><button>{escape(text)}</button></th>" for text in heads)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _cell(text: str, value: float | None = None) -> str:
    key = "" if value is None else f' data-value="{value}"'
    return f"<td{key}>{escape(text)}</td>"


def _value(result, name: str) -> float | None:
    estimate = None if result is None else result.metrics.get(name)
    return None if estimate is None else estimate.value


def _inline(svg: str) -> str:
    """The picture without the prologue of a file of its own."""
    return f"<figure>{svg[svg.index('<svg') :]}</figure>"
