"""`zoo explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import takes_images
from .names import model_names
from .show import echo, loading, results_option

if TYPE_CHECKING:
    from ..models.model import Model
    from ..predict.inputs import Named

__all__ = ["explain"]

MOST = 30  # images in a picture, as in a gallery
METHODS = ("integrated-gradients", "grad-cam", "occlusion")


@click.command()
@click.argument("model", shell_complete=model_names)
@takes_images
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Picture to write: png, pdf, svg.")
@click.option("--of", metavar="NAME", help="Class or parameter that is explained.  [last class, first parameter]")
@click.option(
    "--method", "methods", multiple=True, type=click.Choice(METHODS), help="Only this one; may be repeated.  [all]"
)
@click.option("--on", metavar="BENCHMARK", help="Instead of images: the worst mistakes on this benchmark.")
@click.option("--worst", type=click.IntRange(min=1), default=12, show_default=True, help="So many of them.")
@click.option("--data", type=click.Path(exists=True), metavar="PATH", help="The benchmark's images, if you have them.")
@results_option
@click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Overrides the header.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
def explain(
    model: str,
    named: Named,
    out: Path,
    of: str | None,
    methods: tuple[str, ...],
    on: str | None,
    worst: int,
    data: str | None,
    results: Path | None,
    pixel_scale: float | None,
    device: str,
) -> None:
    """Show which pixels of INPUTS decided what MODEL answers, over the images.

    Of more than 30 images the first 30 are shown. Red pixels speak for the class or the parameter that is explained,
    blue ones against it. Needs the extra: pip install 'zoo-core[explain]'. With --on, the images on which MODEL was
    most wrong are shown with their truth, from the predictions that `zoo benchmark` has stored.
    """
    with loading("libraries"):
        from ..files import check_place
        from ..images.given import in_arcsec
        from ..models.load import load
        from ..predict.explain import draw_explanations
        from ..predict.explain import explain as explained
        from ..predict.inputs import Files
        from ..predict.picture import check_picture

    if (named != Files([])) == (on is not None):
        raise click.UsageError("name images, or a benchmark with --on")
    check_picture(out)
    check_place(out)
    network = load(model, device=device)
    network.require_trained()
    if on is not None:
        _draw_worst(network, on, data, results, out, worst)
        return
    found = explained(network, named, methods or METHODS, of, in_arcsec("--pixel-scale", pixel_scale), MOST)
    draw_explanations(out, found, network.id)
    echo(str(out))


def _draw_worst(network: Model, on: str, data: str | None, results: Path | None, out: Path, count: int) -> None:
    from ..bench.opened import with_data
    from ..board.mistakes import draw_worst
    from ..catalog.measured import published_results
    from ..catalog.registry import catalog

    draw_worst(network, with_data(catalog().benchmark(on), data, None), published_results(results), out, count)
    echo(str(out))
