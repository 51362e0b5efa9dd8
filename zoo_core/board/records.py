"""The rows of a board as mappings of plain values, for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .tables import Row, Table

__all__ = ["record_of"]


def record_of(table: Table, row: Row) -> dict[str, Any]:
    """One model on one benchmark."""
    result = row.result
    facts = {
        "benchmark": table.benchmark,
        "model": row.model,
        "status": row.status,
        "remark": row.remark,
        "rank": asdict(row.rank) if row.rank else None,
    }
    if result is None:
        return facts
    return facts | {
        "metrics": _plain(row.shown.metrics) if row.shown else {},
        "images": result.images,
        "measured_on": result.dataset["domain"],
        "trained_on": result.trained_on,
        "seen_in_training": result.seen,
        "overlap": row.overlap,
        "badge": row.badge,
        "weights_sha256": result.hashes["weights"],
        "measured": result.measured,
    }


def _plain(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in metrics.items()}
