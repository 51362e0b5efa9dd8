"""`zoo search`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import loaded_for, mosaics, takes_a_run
from .names import benchmark_names, model_names
from .show import progress, results_option

if TYPE_CHECKING:
    from ..predict.options import Options
    from ..search.search import Found

__all__ = ["search"]


@click.command()
@click.argument("tiles", nargs=-1, required=True, metavar="[BAND=]TILE...")
@click.option("--catalog", type=click.Path(path_type=Path), required=True, help="Positions (ra, dec or x, y).")
@click.option("--finder", required=True, metavar="MODEL", help="Finds lenses.", shell_complete=model_names)
@click.option("--purity", type=float, default=0.5, show_default=True, help="Share of lenses among the candidates.")
@click.option(
    "--prevalence", type=float, default=1e-3, show_default=True, help="Share of lenses among all objects of --catalog."
)
@click.option(
    "--on", metavar="BENCHMARK", help="Whose results tell the threshold.  [the largest]", shell_complete=benchmark_names
)
@results_option
@click.option("--modeller", metavar="MODEL", help="Gives parameters of the candidates.", shell_complete=model_names)
@click.option("--anomaly", metavar="MODEL", help="Gives their anomaly score.", shell_complete=model_names)
@click.option("--columns", metavar="A,B", help="Columns of --catalog that the table keeps.")
@click.option("--cutout", type=float, metavar="ARCSEC", help="Side of the cutouts.  [that of each network's input]")
@click.option("--ext", help="Layer of each tile: NAME or number.")
@click.option("--mask", help="Bad pixels: a layer of each tile, or a file name with * for its stem.")
@click.option("--weight", help="Inverse variance, likewise.")
@click.option("--shown", type=click.IntRange(min=1), default=200, show_default=True, help="Candidates on the page.")
@click.option(
    "--residuals", type=click.IntRange(min=0), default=20, show_default=True,
    help="Candidates of which the page shows what the mass of --modeller does not explain; seconds each.",
)  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@takes_a_run
@click.pass_context
def search(
    ctx: click.Context,
    tiles: tuple[str, ...],
    catalog: Path,
    finder: str,
    purity: float,
    prevalence: float,
    on: str | None,
    results: Path | None,
    modeller: str | None,
    anomaly: str | None,
    columns: str | None,
    cutout: float | None,
    ext: str | None,
    mask: str | None,
    weight: str | None,
    shown: int,
    residuals: int,
    out: Path,
    options: Options,
) -> None:
    """Search the objects of a catalogue on TILES for lenses: a table of candidates, and a page to grade them on.

    An object is a candidate where --finder gives it at least the probability from which on, by its stored results,
    candidates are as pure as --purity, if the share --prevalence of all objects are lenses.
    """
    from ..catalog.measured import published_results
    from ..predict.inputs import Mosaic
    from ..search.search import Search
    from ..search.threshold import threshold_of

    chosen = loaded_for(options, finder)
    threshold = threshold_of(chosen, purity, prevalence, published_results(results), on)
    click.echo(f"zoo: {threshold}", err=True)
    kept = tuple(columns.split(",")) if columns else ()
    layer = int(ext) if ext and ext.isdecimal() else ext
    mosaic = Mosaic(catalog, mosaics(tiles), cutout, layer, mask, weight, kept)
    others = [None if name is None else loaded_for(options, name) for name in (modeller, anomaly)]
    with progress(chosen.id) as tick:
        found = Search(mosaic, chosen, threshold, *others).run(out, replace(options, progress=tick), shown, residuals)
    _say(found, out)
    ctx.exit(1 if found.failed == found.objects else 0)


def _say(found: Found, out: Path) -> None:
    why = f"; {found.failed} could not be used, see `message` in {out / 'scores'}" if found.failed else ""
    click.echo(f"zoo: {len(found.candidates)} candidates among {found.objects} objects{why}", err=True)
    click.echo(f"zoo: wrote {', '.join(path.name for path in found.written)} in {out}", err=True)
