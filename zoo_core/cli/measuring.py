"""What judges: benchmarks, whether their results are true, the laws."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..catalog.measured import RESULTS
from .names import benchmark_names, model_names
from .show import as_json, echo, loading, progress, results_option, show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..bench.results import Result

__all__ = ["benchmark", "check", "score", "show_measured", "verify"]

SIDE_BY_SIDE = 2  # models in a table of 80 columns

written_option = click.option(
    "--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True, help="Folder to write into."
)


@click.command()
@click.argument("models", nargs=-1, required=True, shell_complete=model_names)
@click.option("--on", required=True, metavar="BENCHMARK", help="See `zoo benchmarks`.", shell_complete=benchmark_names)
@click.option("--data", type=click.Path(exists=True), metavar="PATH", help="The images, if you must have them.")
@click.option("--split", help="Of these images, instead of the benchmark's own.")
@written_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--batch-size", type=click.IntRange(min=1), default=64, show_default=True, help="Images at once.")
@click.option("--precision", default="float32", show_default=True, help="float32 or bf16.")
@click.option("--compile/--no-compile", default=None, help="Translate the network into C++ first.  [where it pays]")
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for pictures of what models see and doubt.")
@click.option("--rerun", is_flag=True, help="Measure anew what is there already.")
@as_json
@click.pass_context
def benchmark(
    ctx: click.Context,
    models: tuple[str, ...],
    on: str,
    data: str | None,
    split: str | None,
    results: Path,
    device: str,
    batch_size: int,
    precision: str,
    compile: bool | None,
    pictures: Path | None,
    rerun: bool,
    as_json: bool,
) -> None:
    """Measure MODELS on a benchmark and write a result for each."""
    with loading("libraries"):
        from ..bench.harness import benchmark

    with progress(on) as tick:
        measured = benchmark(
            models,
            on,
            data=data,
            split=split,
            results=results,
            device=device,
            batch_size=batch_size,
            precision=precision,
            compile=compile,
            rerun=rerun,
            progress=lambda model, done, total: tick(done, total),
        )
    show_measured(measured, as_json)
    if pictures is not None:
        _draw(models, on, data, split, device, pictures)
    ctx.exit(0 if all(result.status == "ok" for result in measured) else 1)


@click.command()
@click.argument("claim", metavar="RESULT|ENTRY", shell_complete=model_names)
@click.option("--on", metavar="BENCHMARK", help="Only the result on this one.", shell_complete=benchmark_names)
@results_option
@click.option("--data", type=click.Path(exists=True), metavar="PATH", help="The images, if you must have them.")
@click.option("--images", type=click.IntRange(min=1), help="To score again.  [256, or as many as decide the claim]")
@click.option("--seed", type=click.IntRange(min=0), help="Draws them.  [a new one]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--keep/--no-keep", default=True, show_default=True, help="Write what came of it beside the result.")
@click.option("--allow-unmeasured", is_flag=True, help="Exit with 0 although images of some results were not given.")
@as_json
@click.pass_context
def verify(
    ctx: click.Context,
    claim: str,
    on: str | None,
    results: Path | None,
    data: str | None,
    images: int | None,
    seed: int | None,
    device: str,
    keep: bool,
    allow_unmeasured: bool,
    as_json: bool,
) -> None:
    """Whether a result is true: its metrics are computed, and some of its images scored again.

    RESULT is a file of `zoo benchmark`, ENTRY a published model or a folder, of which all results are verified. The
    exit code is 1 if one is false, or if no image of one was scored again because its images were not given.
    """
    from ..bench.verify import results_named, verify

    verdicts = []
    for path, model in results_named(claim, results, on):
        with progress(path.parent.name) as tick:
            verdicts.append(
                verify(path, model, images=images, seed=seed, data=data, device=device, keep=keep, progress=tick)
            )
    show_rows([_verdict(one) for one in verdicts], as_json)
    unmeasured = [one for one in verdicts if one.verification is None and not allow_unmeasured]
    ctx.exit(1 if unmeasured or any(one.is_false for one in verdicts) else 0)


@click.command()
@click.argument("predictions", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--model", required=True, metavar="MODEL|FOLDER", help="That made them.", shell_complete=model_names)
@click.option("--on", required=True, metavar="BENCHMARK", help="A hidden test.", shell_complete=benchmark_names)
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Table of id and label, or of the parameters.",
)
@written_option
@as_json
def score(predictions: Path, model: str, on: str, truth: Path, results: Path, as_json: bool) -> None:
    """Score the table PREDICTIONS of a hidden test, whose truth its author never had."""
    from ..bench.hidden import score_predictions

    show_measured([score_predictions(predictions, truth, model, on, results)], as_json)


@click.command()
@click.argument("name")
@click.option("--weights", is_flag=True, help="Also replay the golden files of published weights.")
@click.option("--device", default="auto", show_default=True, help="Of published weights: auto, cpu, cuda or mps.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="Of the law `threads`; fewer than 20 are of one view and of one model of an architecture.",
)
@as_json
@click.pass_context
def check(ctx: click.Context, name: str, weights: bool, device: str, rounds: int, as_json: bool) -> None:
    """Try the laws on NAME: a plugin, an architecture or a model."""
    from ..testing.check import check

    report = check(name, weights, device, rounds)
    show_rows(report.rows(), as_json)
    if not as_json:
        echo(report.summary())
    ctx.exit(0 if report.passed else 1)


def _draw(models: tuple[str, ...], on: str, data: str | None, split: str | None, device: str, folder: Path) -> None:
    from ..bench.opened import with_data
    from ..board.pictures import draw_pictures
    from ..catalog.registry import catalog
    from ..models.load import load

    spec = with_data(catalog().benchmark(on), data, split)
    for name in models:
        draw_pictures(load(name, device=device), spec, folder)


def show_measured(results: Sequence[Result], as_json: bool) -> None:
    """What was measured: as JSON a row a model, else a line a metric and a few models side by side, which fits."""
    if as_json:
        show_rows([_row(result) for result in results], as_json)
        return
    for start in range(0, len(results), SIDE_BY_SIDE):
        shown = results[start : start + SIDE_BY_SIDE]
        names = dict.fromkeys(name for result in shown for name in _row(result) if name not in ("model", "message"))
        show_rows([{"": name, **{one.model: _row(one).get(name, "") for one in shown}} for name in names], as_json)
        echo("".join(f"{one.model}: {one.message}\n" for one in shown if one.message))


def _row(result: Result) -> dict[str, str]:
    """How many images of each class, and every metric with its 95 % interval."""
    numbers = {name: _estimate(estimate) for name, estimate in result.metrics.items()}
    images = ", ".join(f"{count:,} {name}" for name, count in result.images.items())
    return {"model": result.model, "status": result.status, "images": images, **numbers, "message": result.message}


def _verdict(verdict) -> dict:
    made = verdict.verification
    return {
        "model": verdict.model,
        "benchmark": verdict.benchmark,
        "claim": "FALSE" if verdict.is_false else verdict.badge,
        "scored again": f"{made.images:,} of {made.of:,}" if made else "",
        "seed": made.seed if made else "",
        "message": "; ".join(verdict.faults) or verdict.remark,
    }


def _estimate(estimate) -> str:
    if estimate.value is None:
        return "not defined"
    span = "" if estimate.low is None or estimate.high is None else f" ({estimate.low:.4g} to {estimate.high:.4g})"
    return f"{estimate.value:.4g}{span}"
