"""Measured results as the files `.eval_results/<benchmark>.yaml` of a Hugging Face repository.

The Hub takes a result for one of a data set that it knows as a benchmark: `dataset.id` names a data set there whose
`eval.yaml` lists the tasks, and which is on the Hub's list of benchmarks; `task_id` is one of those tasks. It then
shows the result on the page of the model and on the leaderboard of the data set; of other data sets it shows nothing.
None of the zoo's benchmarks is there, so these files are written only for whoever has registered them, each with a task
of the name of every metric. Everybody else's results stand in the card's model-index.
Source: https://huggingface.co/docs/hub/eval-results
"""

from collections.abc import Iterator
from pathlib import Path

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from ..bench.results import Estimate, Result

__all__ = ["FOLDER", "write_eval_results"]

FOLDER = ".eval_results"


def write_eval_results(result: Result, owner: str, repository: Path) -> Path:
    """Write the file of a result into the folder of a repository; returns where.

    Arguments:
        result: each metric that is defined becomes an entry, whose task has the name of the metric.
        owner: user or organisation whose data set of the Hub, called as the benchmark, is registered as one.
        repository: its folder.
    """
    path = repository / FOLDER / f"{result.benchmark}.yaml"
    path.parent.mkdir(exist_ok=True)
    entries = eval_result_entries_to_yaml(list(_entries(result, owner)))
    path.write_text(yaml.safe_dump(entries, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def _entries(result: Result, owner: str) -> Iterator[EvalResultEntry]:
    for name, estimate in result.metrics.items():
        if estimate.value is not None:
            yield EvalResultEntry(
                dataset_id=f"{owner}/{result.benchmark}",
                task_id=name,
                value=estimate.value,
                date=result.measured,
                notes=_notes(result, estimate),
            )


def _notes(result: Result, estimate: Estimate) -> str:
    images = ", ".join(f"{count:,} {name}" for name, count in result.images.items())
    parts = [f"{result.dataset['domain']} images: {images}"]
    if estimate.low is not None and estimate.high is not None:
        parts.append(f"95 % interval {estimate.low:.6g} to {estimate.high:.6g} ({estimate.method})")
    if result.seen:
        parts.append("trained on images of this data set")
    return "; ".join(parts)
