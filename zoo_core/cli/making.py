"""What makes something: simulated images, a trained network, a new plugin."""

from pathlib import Path

import click

from .names import dataset_names
from .outcome import say_next
from .pairs import values_of
from .show import echo, loading, progress

__all__ = ["new", "simulate", "train"]

ARGUMENT = "theta_E=[0.1, 0.5]"


@click.command()
@click.argument("dataset", shell_complete=dataset_names)
@click.option("-n", "count", type=click.IntRange(min=1), required=True, help="Images.")
@click.option("--seed", type=int, default=0, show_default=True, help="Another seed gives other images.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option(
    "--format", "format_", type=click.Choice(["fits", "hdf5", "deeplense"]), default="fits", show_default=True,
    help="deeplense: <class>/<id>.npy.",
)  # fmt: skip
@click.option("--difficulty", help="Of data sets that have several, such as substructure.")
@click.option(
    "--argument", "further", multiple=True, metavar="KEY=VALUE", help=f"Of the data set, such as '{ARGUMENT}'."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--overwrite", is_flag=True, help="Begin anew; otherwise an interrupted run is resumed.")
def simulate(
    dataset: str,
    count: int,
    seed: int,
    out: Path,
    format_: str,
    difficulty: str | None,
    further: tuple[str, ...],
    device: str,
    overwrite: bool,
) -> None:
    """Simulate images of a DATASET, such as finding_space, with their truth."""
    with loading("libraries"):
        from ..datasets.writer import simulate
        from ..models.devices import device_named

    chosen = device_named(device)
    chosen = device_named("cpu") if chosen.type == "mps" else chosen  # which has no double precision
    arguments = values_of(further, ARGUMENT) | ({"difficulty": difficulty} if difficulty else {})
    if own := {"n", "seed"} & {*arguments}:
        raise click.UsageError(f"--argument {min(own)}=...: it has an option of its own, -n or --seed")
    with progress(dataset) as tick:
        written = simulate(
            dataset, count, seed, out, format=format_, overwrite=overwrite, progress=tick, arguments=arguments,
            device=chosen,
        )  # fmt: skip
    echo(str(written))


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder of the run.  [runs/<model id>]")
@click.option("--data", type=click.Path(path_type=Path), help="Where the images are, if the recipe's are on files.")
@click.option("--on", metavar="DATASET", help="Learn from this data set instead of the recipe's, see `zoo datasets`.")
@click.option("--restart", is_flag=True, help="Begin anew; otherwise the last checkpoint is resumed.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--max-time", metavar="DD:HH:MM:SS", help="Stop then, with the best checkpoint so far.")
@click.option("--steps", type=click.IntRange(min=1), help="Instead of the recipe's.")
def train(
    recipe: Path,
    out: Path | None,
    data: Path | None,
    on: str | None,
    restart: bool,
    device: str,
    max_time: str | None,
    steps: int | None,
) -> None:
    """Train a network as a RECIPE (YAML) says; the folder it writes can be loaded."""
    import sys

    with loading("libraries"):
        from ..train.fit import train

    folder = train(
        recipe,
        out,
        data=data,
        resume=not restart,
        device=device,
        max_time=max_time,
        steps=steps,
        on=on,
        progress=sys.stderr.isatty(),
    )
    echo(str(folder))
    say_next(folder, published=True)


@click.command()
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), help="Folder to make.  [NAME]")
def new(name: str, to: Path | None) -> None:
    """Write a plugin NAME to start from: a network, its entry point, tests and a recipe."""
    from ..testing.scaffold import new

    folder = new(name, to)
    echo(f"{folder} is a plugin; next:\n  pip install -e {folder}\n  zoo check {name}")
