"""Models in and out: fetch one for a machine without network, publish one."""

from pathlib import Path

import click

from .names import model_names
from .show import as_json, echo, results_option, show_rows

__all__ = ["bundle", "fetch", "publish", "review", "submit"]

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Its training images, if they are on files; the golden file takes five.",
)


@click.command()
@click.argument("model", shell_complete=model_names)
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder to make.")
@click.option("--cache-dir", type=click.Path(path_type=Path), help="Cache of downloads.  [Hugging Face's]")
def fetch(model: str, to: Path, cache_dir: Path | None) -> None:
    """Write a published MODEL into a folder that `zoo predict` and `zoo.load` read without any network."""
    from ..catalog.folder import fetch

    echo(str(fetch(model, to, cache_dir)))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@data_option
def bundle(folder: Path, data: Path | None) -> None:
    """Give the trained model in FOLDER to its installed plugin: weights, golden file, entry in its registry."""
    from ..publish.bundle import ship

    shipped = ship(folder, data)
    echo(f"{shipped.model} comes with its plugin now:")
    for path in shipped.files:
        echo(f"  {path}")


@click.command()
@click.argument("model", shell_complete=model_names)
@click.option("--repo", required=True, metavar="OWNER/NAME", help="Hugging Face repository; made if it is not there.")
@results_option
@click.option(
    "--benchmarks",
    metavar="OWNER",
    help="Hub owner of data sets that it lists as benchmarks under these names: also write .eval_results.",
)
@click.option("--private", is_flag=True, help="Of a new repository.")
@click.option("--dry-run", is_flag=True, help="Check everything and show the card; send nothing.")
def publish(model: str, repo: str, results: Path | None, benchmarks: str | None, private: bool, dry_run: bool) -> None:
    """Upload a MODEL (an id or a folder) with its golden file and a card of its measured results."""
    from ..publish.upload import publish, rehearse

    if dry_run:
        echo(rehearse(model, results, benchmarks).text(repo))
        return
    published = publish(model, repo, results, private, benchmarks)
    echo(f"{published.model} is at {published.url}; its entry in the registry:")
    echo(published.entry())


@click.command()
@click.argument("model", metavar="MODEL|FOLDER", shell_complete=model_names)
@click.option("--to", type=click.Path(path_type=Path), help="A checkout of the zoo's repository, or a new folder.")
@results_option
@data_option
@click.option("--dry-run", is_flag=True, help="Check everything and show what would be written.")
@as_json
@click.pass_context
def submit(
    ctx: click.Context,
    model: str,
    to: Path | None,
    results: Path | None,
    data: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Check a model and write what a pull request needs: entry, results, predictions, card, plugin with golden file.

    Nothing is written unless every check is passed.
    """
    from ..publish.proposal import submit

    if to is None and not dry_run:
        raise click.UsageError("say where to write it with --to FOLDER, or only check with --dry-run", ctx)
    proposal = submit(model, None if dry_run else to, results, data)
    show_rows(_rows(proposal), as_json)
    if not as_json:
        echo("\n" + _outcome(proposal, dry_run))
    ctx.exit(0 if proposal.passed else 1)


def _rows(proposal) -> list[dict]:
    """A row for each check, then one for each file."""
    checks = [
        {"what": check.subject, "found": "FAULT" if check.faults else "ok", "message": "; ".join(check.faults)}
        for check in proposal.checks
    ]
    return checks + [{"what": name, "found": f"{size:,} bytes", "message": ""} for name, size in proposal.files.items()]


def _outcome(proposal, dry_run: bool) -> str:
    if not proposal.passed:
        return f"{proposal.model} cannot be proposed yet; nothing was written"
    if dry_run:
        return f"{proposal.model} can be proposed; nothing was written"
    return f"the proposal of {proposal.model} is in {proposal.to}: commit it on a branch, push, open a pull request"


@click.command()
@click.argument("proposal", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Checkout without the proposal.",
)
@click.option("--to", type=click.Path(path_type=Path), help="Folder for models.txt and requirements.txt.")
@as_json
@click.pass_context
def review(ctx: click.Context, proposal: Path, against: Path, to: Path | None, as_json: bool) -> None:
    """What a PROPOSAL (a checkout) lists and measures, and what of it cannot be; no code of it is run."""
    from ..publish.review import review, write_review

    found = review(proposal, against)
    rows = [{"what": id, "found": "proposed", "message": ""} for id in found.models]
    rows += [{"what": "", "found": "FAULT", "message": fault} for fault in found.faults]
    show_rows(rows, as_json, empty="no model is proposed")
    if to is not None:
        write_review(found, to)
    ctx.exit(1 if found.faults else 0)
