"""Tables of the board for programs."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["as_csv"]


def as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    """A line a record; what a mapping holds becomes columns `outer.inner`.

    Example:
        >>> from zoo_core.web.downloads import as_csv
        >>> as_csv([{"model": "a.one", "metrics": {"auroc": {"value": 0.9}}}]).splitlines()
        ['model,metrics.auroc.value', 'a.one,0.9']
    """
    flat = [_flat(record) for record in records]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    parts = {}
    for name, value in record.items():
        parts |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return parts
