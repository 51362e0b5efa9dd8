"""`zoo features`, `zoo similar` and `zoo outliers`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import loaded_for, takes_a_run, takes_images
from .names import model_names
from .show import as_json, progress, show_rows

if TYPE_CHECKING:
    from ..predict.inputs import Named
    from ..predict.neighbours import Neighbour
    from ..predict.options import Options

__all__ = ["features", "outliers", "similar"]

table_argument = click.argument("table", type=click.Path(path_type=Path))
count_option = click.option("-n", "count", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")


@click.command()
@click.argument("model", shell_complete=model_names)
@takes_images
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder of Parquet files, or NAME.parquet."
)
@takes_a_run
@click.pass_context
def features(ctx: click.Context, model: str, named: Named, out: Path, options: Options) -> None:
    """Write what MODEL makes of INPUTS before its last layer, a row an image, for `zoo similar` and `zoo outliers`."""
    from ..predict.features import FeatureScorer, check_features_place
    from ..predict.inputs import images_of
    from ..predict.predict import scored

    check_features_place(out)
    loaded = loaded_for(options, model)
    images = images_of(loaded, named, options.pixel_scale)
    with progress(loaded.id) as tick:
        options = replace(options, out=out, progress=tick)
        with scored(loaded, images, options, FeatureScorer(loaded)) as finished:
            done, failed = finished.rows, finished.failed
    click.echo(f"zoo: features of {done - failed} of {done} images; wrote {out}", err=True)
    ctx.exit(1 if failed == done else 0)


@click.command()
@table_argument
@click.argument("image")
@count_option
@as_json
def similar(table: Path, image: str, count: int, as_json: bool) -> None:
    """Show the images of TABLE, which `zoo features` has written, that are most like IMAGE, one of its ids or paths."""
    from ..predict.neighbours import nearest

    _show(nearest(table, image, count), "cosine", as_json)


@click.command()
@table_argument
@count_option
@as_json
def outliers(table: Path, count: int, as_json: bool) -> None:
    """Show the images of TABLE, which `zoo features` has written, that are least like all others."""
    from ..predict.neighbours import outliers as furthest

    _show(furthest(table, count), "distance", as_json)


def _show(found: list[Neighbour], name: str, as_json: bool) -> None:
    rows = [{"rank": rank, "id": one.row["id"], name: one.value, **one.row} for rank, one in enumerate(found, 1)]
    show_rows(rows, as_json, empty="no usable image")
