"""The images that a command is given: files, folders, patterns, or positions on a mosaic."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..predict.inputs import Named

__all__ = ["takes_images"]

BAND = re.compile(r"[A-Za-z0-9_\-]+=.+")

file_option = click.Path(path_type=Path)

PARAMETERS = (
    click.argument("inputs", nargs=-1),
    click.option("--ext", help="Layer of each file: NAME, number, or all."),
    click.option("--stack", is_flag=True, help="The first axis counts images."),
    click.option(
        "--bands", multiple=True, metavar="BAND=PATTERN", help="Files of each band: 'r=*_r.fits' 'i=*_i.fits'."
    ),
    click.option(
        "--from-file", type=click.Path(allow_dash=True), help="List of files, one a line; - for standard input."
    ),
    click.option("--catalog", type=file_option, help="Positions (ra, dec or x, y) to cut out of --image."),
    click.option(
        "--image", multiple=True, metavar="[BAND=]FILE", help="Mosaic for --catalog, or tiles (repeat, or a pattern)."
    ),
    click.option("--cutout", type=float, metavar="ARCSEC", help="Side of the cutouts.  [that of the network's input]"),
    click.option("--mask", help="Bad pixels: a layer of each file, or a file name with * for the image's stem."),
    click.option("--weight", help="Inverse variance, likewise."),
)


def takes_images(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the argument INPUTS and the options about it, and its function the one keyword `named`."""

    @wraps(command)
    def with_images(
        *,
        inputs: tuple[str, ...],
        ext: str | None,
        stack: bool,
        bands: tuple[str, ...],
        from_file: str | None,
        catalog: Path | None,
        image: tuple[str, ...],
        cutout: float | None,
        mask: str | None,
        weight: str | None,
        **others: Any,
    ) -> Any:
        names, patterns = _apart(inputs, bands)
        named = _named(names, patterns, ext, stack, from_file, catalog, image, cutout, mask, weight)
        return command(named=named, **others)

    taking: Callable[..., Any] = with_images
    for parameter in reversed(PARAMETERS):
        taking = parameter(taking)
    return taking


def _apart(inputs: Sequence[str], bands: Sequence[str]) -> tuple[list[str], list[str]]:
    """Inputs, and patterns of bands: `--bands 'r=*_r.fits' 'i=*_i.fits'` leaves the second among the inputs."""
    patterns = [name for name in inputs if bands and BAND.fullmatch(name)]
    return [name for name in inputs if name not in patterns], [*bands, *patterns]


def _named(
    names: list[str],
    patterns: list[str],
    ext: str | None,
    stack: bool,
    from_file: str | None,
    catalog: Path | None,
    image: Sequence[str],
    cutout: float | None,
    mask: str | None,
    weight: str | None,
) -> Named:
    """`Mosaic` with --catalog and --image, else `Files`."""
    from ..images import parse_bands
    from ..predict.inputs import Files, Mosaic

    layer = int(ext) if ext and ext.isdecimal() else ext
    if catalog is None and not image:
        if cutout is not None:
            raise click.UsageError("--cutout goes with --catalog and --image")
        return Files(names, layer, stack, parse_bands(patterns) if patterns else None, mask, weight, from_file)
    if catalog is None or not image or names or patterns or stack or from_file:
        raise click.UsageError("cutouts need --catalog and --image, and no files, --stack, --bands or --from-file")
    mosaic = parse_bands(image) if any(map(BAND.fullmatch, image)) else list(image)
    return Mosaic(catalog, mosaic, cutout, layer, mask, weight)
