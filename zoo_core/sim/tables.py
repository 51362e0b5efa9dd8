"""Tables of numbers and words.

A row is a named tuple, or a mapping where no object of its own is needed; a table is a structured array. Columns are
found by name, never by position.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_type_hints

import numpy as np

__all__ = ["dtype_of", "table"]

COLUMNS = {int: "i8", float: "f8", bool: "?"}


def dtype_of(row: type[tuple[Any, ...]], but: Collection[str] = ()) -> np.dtype:
    """The dtype that has a column for each field of a named tuple but some, of the field's type.

    >>> from typing import NamedTuple
    >>> class Star(NamedTuple):
    ...     number: int
    ...     flux: float
    >>> dtype_of(Star).names
    ('number', 'flux')
    """
    return np.dtype([(name, COLUMNS[kind]) for name, kind in get_type_hints(row).items() if name not in but])


def table(rows: Iterable[Any], dtype: np.dtype) -> np.ndarray:
    """The rows as a structured array; each is a named tuple or a mapping, and has every column of the dtype.

    >>> table([{"y": 2, "x": 1}], np.dtype([("x", "i8"), ("y", "i8")]))
    array([(1, 2)], dtype=[('x', '<i8'), ('y', '<i8')])
    """
    names = dtype.names or ()
    return np.array([_ordered(row, names) for row in rows], dtype)


def _ordered(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    """The row in the order of the columns."""
    if isinstance(row, Mapping):
        return tuple(row[name] for name in names)
    return row if row._fields == names else tuple(getattr(row, name) for name in names)
