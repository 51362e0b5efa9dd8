"""Results in a folder, as `zoo benchmark` leaves them, of predictions that a test has made up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from zoo_core.bench.results import Result, result_path, sha256_of, write_predictions, write_result
from zoo_core.bench.summary import Summary
from zoo_core.tasks import Heads

__all__ = ["MadeUp", "store_result"]


@dataclass(frozen=True)
class MadeUp:
    """Predictions and truth of some images, and what follows from them.

    Arguments:
        task: of the model.
        columns: that it predicted.
        truth: of the images.
        numbers: of the result.
        answered: what the model answers.
        prior: that its probabilities assume.
    """

    task: str
    columns: Mapping[str, np.ndarray]
    truth: Mapping[str, np.ndarray]
    numbers: Summary
    answered: Heads = field(default_factory=Heads)
    prior: tuple[float, ...] = ()


def store_result(results: Path, model: str, benchmark: str, made: MadeUp, **changes) -> Path:
    """Write the result of a model on a benchmark and its predictions, with changes of other fields; its path."""
    path = result_path(results, benchmark, model)
    write_predictions(made.columns, made.truth, path)
    about = {"classes": list(made.answered.classes), "parameters": [], "prior": list(made.prior), "bands": ["VIS"]}
    result = Result(
        model=model,
        benchmark=benchmark,
        task=made.task,
        status="ok",
        key="0" * 64,
        hashes={"weights": "1" * 64, "dataset": "2" * 64, "predictions": sha256_of(path.with_suffix(".parquet"))},
        settings=about,
        environment={},
        machine={},
        dataset={"name": "patch", "version": "1", "domain": "simulated"},
        trained_on="simulated",
        seen=False,
        measured="2026-01-01",
        **vars(made.numbers),
    )
    write_result(replace(result, **changes), path)
    return path
