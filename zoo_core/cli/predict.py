"""`zoo predict`."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .inputs import loaded_for, takes_a_run, takes_images
from .names import model_names
from .outcome import fault_of, say
from .pairs import values_of
from .show import as_json, echo, progress, show_rows

if TYPE_CHECKING:
    from ..predict.finished import Finished
    from ..predict.inputs import Named
    from ..predict.options import Options

__all__ = ["predict"]

TOP = 20

file_option = click.Path(path_type=Path)


@click.command()
@click.argument("model", shell_complete=model_names)
@takes_images
@click.option("-o", "--out", type=file_option, help="Table: csv, ecsv, parquet, fits; a folder without extension.")
@click.option("--gallery", type=file_option, help="Picture of the best-ranked images to write.")
@click.option("--picture", type=file_option, help="Picture of lenses: image, critical curve, posterior.")
@click.option("--out-dir", type=file_option, help="Folder for restored images, and for --samples.")
@click.option("--samples", type=click.IntRange(min=1), help="Write so many draws of each posterior, a FITS table each.")
@click.option("--refine", is_flag=True, help="Refine lens parameters by a fit to the pixels; seconds an image.")
@click.option("--top", type=click.IntRange(min=0), help=f"Print, draw so many of the best-ranked.  [{TOP} without -o]")
@takes_a_run
@click.option("--views", type=int, help="1 is fast, 8 averages rotations and mirror images.  [as published]")
@click.option("--tell", multiple=True, metavar="KEY=VALUE", help="Of the images, where MODEL can be told it: ratio=4.")
@click.option("--precision", default="float32", show_default=True, help="float32 or bf16.")
@click.option("--compile/--no-compile", default=None, help="Translate the network into C++ first.  [where it pays]")
@click.option("--strict", is_flag=True, help="Exit with 1 if any image could not be used.")
@as_json
@click.pass_context
def predict(
    ctx: click.Context,
    model: str,
    named: "Named",
    out: Path | None,
    gallery: Path | None,
    picture: Path | None,
    out_dir: Path | None,
    samples: int | None,
    refine: bool,
    top: int | None,
    options: "Options",
    views: int | None,
    tell: tuple[str, ...],
    precision: str,
    compile: bool | None,
    strict: bool,
    as_json: bool,
) -> None:
    """Predict with MODEL on INPUTS: files, folders or quoted globs; one row per image.

    MODEL is a published model (`zoo models`) or a folder. Without -o, a terminal shows the best-ranked images and a
    pipe gets all rows as CSV.
    """
    from ..predict.inputs import images_of
    from ..predict.predict import draw, remark_on_psf, scored

    loaded = loaded_for(options, model, values_of(tell, "ratio=4")).with_views(views)
    images = images_of(loaded, named, options.pixel_scale)
    with ExitStack() as run:
        with progress(loaded.id) as tick:
            options = replace(options, out=out, out_dir=out_dir, gallery=gallery, precision=precision, progress=tick)
            options = replace(options, picture=picture, samples=samples or 0, refine=refine, compile=compile)
            remark_on_psf(loaded, named, options)
            finished = run.enter_context(scored(loaded, images, options))
        _print(finished, out, top, as_json)
        fault = fault_of(finished)
        if finished.rows > finished.failed and (gallery or picture):
            with progress("images drawn") as tick:
                draw(finished, options, top or None, tick)
    say("predicted", finished, [out, out_dir], [gallery, picture], fault)
    ctx.exit(1 if finished.failed == finished.rows or (strict and finished.failed) else 0)


def _print(finished: "Finished", out: Path | None, top: int | None, as_json: bool) -> None:
    if as_json and top is None:
        _print_json(row for piece in finished.pieces() for row in piece.to_pylist())
    elif top or (top is None and out is None and sys.stdout.isatty()):
        ranked = finished.best(TOP if top is None else top)
        rows = [{"rank": place, **_columns(one.row)} for place, one in enumerate(ranked, 1)]
        if as_json:
            show_rows(rows, as_json)
        else:
            model = finished.run.scorer.model
            _print_table(rows, model.task.units(model.heads))
    elif top is None and out is None:
        _print_csv(row for piece in finished.pieces_in_text() for row in piece.to_pylist())


def _print_table(rows: Sequence[dict[str, Any]], units: Mapping[str, str]) -> None:
    """The rows, units in the names of columns; below them, a line each, what must be known of some."""
    columns = [{name: value for name, value in row.items() if name != "message"} for row in rows]
    shown = [{_with_unit(name, units): value for name, value in _with_errors(row).items()} for row in columns]
    show_rows(shown, as_json=False, empty="no image could be used")
    for row in rows:
        if row["message"]:
            echo(f"{row['rank']} {row['id']}: {row['message']}")


def _with_unit(column: str, units: Mapping[str, str]) -> str:
    return f"{column} ({units[column]})" if units.get(column) else column


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    """Columns of a table to look at: the scores at once after the name, no status since all of them are ok."""
    scores = {name: value for name, value in row.items() if name not in ("id", "path", "status", "message")}
    return {"id": row["id"], **scores, "message": row["message"]}


def _with_errors(row: dict[str, Any]) -> dict[str, Any]:
    """Values with their error in one column: `1.382 +- 0.021`."""
    from ..tasks.posterior import with_error

    paired = {name for name in row if f"{name}_err" in row}
    others = {name: value for name, value in row.items() if name.removesuffix("_err") not in paired or name in paired}
    return others | {name: with_error(row[name], row[f"{name}_err"]) for name in paired}


def _print_json(rows: Iterable[dict[str, Any]]) -> None:
    separator = "[\n"
    for row in rows:
        click.echo(separator + json.dumps(row), nl=False)
        separator = ",\n"
    echo("\n]" if separator == ",\n" else "[]")


def _print_csv(rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for number, row in enumerate(rows):
        if number == 0:
            writer.writerow(row)
        writer.writerow(row.values())
