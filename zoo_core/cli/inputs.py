"""What commands are given of images (files, folders, patterns, positions on a mosaic) and of the run over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .pairs import pairs_of
from .show import loading

if TYPE_CHECKING:
    from ..models.model import Model
    from ..predict.inputs import Named
    from ..predict.options import Options

__all__ = ["loaded_for", "mosaics", "takes_a_run", "takes_images"]

BAND = re.compile(r"[A-Za-z0-9_\-]+=.+")

file_option = click.Path(path_type=Path)

PARAMETERS = (
    click.argument("inputs", nargs=-1),
    click.option("--ext", help="Layer of each file: NAME, number, or all."),
    click.option("--stack", is_flag=True, help="The first axis counts images."),
    click.option(
        "--bands",
        multiple=True,
        metavar="BAND=PATTERN",
        help="Files of each band, 'r=*_r.fits' 'i=*_i.fits', or layers of one, 'r=*.fits[R]' 'i=*.fits[I]'.",
    ),
    click.option(
        "--from-file", type=click.Path(allow_dash=True), help="List of files, one a line; - for standard input."
    ),
    click.option("--catalog", type=file_option, help="Positions (ra, dec or x, y) to cut out of --image."),
    click.option(
        "--image", multiple=True, metavar="[BAND=]FILE", help="Mosaic for --catalog, or tiles (repeat, or a pattern)."
    ),
    click.option("--columns", metavar="A,B", help="Columns of --catalog that the rows keep."),
    click.option("--cutout", type=float, metavar="ARCSEC", help="Side of the cutouts.  [that of the network's input]"),
    click.option(
        "--mask", help="Bad pixels: a layer of each file, a file name with * for the image's stem, or a file."
    ),
    click.option("--weight", help="Inverse variance, likewise."),
    click.option("--noise-map", help="Standard deviation of the noise, likewise, instead of --weight."),
    click.option("--psf", help="Image of the PSF in pixels of the image, likewise; fits use it, networks do not."),
)


RUN = (
    click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Overrides the header."),
    click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps."),
    click.option("--batch-size", type=int, help="Images at once; smaller where memory is short."),
    click.option("--workers", type=int, help="Processes that read images; 0 for none."),
    click.option(
        "--scheduler", metavar="local|ADDRESS|FILE", help="Spread over processes, a Dask cluster, or batch jobs."
    ),
    click.option("--resume", is_flag=True, help="Go on where a killed run into the same table stopped."),
)


@dataclass(frozen=True)
class Typed:
    """What was typed about images; each as the parameter of its name."""

    inputs: tuple[str, ...]
    ext: str | None
    stack: bool
    bands: tuple[str, ...]
    from_file: str | None
    catalog: Path | None
    image: tuple[str, ...]
    columns: str | None
    cutout: float | None
    mask: str | None
    weight: str | None
    noise_map: str | None
    psf: str | None

    @property
    def layer(self) -> str | int | None:
        """The layer of each file."""
        return int(self.ext) if self.ext and self.ext.isdecimal() else self.ext

    def patterns(self) -> list[str]:
        """Patterns of bands; `--bands 'r=*_r.fits' 'i=*_i.fits'` leaves the second among the inputs."""
        return [*self.bands, *(name for name in self.inputs if self.bands and BAND.fullmatch(name))]

    def named(self) -> Named:
        """`Mosaic` with --catalog and --image, else `Files`."""
        return self._mosaic() if self.catalog is not None or self.image else self._files()

    def _files(self) -> Named:
        from ..predict.inputs import Files

        for option, value in (("--cutout", self.cutout), ("--columns", self.columns)):
            if value is not None:
                raise click.UsageError(f"{option} goes with --catalog and --image")
        patterns = self.patterns()
        names = [name for name in self.inputs if name not in patterns]
        bands = bands_of(patterns) if patterns else None
        return Files(
            paths=names,
            ext=self.layer,
            stack=self.stack,
            bands=bands,
            mask=self.mask,
            weight=self.weight,
            noise_map=self.noise_map,
            psf=self.psf,
            from_file=self.from_file,
        )

    def _mosaic(self) -> Named:
        from ..predict.inputs import Mosaic

        alone = not (self.inputs or self.bands or self.stack or self.from_file)
        if self.catalog is None or not self.image or not alone:
            raise click.UsageError("cutouts need --catalog and --image, and no files, --stack, --bands or --from-file")
        columns = self.columns.split(",") if self.columns else ()
        return Mosaic(
            catalog=self.catalog,
            image=mosaics(self.image),
            cutout=self.cutout,
            ext=self.layer,
            mask=self.mask,
            weight=self.weight,
            noise_map=self.noise_map,
            psf=self.psf,
            columns=columns,
        )


def mosaics(typed: Sequence[str]) -> list[str] | dict[str, str]:
    """What was typed as `[BAND=]FILE`, repeated: files, or the file or pattern of each band."""
    return bands_of(typed) if any(map(BAND.fullmatch, typed)) else list(typed)


def bands_of(typed: Sequence[str]) -> dict[str, str]:
    """The file or pattern of each band, typed as `BAND=PATTERN`."""
    return pairs_of(typed, "BAND=PATTERN", "r=*_r.fits or r=*.fits[LAYER]")


def takes_images(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the argument INPUTS and the options about it, and its function the one keyword `named`."""

    @wraps(command)
    def with_images(**given: Any) -> Any:
        typed = Typed(**{field.name: given.pop(field.name) for field in fields(Typed)})
        with loading("libraries"):
            named = typed.named()
        return command(named=named, **given)

    return _with_parameters(with_images, PARAMETERS)


def takes_a_run(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options of a run over images, and its function the one keyword `options`."""

    @wraps(command)
    def with_options(
        *,
        pixel_scale: float | None,
        device: str,
        batch_size: int | None,
        workers: int | None,
        scheduler: str | None,
        resume: bool,
        **others: Any,
    ) -> Any:
        from ..images.given import in_arcsec
        from ..predict.options import Options

        options = Options(
            pixel_scale=in_arcsec("--pixel-scale (pixel_scale=)", pixel_scale),
            batch_size=batch_size,
            workers=workers,
            scheduler=scheduler,
            resume=resume,
            device=None if device == "auto" else device,
            command=click.get_current_context().obj,
        )
        return command(options=options, **others)

    return _with_parameters(with_options, RUN)


def loaded_for(options: Options, model: str, conditions: Mapping[str, Any] | None = None) -> Model:
    """The model of that name where it runs, told that of its images; on the CPU if workers of a scheduler compute."""
    with loading(model):
        from ..models.load import load

        return load(model, device="cpu" if options.scheduler else options.device or "auto", **(conditions or {}))


def _with_parameters(command: Callable[..., Any], parameters: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    for parameter in reversed(parameters):
        command = parameter(command)
    return command
