"""What there is: models, data sets, benchmarks, plugins, and the environment. None of them imports torch but `env`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..catalog.specs import ANY
from .names import benchmark_names, domain_names, model_names, task_names
from .numbers import metric_lines
from .show import WholeSentences, as_json, results_option, show_facts, show_rows

if TYPE_CHECKING:
    from ..models.describe import PublishedModel
    from ..plugins import Plugin

__all__ = ["benchmarks", "datasets", "env", "info", "models", "plugins"]

WHOLE = "nothing is missing, truncated or too many"

pattern_argument = click.argument("pattern", default="*")
task_option = click.option(
    "--task", metavar="TASK", help="Only of this task, such as classification.", shell_complete=task_names
)
on_option = click.option(
    "--on", metavar="BENCHMARK", help="Only what was measured on this one.", shell_complete=benchmark_names
)
domain_option = click.option(
    "--domain", metavar="DOMAIN", help="Only of simulated or of real images.", shell_complete=domain_names
)


@click.command()
@pattern_argument
@task_option
@on_option
@domain_option
@click.option("--sort", metavar="KEY", help="id, size, or with --on a metric, the best first.  [id]")
@results_option
@as_json
def models(
    pattern: str,
    task: str | None,
    on: str | None,
    domain: str | None,
    sort: str | None,
    results: Path | None,
    as_json: bool,
) -> None:
    """Published models; of a quoted PATTERN such as '*lens*' only these.

    --domain is that of the training images. With --on each row also has the metric that ranks, or that of --sort.
    """
    from ..catalog.cost import cost_record
    from ..catalog.selection import selected_models

    rows = [
        {
            "id": spec.id,
            "task": spec.task,
            "bands": "+".join(spec.bands),
            "pixel_scale": spec.pixel_scale,
            "size": _size(spec.weights.size),
            "domain": spec.domain,
            "default": "default" if spec.default else "",
            "summary": spec.summary,
        }
        | (cost_record(spec) if as_json else {})
        | {name: value for name, value in [measured] if name}
        for spec, measured in selected_models(pattern, task, on, domain, sort, results)
    ]
    asked = {"for {}": task, "trained on {} images": domain, "measured on {}": on}
    words = ["no published models", *(phrase.format(value) for phrase, value in asked.items() if value)]
    show_rows(rows, as_json, empty=_none(" ".join(words), pattern))


@click.command()
@click.argument("model", shell_complete=model_names)
@on_option
@task_option
@domain_option
@click.option("--sort", metavar="METRIC", help="Benchmarks that have it, the best value first.")
@results_option
@click.option("--all", "each", is_flag=True, help="A line each number of each parameter, with its 95 % interval.")
@as_json
def info(
    model: str,
    on: str | None,
    task: str | None,
    domain: str | None,
    sort: str | None,
    results: Path | None,
    each: bool,
    as_json: bool,
) -> None:
    """All that is known of a published MODEL; --on, --task, --domain and --sort choose among its benchmarks."""
    from dataclasses import replace

    from ..catalog.selection import selected_results
    from ..models.describe import describe

    description = describe(model, results)
    chosen = selected_results(description.spec, description.results, on, task, domain, sort)
    description = replace(description, results=chosen)
    show_facts(description.record() if as_json else _facts(description, each), as_json)


class _Listed(WholeSentences):
    """A group whose command `list` is meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else ["list", *args])


@click.group(cls=_Listed)
def datasets() -> None:
    """Data sets that can be opened here: `zoo datasets [PATTERN]` lists them, `zoo datasets info NAME` tells all."""


@datasets.command("list")
@pattern_argument
@task_option
@as_json
def listed(pattern: str, task: str | None, as_json: bool) -> None:
    """Data sets that can be opened here; of a quoted PATTERN only these."""
    from ..catalog.listing import list_datasets

    rows = [
        {"name": spec.name, "task": spec.task, "domain": spec.domain, "plugin": spec.plugin, "summary": spec.summary}
        for spec in list_datasets(pattern, task)
    ]
    show_rows(rows, as_json, empty=_none("no data sets", pattern))


@datasets.command("info")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), metavar="PATH", help="Also check what you have downloaded.")
@as_json
@click.pass_context
def about(ctx: click.Context, name: str, data: Path | None, as_json: bool) -> None:
    """Where to get the data set NAME, how large it is, and whether what lies at PATH is whole.

    The exit code is 1 if files are missing, truncated or too many.
    """
    from ..catalog.registry import catalog
    from ..datasets.opening import examine

    spec = catalog().dataset(name)
    facts: dict[str, Any] = {
        spec.name: spec.summary,
        "task": spec.task,
        "domain": spec.domain,
        "plugin": spec.plugin,
        "get it from": spec.available_at,
        "holds": spec.holds,
        "licence": spec.licence,
        "paper": spec.paper,
    }
    faults: Sequence[str] = ()
    if data is not None:
        found, faults = examine(name, data, spec.plugin)
        facts |= {"found": found, "check": list(faults) if as_json else "\n".join(faults) or WHOLE}
    show_facts(facts, as_json)
    ctx.exit(1 if faults else 0)


@click.command()
@pattern_argument
@task_option
@as_json
def benchmarks(pattern: str, task: str | None, as_json: bool) -> None:
    """Benchmarks: frozen images, and what is measured on them; of a quoted PATTERN only these."""
    from ..catalog.listing import list_benchmarks

    rows = [
        {
            "id": spec.id,
            "task": spec.task,
            "data set": spec.dataset,
            "metrics": ", ".join(spec.metrics),
            "summary": spec.summary,
        }
        for spec in list_benchmarks(pattern, task)
    ]
    show_rows(rows, as_json, empty=_none("no benchmarks", pattern))


@click.command()
@pattern_argument
@click.option("--no-import", is_flag=True, help="Only list them.")
@click.option("--keys", is_flag=True, help="What each architecture takes: arguments, and settings of its training.")
@as_json
def plugins(pattern: str, no_import: bool, keys: bool, as_json: bool) -> None:
    """Installed plugins, each imported on its own; a broken one is named with its error."""
    from ..plugins import list_plugins

    if keys:
        if no_import:
            raise click.UsageError("--keys imports the plugins; leave out --no-import")
        keyed = [row for plugin in list_plugins(pattern) for row in _key_rows(plugin)]
        show_rows(keyed, as_json, empty=_none("no keys of plugins", pattern))
        return
    rows = [_plugin_row(plugin, no_import) for plugin in list_plugins(pattern, import_them=not no_import)]
    show_rows(rows, as_json, empty=_none("no plugins", pattern, "; pip install zoo-lastro"))


@click.command()
@as_json
def env(as_json: bool) -> None:
    """Versions and machine, for a bug report."""
    from ..env import environment

    show_facts(environment(), as_json)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e5 else f"{n_bytes / 1e3:.1f} kB"


def _plugin_row(plugin, only_listed: bool) -> dict[str, Any]:
    row = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    if only_listed:
        return row
    provided = [item.name for items in (plugin.architectures, plugin.datasets, plugin.metrics) for item in items]
    return row | {"status": plugin.error or "ok", "provides": ", ".join(provided)}


def _key_rows(plugin: Plugin) -> Iterator[dict[str, Any]]:
    """What recipes may say under `arguments:` and `settings:`, by the dataclasses of the architectures."""
    from ..typed import keys_of

    for architecture in plugin.architectures:
        for place in ("arguments", "settings"):
            for key in keys_of(getattr(architecture, place)):
                row = {"architecture": architecture.name, "under": place, "key": key.name, "type": key.kind}
                yield row | {"default": key.default, "meaning": key.meaning}


def _none(what: str, pattern: str, advice: str = "") -> str:
    """That there is nothing of the pattern, and how it would find a part of a name; without one, the advice."""
    if pattern == "*":
        return what + advice
    literal = not any(letter in pattern for letter in "*?[")
    return f"{what} called {pattern!r}" + (f"; '*{pattern}*' finds a part of a name" if literal else "")


def _facts(published: PublishedModel, each: bool) -> dict[str, Any]:
    from ..catalog.cost import cost_in_words

    spec = published.spec
    scale = "any pixel scale" if spec.pixel_scale == ANY else f'{spec.pixel_scale:g}"/px, others are resampled to it'
    return {
        spec.id: spec.summary or spec.architecture,
        "task": " of ".join(filter(None, [spec.task, spec.heads.described])),
        "input": f"{' + '.join(spec.bands)}, {published.size} x {published.size} px, {scale}",
        "views": spec.views,
        "cost": cost_in_words(spec),
        "prior": spec.calibration.prior or (),
        "errors multiplied by": tuple(f"{scale:.3g}" for scale in spec.calibration.error_scales),
        "weights": f"{_size(spec.weights.size)}, sha256 {spec.weights.sha256}",
        "Hub": f"{spec.weights.repo} at {spec.weights.revision}" if spec.weights.repo else "",
        "plugin": spec.plugin + ("" if published.installed else f" (not installed; pip install {spec.plugin})"),
        "licence": spec.licence,
        "training data": spec.training_data,
        "domain": spec.domain,
        "trained on": spec.training_sets,
        "known failures": "\n".join(spec.known_failures),
        "false positives": "\n".join(published.false_positives),
        **{f"on {name}": "\n".join(metric_lines(found, spec.heads, each)) for name, found in published.results.items()},
        "paper": spec.paper,
    }
