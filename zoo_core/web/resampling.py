"""Metrics over resamples of the images, kept in the user's cache, and the ranks that they give."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import platformdirs

from ..bench.metrics.intervals import bootstraps
from ..bench.metrics.ranks import Rank, ranks
from ..bench.remembered import identity
from ..errors import FileError
from ..files import whole
from ..metric import Metric
from .measured import Measured

__all__ = ["Resampled", "ranks_by_metric", "resampled"]

Resampled = Mapping[str, np.ndarray]
"""By the name of a metric, its value in each resample (B,); the resamples are the same for all models.

Metrics without an interval are not in it.
"""


def resampled(measured: Measured, metrics: Sequence[Metric]) -> Resampled:
    """Each metric in each resample; kept, since it takes seconds and only predictions and code change it."""
    own = [one for one in metrics if one.name in measured.result.metrics and one.interval.says_how_sure]
    key = identity([], measured.result.hashes["predictions"], [metric.name for metric in own], measured.result.task)
    path = Path(platformdirs.user_cache_dir("zoo")) / "resampled" / f"{key}.npz"
    kept = _kept(path)
    if set(kept) == {metric.name for metric in own}:
        return kept
    found = bootstraps(own, measured.scores, measured.truth)
    content = BytesIO()
    arrays: dict[str, Any] = dict(found)
    np.savez(content, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_bytes(content.getvalue())
    except (OSError, FileError):
        return found  # a cache that cannot be written costs time and nothing else
    return found


def ranks_by_metric(
    models: Sequence[str], by_model: Mapping[str, Resampled], metrics: Sequence[Metric]
) -> dict[str, dict[str, Rank]]:
    """The rank of each of these models by every metric that all of them have."""
    shared = [metric for metric in metrics if models and all(metric.name in by_model[model] for model in models)]
    return {metric.name: _ranks(models, by_model, metric) for metric in shared}


def _kept(path: Path) -> dict[str, np.ndarray]:
    """What the file holds; nothing where there is none, or where it was damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile):
        return {}


def _ranks(models: Sequence[str], by_model: Mapping[str, Resampled], metric: Metric) -> dict[str, Rank]:
    places = ranks([metric.merit(by_model[model][metric.name]) for model in models])
    return dict(zip(models, places, strict=True))
