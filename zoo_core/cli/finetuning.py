"""`zoo finetune`."""

import sys
from pathlib import Path

import click

from .names import dataset_names, model_names
from .outcome import say_next
from .pairs import values_of
from .show import echo, loading

__all__ = ["finetune"]


@click.command()
@click.argument("model", shell_complete=model_names)
@click.option(
    "--on",
    required=True,
    shell_complete=dataset_names,
    help="Data set; `folder` for your own images, one folder a class.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Where the images are, if they are on files.")
@click.option("--argument", "arguments", multiple=True, metavar="KEY=VALUE", help="Of the data set, such as n=2000.")
@click.option("--pixel-scale", type=float, metavar="ARCSEC", help="Of the images; overrides their headers.")
@click.option(
    "--architecture",
    metavar="NAME",
    help="Another network of the same plugin, which takes the tensors of the same name.  [the model's]",
)
@click.option(
    "--validation",
    multiple=True,
    metavar="KEY=VALUE",
    help="What differs for the validation images, such as seed=2.  [a fifth of the images is held out]",
)
@click.option("--labels-per-class", type=click.IntRange(min=1), help="Learn from so few images.")
@click.option("--fraction", type=click.FloatRange(0, 1, min_open=True), help="Learn from this fraction of the images.")
@click.option("--freeze", is_flag=True, help="Train nothing but the head.")
@click.option("--steps", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--lr", type=click.FloatRange(0, min_open=True), default=1e-3, show_default=True, help="Of the head.")
@click.option("--batch-size", type=click.IntRange(min=1), default=32, show_default=True)
@click.option(
    "--layer-decay",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="Learning rate of the first layer, in that of the head.",
)
@click.option("--dihedral/--no-dihedral", default=True, show_default=True, help="Turn and mirror images at random.")
@click.option("--views", type=click.Choice(["1", "8"]), help="Of the result.  [as the model's]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder of the run.  [runs/<architecture>.<data set>]"
)
@click.option("--restart", is_flag=True, help="Begin anew; otherwise the last checkpoint is resumed.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--max-time", metavar="DD:HH:MM:SS", help="Stop then, with the best checkpoint so far.")
def finetune(
    model: str,
    on: str,
    data: Path | None,
    arguments: tuple[str, ...],
    pixel_scale: float | None,
    architecture: str | None,
    validation: tuple[str, ...],
    labels_per_class: int | None,
    fraction: float | None,
    freeze: bool,
    steps: int,
    lr: float,
    batch_size: int,
    layer_decay: float,
    dihedral: bool,
    views: str | None,
    seed: int,
    out: Path | None,
    restart: bool,
    device: str,
    max_time: str | None,
) -> None:
    """Train a MODEL further on other images, with their classes and bands; the folder it writes can be loaded."""
    with loading("libraries"):
        from ..train.finetune import finetune

    folder = finetune(
        model,
        on,
        out,
        data=data,
        arguments=values_of(arguments, "n=2000"),
        pixel_scale=pixel_scale,
        architecture=architecture,
        validation=values_of(validation, "n=2000") or None,
        labels_per_class=labels_per_class,
        fraction=fraction,
        freeze=freeze,
        steps=steps,
        lr=lr,
        batch_size=batch_size,
        layer_decay=layer_decay,
        dihedral=dihedral,
        views=None if views is None else 8 if views == "8" else 1,
        seed=seed,
        resume=not restart,
        device=device,
        max_time=max_time,
        progress=sys.stderr.isatty(),
    )
    echo(str(folder))
    say_next(folder)
