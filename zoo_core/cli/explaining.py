"""`zoo explain`."""

from pathlib import Path

import click

from .show import echo

__all__ = ["explain"]

METHODS = ("integrated-gradients", "grad-cam", "occlusion")


@click.command()
@click.argument("model")
@click.argument("images", nargs=-1, required=True)
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Picture to write: png, pdf, svg.")
@click.option("--of", metavar="NAME", help="Class or parameter that is explained.  [the last one]")
@click.option(
    "--method", "methods", multiple=True, type=click.Choice(METHODS), help="Only this one; may be repeated.  [all]"
)
@click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Overrides the header.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
def explain(
    model: str,
    images: tuple[str, ...],
    out: Path,
    of: str | None,
    methods: tuple[str, ...],
    pixel_scale: float | None,
    device: str,
) -> None:
    """Show which pixels of IMAGES decided what MODEL answers, over the images.

    Red pixels speak for the class or the parameter that is explained, blue ones against it. Needs the extra:
    pip install 'zoo-core[explain]'.
    """
    from ..images.given import in_arcsec
    from ..models.load import load
    from ..predict.explain import draw_explanations
    from ..predict.explain import explain as explained
    from ..predict.gallery import check_picture

    check_picture(out)
    network = load(model, device=device)
    network.require_trained()
    found = explained(network, images, methods or METHODS, of, in_arcsec("--pixel-scale", pixel_scale))
    draw_explanations(out, found, network.id)
    echo(str(out))
