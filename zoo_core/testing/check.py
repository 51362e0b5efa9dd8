"""Whether what is installed obeys the laws. A law that did not run is not a pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec
from ..errors import NotInstalledError, PluginError, UnknownNameError
from ..interfaces import Architecture, DatasetFactory
from ..metric import Metric
from ..models.devices import device_named
from ..plugins import Plugin, list_plugins, plugin_named, plugin_names
from .dataset_laws import DATASET_LAWS, asks_for_files
from .imports import light_import
from .laws import NETWORK_LAWS
from .members import MEMBERS_LAW, OF_MEMBERS_LAWS, members_fit
from .metric_laws import METRIC_LAWS, UntriedError, heads_for
from .trained import OF_CODE, ROUNDS, TRAINED_LAWS, Trial

__all__ = ["BROKEN", "EXPECTED", "OBEYED", "SKIPPED", "Outcome", "Report", "check"]

OBEYED, BROKEN, EXPECTED, SKIPPED = "obeyed", "broken", "expected to fail", "skipped"


@dataclass(frozen=True)
class Outcome:
    """What became of one law.

    Arguments:
        subject: the plugin, architecture or model that was checked.
        law: its name.
        status: OBEYED, BROKEN, EXPECTED (broken, as the plugin declares) or SKIPPED.
        required: the report fails unless it is obeyed or declared.
        message: what is wrong, or why it was skipped.
        seconds: it took.
    """

    subject: str
    law: str
    status: str
    required: bool
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """What became of all laws of one name."""

    name: str
    outcomes: tuple[Outcome, ...]

    @property
    def ran(self) -> int:
        """Laws that were tried."""
        return sum(outcome.status != SKIPPED for outcome in self.outcomes)

    @property
    def required(self) -> int:
        """Laws without which the report fails."""
        return sum(outcome.required for outcome in self.outcomes)

    @property
    def expected(self) -> int:
        """Laws that are broken as declared."""
        return sum(outcome.status == EXPECTED for outcome in self.outcomes)

    @property
    def skipped(self) -> int:
        """Laws that were not tried."""
        return sum(outcome.status == SKIPPED for outcome in self.outcomes)

    @property
    def passed(self) -> bool:
        """Every required law ran, and none is broken but those declared."""
        missing = any(outcome.required and outcome.status == SKIPPED for outcome in self.outcomes)
        return self.ran > 0 and not missing and all(outcome.status != BROKEN for outcome in self.outcomes)

    def summary(self) -> str:
        """The report in one line."""
        broken = sum(outcome.status == BROKEN for outcome in self.outcomes)
        counts = (
            f"{self.ran} ran, {self.required} required, {broken} broken, "
            f"{self.expected} expected to fail, {self.skipped} skipped"
        )
        return f"{self.name}: {'passed' if self.passed else 'FAILED'} ({counts})"

    def rows(self) -> list[dict[str, str | bool | float]]:
        """One mapping a law, for a table or JSON."""
        return [asdict(outcome) for outcome in self.outcomes]


def check(name: str, weights: bool = False, device: str = "auto", rounds: int = ROUNDS) -> Report:
    """The laws, tried on a plugin with its data sets and metrics, an architecture or a model `architecture.tag`.

    Of a model that is made of others, a committee or a pipeline, the members are those that its entry names.

    Arguments:
        name: of any of the three; a plugin's name means all that it provides.
        weights: also demand published weights, of a plugin for one of its architectures at least, and replay their
            golden files.
        device: where published weights run; "auto" for the fastest there is.
        rounds: how often the law `threads` repeats each prediction of published weights; fewer than 20 are of one view
            and of one model of each architecture.

    Raises:
        UnknownNameError, NotInstalledError: nothing installed is called that.
        PluginError: the plugin cannot be imported.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.check("trivial").summary()
        'trivial: passed (... ran, ... required, 0 broken, 0 expected to fail, ... skipped)'
    """
    trial, spec = Trial(str(device_named(device)), rounds), catalog().models.get(name)
    if spec is not None and spec.members:
        return Report(name, tuple(_of_members_outcomes(spec, weights, trial)))
    plugin, architectures = _resolved(name)
    outcomes = [_tried(plugin.name, "import", True, partial(light_import, plugin))]
    published = [_published(name, architecture, plugin) for architecture in architectures]
    for architecture, specs in zip(architectures, published, strict=True):
        outcomes += _network_outcomes(architecture)
        outcomes += _trained_outcomes(architecture, specs, weights, not any(published), trial)
    if name in (plugin.name, plugin.distribution):
        outcomes += [one for factory in plugin.datasets for one in _dataset_outcomes(factory)]
        outcomes += [one for metric in plugin.metrics for one in _metric_outcomes(metric, plugin)]
    return Report(name, tuple(outcomes))


def _of_members_outcomes(spec: ModelSpec, asked: bool, trial: Trial) -> Iterator[Outcome]:
    yield _tried(spec.id, MEMBERS_LAW, True, partial(members_fit, spec))
    for law, faults in OF_MEMBERS_LAWS.items():
        if asked:
            yield _tried(spec.id, law, True, partial(faults, spec, trial))
        else:
            yield _skipped(spec.id, law, False, "asked for with --weights")


def _network_outcomes(architecture: Architecture) -> list[Outcome]:
    unknown = sorted(set(architecture.broken_laws) - set(NETWORK_LAWS))
    if unknown:
        raise PluginError(
            f"{architecture.name} declares the laws {', '.join(unknown)} broken; laws: {', '.join(NETWORK_LAWS)}"
        )
    return [
        _declared(_tried(architecture.name, law, True, partial(faults, architecture)), architecture)
        for law, faults in NETWORK_LAWS.items()
    ]


def _trained_outcomes(
    architecture: Architecture, specs: list[ModelSpec], asked: bool, needed: bool, trial: Trial
) -> list[Outcome]:
    if not asked:
        return [_skipped(architecture.name, law, False, "asked for with --weights") for law in TRAINED_LAWS]
    if not specs:
        return [_skipped(architecture.name, law, needed, "no published model of it is known") for law in TRAINED_LAWS]
    alone = f"of fewer than {ROUNDS} rounds, {specs[0].id} alone is tried"
    return [
        _skipped(spec.id, law, False, alone)
        if trial.is_short and law in OF_CODE and spec != specs[0]
        else _tried(spec.id, law, True, partial(faults, spec, trial))
        for spec in specs
        for law, faults in TRAINED_LAWS.items()
    ]


def _dataset_outcomes(factory: DatasetFactory) -> list[Outcome]:
    if asks_for_files(factory):
        return [_skipped(factory.name, law, False, "read from files that you have") for law in DATASET_LAWS]
    return [_tried(factory.name, law, True, partial(faults, factory)) for law, faults in DATASET_LAWS.items()]


def _metric_outcomes(metric: Metric, plugin: Plugin) -> list[Outcome]:
    heads = {one.task: one.heads for one in reversed(plugin.architectures)}
    try:
        of = heads_for(metric, heads)
        next(METRIC_LAWS["defined"](metric, of), None)
    except UntriedError as error:
        return [_skipped(metric.name, law, False, str(error)) for law in METRIC_LAWS]
    except Exception:  # noqa: BLE001 - a fault of the metric, which the laws report
        pass
    return [_tried(metric.name, law, True, partial(faults, metric, of)) for law, faults in METRIC_LAWS.items()]


def _tried(subject: str, law: str, required: bool, faults: Callable[[], Iterator[str]]) -> Outcome:
    start = time.perf_counter()
    try:
        found = list(faults())
    except Exception as error:  # noqa: BLE001 - a plugin's code may raise anything; that is a fault of its own
        found = [f"{type(error).__name__}: {' '.join(str(error).split())}"]
    status = BROKEN if found else OBEYED
    return Outcome(subject, law, status, required, "; ".join(found), round(time.perf_counter() - start, 3))


def _skipped(subject: str, law: str, required: bool, why: str) -> Outcome:
    return Outcome(subject, law, SKIPPED, required, why)


def _declared(outcome: Outcome, architecture: Architecture) -> Outcome:
    reason = architecture.broken_laws.get(outcome.law)
    if reason is None:
        return outcome
    if outcome.status == OBEYED:
        message = f"declared broken ({reason}) but obeyed; remove the declaration"
        return Outcome(outcome.subject, outcome.law, BROKEN, True, message, outcome.seconds)
    return Outcome(outcome.subject, outcome.law, EXPECTED, True, f"{reason}: {outcome.message}", outcome.seconds)


def _resolved(name: str) -> tuple[Plugin, tuple[Architecture, ...]]:
    if name in plugin_names():
        plugin = _sound(plugin_named(name))
        return plugin, plugin.architectures
    specs = catalog().models
    wanted = specs[name].architecture if name in specs else name
    for plugin in list_plugins():
        for architecture in plugin.architectures:
            if architecture.name == wanted:
                return plugin, (architecture,)
    provided = [item.name for plugin in list_plugins() for item in plugin.architectures]
    known = {*plugin_names(), *provided, *specs}
    raise _not_installed(name) or UnknownNameError.among("plugin, architecture or model", name, known)


def _not_installed(name: str) -> NotInstalledError | None:
    """Where a folder of that name, such as `zoo new` writes, is a distribution that nobody has installed."""
    folder = Path(name)
    if not (folder / "pyproject.toml").is_file():
        return None
    return NotInstalledError(
        f"{folder} is a folder that is not installed, so that its plugin is not found; pip install -e {folder}"
    )


def _sound(plugin: Plugin) -> Plugin:
    if plugin.error is not None:
        raise PluginError(f"plugin {plugin.name!r} of {plugin.distribution} cannot be imported: {plugin.error}")
    return plugin


def _published(name: str, architecture: Architecture, plugin: Plugin) -> list[ModelSpec]:
    specs = catalog().models
    if name in specs:
        return [specs[name]]
    return [
        spec
        for spec in specs.values()
        if spec.architecture == architecture.name and spec.plugin in (plugin.distribution, plugin.name)
    ]
