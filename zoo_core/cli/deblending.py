"""`zoo deblend`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import takes_a_run, takes_images
from .outcome import fault_of, remarks_of, say
from .show import progress

if TYPE_CHECKING:
    import numpy as np

    from ..predict.inputs import Named
    from ..predict.options import Options

__all__ = ["deblend"]

file_option = click.Path(path_type=Path)


@click.command()
@click.argument("method", metavar="{sersic|ica}")
@takes_images
@click.option("--out-dir", type=file_option, required=True, help="Folder for the images without their lens.")
@click.option("-o", "--out", type=file_option, help="Table: csv, ecsv, parquet, fits.")
@click.option("--gallery", type=file_option, help="Picture of the first images, before and after.")
@click.option("--size", type=click.IntRange(min=9), default=101, show_default=True, help="Pixels a side.")
@takes_a_run
@click.pass_context
def deblend(
    ctx: click.Context,
    method: str,
    named: Named,
    out_dir: Path,
    out: Path | None,
    gallery: Path | None,
    size: int,
    options: Options,
) -> None:
    """Take the light of the lens galaxy away from INPUTS, so that the arcs are alone.

    METHOD sersic fits an elliptical Sersic profile to each band, ica tells the lens from its arcs by their colours in
    two bands or more (--bands 'g=*_g.fits' 'i=*_i.fits'). One FITS file for each image is written, with its WCS.
    The profile is fitted through the PSF of --psf, one file for all images.
    """
    from ..models.deblending import deblender
    from ..predict.inputs import images_of
    from ..predict.predict import draw, scored

    model = deblender(method, _bands(named), size, _psf(named))
    images = images_of(model, named, options.pixel_scale)
    with progress(model.id) as tick:
        options = replace(options, out=out, out_dir=out_dir, gallery=gallery, progress=tick)
        with scored(model, images, options) as finished:
            if finished.rows > finished.failed:
                draw(finished, options)
            fault, remarks = fault_of(finished), remarks_of(finished)
    for remark in remarks:
        click.echo(f"zoo: {remark}", err=True)
    told = f"{'`message`' if out else '-o TABLE'} says what was wrong with the others"
    say("deblended", finished, [out, out_dir if finished.rows > finished.failed else None], [gallery], fault, told)
    ctx.exit(1 if finished.failed == finished.rows else 0)


def _bands(named: Named) -> tuple[str, ...]:
    """Names of the bands that were typed; of one band that of space telescopes."""
    typed = getattr(named, "bands", None) or getattr(named, "image", None)
    return tuple(typed) if isinstance(typed, dict) else ("VIS",)


def _psf(named: Named) -> np.ndarray | None:
    """The PSF that was typed."""
    from ..images import find_sources, read

    typed = getattr(named, "psf", None)
    if typed is None:
        return None
    if not Path(typed).is_file():
        raise click.UsageError(f"--psf is {typed}; the PSF of zoo deblend is one file for all images")
    (source,) = find_sources(typed)
    return read(source, n_bands=1).pixels[0]
