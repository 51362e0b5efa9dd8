"""What a benchmark computes of predictions and truth: its metrics, and every number of a result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..catalog.specs import BenchmarkSpec
from ..metric import Metric
from ..plugins import metrics as plugin_metrics
from ..scores import Truth
from ..tasks import Heads, task_named
from .environment import environment
from .metrics.intervals import LEVEL, RESAMPLES
from .metrics.named import select
from .results import Result, digest, typed
from .summary import summarise

__all__ = ["Measures"]


@dataclass(frozen=True)
class Measures:
    """The metrics that the entry of a benchmark names, on truth of these heads.

    Arguments:
        spec: its entry.
        heads: of the truth.
        metrics: in the order of the entry, those of plugins among them.
    """

    spec: BenchmarkSpec
    heads: Heads
    metrics: Sequence[Metric]

    @classmethod
    def of(cls, spec: BenchmarkSpec, heads: Heads) -> "Measures":
        """The measures that the benchmark's entry names.

        Raises:
            UnknownNameError: one of the names is that of no metric.
        """
        available = [*task_named(spec.task).metrics(heads), *plugin_metrics([spec.plugin])]
        return cls(spec, heads, select(spec.metrics, spec.task, available))

    @property
    def definitions(self) -> dict[str, str]:
        """Definitions of the metrics, and the hash that changes with whatever the numbers are computed by."""
        lines = {metric.name: metric.summary for metric in self.metrics}
        strata = {column: list(edges) for column, edges in self.spec.strata.items()}
        how = [lines, strata, RESAMPLES, LEVEL, environment(self.spec.plugin)]
        return lines | {"sha256": digest(how)}

    def numbered(self, result: Result, columns: Mapping[str, np.ndarray], truth: Truth) -> Result:
        """The result with every number computed from these columns of predictions."""
        summary = summarise(typed(result, columns), truth, self.metrics, self.heads, self.spec.strata)
        return replace(result, definitions=self.definitions, **vars(summary))
