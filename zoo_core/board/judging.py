"""What is made of a result on the board: whether it is believed, how far it was verified, and why."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..bench.claims import false_claims
from ..bench.remembered import Examination, examined, identity
from ..bench.results import Result
from ..bench.verification import HIDDEN, badge_of, read_verification
from ..catalog.registry import Catalog
from ..catalog.specs import BenchmarkSpec, ModelSpec
from .tables import Row

__all__ = ["current_images", "judged"]


def judged(result: Result, images: str | None, listed: Catalog, path: Path) -> tuple[Row, Examination | None]:
    """The row of the result at that path, and what came of examining it; None of one that failed."""
    row = _row(result, images, listed.models.get(result.model))
    if row.status == "failed":
        return row, None
    truth = _truth_known(result, images, listed)
    examination = _examination(result, truth, listed, path)
    reasons = examination.reason, _false_domain(result, listed), _false_training(result, listed)
    reason = "; ".join(filter(None, reasons))
    if reason:
        return replace(row, status="not verified", remark=reason), examination
    spec = listed.benchmarks.get(result.benchmark)
    if spec is not None and spec.hidden:
        return replace(row, badge=HIDDEN), examination
    beside = read_verification(path) if row.status == "ok" else None
    return replace(row, badge=badge_of(result, truth is not None, beside)), examination


def _truth_known(result: Result, images: str | None, listed: Catalog) -> str | None:
    """sha256 of ids and truth of the benchmark, if a registry says it and the result is of its images of today."""
    spec = listed.benchmarks.get(result.benchmark)
    return spec.truth_sha256 if spec is not None and result.hashes["dataset"] == images else None


def _examination(result: Result, truth: str | None, listed: Catalog, path: Path) -> Examination:
    spec = listed.benchmarks.get(result.benchmark)

    def examine() -> Examination:
        from ..bench.examination import examine  # with all of scipy, which what is remembered does without

        return examine(path, result, spec, truth)

    strata = None if spec is None else {column: list(edges) for column, edges in spec.strata.items()}
    key = identity([path, path.with_suffix(".parquet")], strata, spec.plugin if spec else None, truth)
    return examined(f"{result.benchmark}-{result.model}", key, examine)


def _false_domain(result: Result, listed: Catalog) -> str:
    """What is wrong with the domain of the images, if the catalogue knows it."""
    known = listed.datasets.get(result.dataset["name"])
    if known is None or known.domain == result.dataset["domain"]:
        return ""
    return f"its images are declared {result.dataset['domain']}, those of {known.name} are {known.domain}"


def _false_training(result: Result, listed: Catalog) -> str:
    """What the result says of the training against the entry of these weights."""
    spec = listed.models.get(result.model)
    if spec is None or spec.weights.sha256 != result.hashes["weights"]:
        return ""
    return "; ".join(false_claims(result, spec))


def current_images(spec: BenchmarkSpec | None, found: Sequence[Result]) -> str | None:
    """Fingerprint of the benchmark's images: as published, or else as measured last."""
    if spec is not None and spec.sha256 is not None:
        return spec.sha256
    return max(found, key=lambda result: result.measured).hashes["dataset"] if found else None


def _row(result: Result, images: str | None, model: ModelSpec | None) -> Row:
    if result.status == "failed":
        return Row(result.model, "failed", result.message, result=result)
    if result.hashes["dataset"] != images:
        return Row(result.model, "outdated", "the benchmark has other images now", result=result)
    if model is None:
        return Row(result.model, "unlisted", "in no registry", result=result)
    if model.weights.sha256 != result.hashes["weights"]:
        return Row(result.model, "outdated", "the published weights are others now", result=result)
    return Row(result.model, "ok", result=result)
