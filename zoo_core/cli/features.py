"""`zoo features`, `zoo similar` and `zoo outliers`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import takes_images
from .names import model_names
from .show import as_json, progress, show_rows

if TYPE_CHECKING:
    from ..predict.inputs import Named
    from ..predict.neighbours import Neighbour

__all__ = ["features", "outliers", "similar"]

table_argument = click.argument("table", type=click.Path(path_type=Path))
count_option = click.option("-n", "count", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")


@click.command()
@click.argument("model", shell_complete=model_names)
@takes_images
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder of Parquet files, or NAME.parquet."
)
@click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Overrides the header.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--batch-size", type=int, help="Images at once; smaller where memory is short.")
@click.option("--workers", type=int, help="Processes that read images; 0 for none.")
@click.option("--scheduler", metavar="local|ADDRESS|FILE", help="Spread over processes, a Dask cluster, or batch jobs.")
@click.option("--resume", is_flag=True, help="Go on where a killed run into the same table stopped.")
@click.pass_context
def features(
    ctx: click.Context,
    model: str,
    named: Named,
    out: Path,
    pixel_scale: float | None,
    device: str,
    batch_size: int | None,
    workers: int | None,
    scheduler: str | None,
    resume: bool,
) -> None:
    """Write what MODEL makes of INPUTS before its last layer, a row an image, for `zoo similar` and `zoo outliers`."""
    from ..images.given import in_arcsec
    from ..models.load import load
    from ..predict.features import FeatureScorer, check_features_place
    from ..predict.inputs import images_of
    from ..predict.predict import Options, scored

    check_features_place(out)
    loaded = load(model, device="cpu" if scheduler else device)
    scale = in_arcsec("--pixel-scale (pixel_scale=)", pixel_scale)
    images = images_of(loaded, named, scale)
    with progress(loaded.id) as tick:
        options = Options(
            pixel_scale=scale,
            out=out,
            batch_size=batch_size,
            workers=workers,
            resume=resume,
            progress=tick,
            command=ctx.obj,
            scheduler=scheduler,
            device=None if device == "auto" else device,
        )
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
