"""What is known of a published model. Imports no plugin and no torch."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..catalog.folder import spec_named
from ..catalog.measured import false_positives_in, metrics_in, published_results
from ..catalog.specs import ModelSpec
from ..errors import NotInstalledError
from ..plugins import package_folder

__all__ = ["PublishedModel", "describe"]


@dataclass(frozen=True)
class PublishedModel:
    """A model's entry, what was measured of it, and whether it can be loaded here.

    Arguments:
        spec: the entry.
        size: pixels a side that the network sees.
        installed: its plugin is.
        results: for each benchmark, metric to value, low and high of the 95 % interval; None where not defined.
        false_positives: of real galaxies, a sentence for each benchmark on which a lens finder was measured on them.
    """

    spec: ModelSpec
    size: int
    installed: bool
    results: Mapping[str, Mapping[str, Mapping[str, Any]]]
    false_positives: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The description as plain JSON values."""
        facts = asdict(self.spec)
        facts.update(facts.pop("heads"))
        extra = {"size": self.size, "installed": self.installed}
        extra |= {"domain": self.spec.domain, "training_sets": self.spec.training_sets}
        extra |= {"false_positives": self.false_positives}
        return facts | extra | {"results": dict(self.results)}


def describe(name: str | Path, results: Path | None = None) -> PublishedModel:
    """The published model of that name (a bare architecture: its default tag), or of a folder.

    Arguments:
        name: as for `zoo.load`.
        results: folder of measured results; by default the one of this checkout or of the current directory.

    Raises:
        UnknownNameError: no such model.
    """
    spec = spec_named(name)
    files = sorted(published_results(results).glob(f"*/{spec.id}.json"))
    operations = {operation["op"]: operation for operation in spec.preprocess}
    return PublishedModel(
        spec,
        size=operations["frame"]["size"],
        installed=_is_installed(spec.plugin),
        results={path.parent.name: metrics_in(path) for path in files},
        false_positives=tuple(filter(None, map(false_positives_in, files))),
    )


def _is_installed(plugin: str) -> bool:
    try:
        package_folder(plugin)
    except NotInstalledError:
        return False
    return True
