"""`zoo pack`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import takes_images
from .names import model_names
from .show import progress

if TYPE_CHECKING:
    from ..predict.inputs import Named

__all__ = ["pack"]


@click.command()
@click.argument("model", shell_complete=model_names)
@takes_images
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder of the pack.")
@click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Of mosaics whose header does not say.")
@click.option("--workers", type=int, default=0, show_default=True, help="Processes that read images; 0 for none.")
def pack(model: str, named: Named, out: Path, pixel_scale: float | None, workers: int) -> None:
    """Read INPUTS once and keep them in a pack, a folder that is read faster than single files.

    Cutouts are as large as MODEL takes them, and their bands in its order. `zoo predict`, and the data set `folder` of
    recipes and benchmarks, take a pack where they take a folder of images. Images that the pack has are not read again:
    the same command resumes, and another adds to it.
    """
    from ..images.given import in_arcsec
    from ..models.load import load
    from ..predict.images import SourceImages
    from ..predict.inputs import images_of
    from ..predict.packing import pack as packed

    loaded = load(model, device="cpu")
    images = images_of(loaded, named, in_arcsec("--pixel-scale (pixel_scale=)", pixel_scale))
    assert isinstance(images, SourceImages)
    with progress(str(out)) as tick:
        result = packed(images, loaded.bands, out, workers, tick)
    failed = f"; {result.failed} could not be used" if result.failed else ""
    logging.getLogger("zoo").info("%d images added to %s, %d in all%s", result.added, out, result.images, failed)
