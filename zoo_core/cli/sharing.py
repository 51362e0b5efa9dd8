"""Models in and out: fetch one for a machine without network, publish one."""

from pathlib import Path

import click

from ..catalog.measured import RESULTS
from .names import model_names
from .show import echo

__all__ = ["fetch", "publish"]


@click.command()
@click.argument("model", shell_complete=model_names)
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--cache-dir", type=click.Path(path_type=Path), help="Cache of downloads.  [Hugging Face's]")
def fetch(model: str, to: Path, cache_dir: Path | None) -> None:
    """Write a published MODEL into a folder that `zoo predict` and `zoo.load` read without any network."""
    from ..catalog.folder import fetch

    echo(str(fetch(model, to, cache_dir)))


@click.command()
@click.argument("model", shell_complete=model_names)
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Hugging Face repository; made if it is not there.")
@click.option(
    "--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help="Folder of the results."
)
@click.option(
    "--benchmarks", metavar="OWNER", help="Hub owner of the data sets called as the benchmarks.  [that of --repo]"
)
@click.option("--private", is_flag=True, help="Of a new repository.")
@click.option("--dry-run", is_flag=True, help="Check everything and show the card; send nothing.")
def publish(model: str, repo: str, results: Path, benchmarks: str | None, private: bool, dry_run: bool) -> None:
    """Upload a MODEL (an id or a folder) with its golden file and a card of its measured results."""
    from ..publish.upload import publish, rehearse

    if dry_run:
        echo(rehearse(model, results, benchmarks or repo.partition("/")[0]).text(repo))
        return
    published = publish(model, repo, results, private, benchmarks)
    echo(f"{published.model} is at {published.url}; its entry in the registry:")
    echo(published.entry())
