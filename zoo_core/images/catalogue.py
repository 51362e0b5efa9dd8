"""Catalogues: tables of objects in whatever format, text as it is written."""

import csv
import gzip
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import ascii as text_tables
from astropy.io import fits
from astropy.table import Column, Table

from ..errors import ImageReadError
from .fits import FITS_FAILURES
from .hats import is_hats, parquet_folder, read_hats
from .layers import reading

__all__ = ["is_number", "read_catalogue"]

_FAILURES = (*FITS_FAILURES, ImportError, pa.ArrowException, csv.Error)
_MOST = 2**28  # bytes that a catalogue unpacks to
_ELSEWHERE = re.compile(rb"<!ENTITY|<(\w+:)?STREAM\b[^>]*\bhref\s*=", re.IGNORECASE)  # of XML: astropy fetches it
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # as spreadsheets write what they call Unicode text
_EMPTY = "the catalogue is empty; it needs columns ra and dec (degrees) or x and y"


def read_catalogue(
    path: str, ids: Sequence[str], positions: Collection[tuple[str, str]], columns: Sequence[str] = ()
) -> Table:
    """The table of a file; its content tells the format, and not its name.

    Arguments:
        path: text with commas, tabs, semicolons or blanks (also under gzip, with a BOM, with `#` comments), ECSV, FITS,
            Parquet or a VO table; or a folder that is a HATS catalogue, or holds Parquet files.
        ids, positions: names of columns, in lower case, that are looked for. Of several tables in a FITS file, the one
            that has positions is read.
        columns: others that are wanted, where only some are read: of a HATS catalogue.

    Raises:
        ImageReadError: it cannot be read, or it is not clear which column or table is meant.
    """
    with reading(path, _FAILURES):
        if not Path(path).exists():
            raise ImageReadError(f"{path}: no such catalogue")
        if not (Path(path).is_file() or Path(path).is_dir()):  # a pipe can be read only once, a device never ends
            raise ImageReadError(f"{path}: not a file")
        table = _table(path, ids, positions, columns)
    _check_once(path, table.colnames, {*ids, *(name for pair in positions for name in pair)})
    return table


def is_number(text: str) -> bool:
    """Whether it is written as others than Python write a number.

    >>> [is_number(text) for text in ("1.5e2", "-7", "1_50", "N/A")]
    [True, True, False, False]
    """
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _check_once(path: str, names: Sequence[str], known: Collection[str]) -> None:
    """Which of two columns is meant by a name, nobody can know."""
    lower = [name.lower() for name in names]
    if twice := next((name for name in lower if name in known and lower.count(name) > 1), None):
        raise ImageReadError(
            f"{path}: {lower.count(twice)} columns are called {twice} (in any case); rename the others"
        )


def _table(path: str, ids: Sequence[str], positions: Collection[tuple[str, str]], columns: Sequence[str]) -> Table:
    folder = Path(path)
    if folder.is_dir():
        return _of_arrow(read_hats(folder, ids, columns) if is_hats(folder) else parquet_folder(folder))
    with Path(path).open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"PAR1"):  # astropy would need pandas
        return _of_arrow(pq.read_table(path))
    if start.startswith(b"SIMPLE"):
        return _fits_table(path, positions)
    known = {*ids, *(name for pair in positions for name in pair)}
    if start.startswith(b"\x1f\x8b"):
        return _text_table(_unpacked(path), path, known)
    stored = Path(path).read_bytes()
    return _vo_table(stored, path) if start.startswith((b"<?xml", b"<VOTAB")) else _text_table(stored, path, known)


def _unpacked(path: str) -> bytes:
    with gzip.open(path, "rb") as stream:
        stored = stream.read(_MOST + 1)
    if len(stored) > _MOST:
        raise ImageReadError(f"{path}: unpacks to more than {_MOST >> 20} MiB; gunzip it first")
    if stored.startswith((b"SIMPLE", b"<")):
        raise ImageReadError(f"{path}: FITS and VO tables are not read under gzip; gunzip it first")
    return stored


def _fits_table(path: str, positions: Collection[tuple[str, str]]) -> Table:
    with fits.open(path, memmap=False) as hdus:
        tables = {number: _names_in(hdu) for number, hdu in enumerate(hdus) if isinstance(hdu, _TABLES)}
    having = [number for number, names in tables.items() if _has_one(names, positions)]
    if len(having) > 1:
        where = ", ".join(map(str, having))
        raise ImageReadError(f"{path}: {len(having)} tables have positions (HDU {where}); save one of them alone")
    if not tables:
        raise ImageReadError(f"{path}: holds no table")
    return cast(Table, Table.read(path, format="fits", hdu=next(iter(having or tables))))


def _names_in(table: Any) -> list[str]:
    return list(table.columns.names)


def _has_one(names: Sequence[str], pairs: Collection[tuple[str, str]]) -> bool:
    lower = {name.lower() for name in names}
    return any(lower.issuperset(pair) for pair in pairs)


def _vo_table(stored: bytes, path: str) -> Table:
    if _ELSEWHERE.search(stored):
        raise ImageReadError(f"{path}: names data outside the file, which is not followed; save it with them inside")
    return cast(Table, Table.read(path, format="votable"))


def _text_table(stored: bytes, path: str, known: Collection[str]) -> Table:
    """A table of text, its columns as they are written."""
    decoded = stored.decode("utf-16") if stored[:2] in _UTF16 else stored.decode("utf-8-sig", "surrogateescape")
    lines = [line for line in decoded.splitlines() if line.strip()]
    if not lines:
        raise ImageReadError(f"{path}: {_EMPTY}")
    if lines[0].startswith("# %ECSV"):
        return cast(Table, text_tables.read(lines, format="ecsv"))
    delimiter, rows = _delimited(lines)
    as_written = {"converters": {"*": [str]}, "fill_values": []}
    if delimiter is None:
        return cast(Table, text_tables.read(lines, guess=True, **as_written))
    if delimiter != " ":
        _check_once(path, next(csv.reader([rows[0]], delimiter=delimiter)), known)
    return cast(Table, text_tables.read(rows, format="basic", delimiter=delimiter, **as_written))


def _delimited(lines: Sequence[str]) -> tuple[str | None, list[str]]:
    """Delimiter and rows, header first, of a table with commas, tabs or semicolons; None where it must be guessed."""
    rows = [line for line in lines if not line.lstrip().startswith("#")]
    delimiter = next((mark for mark in (",", "\t", ";") if rows and mark in rows[0]), None)
    commented = _commented_header(lines, rows[0], delimiter) if rows else None
    if delimiter is None:
        return (None, rows) if commented is None else (" ", [commented, *rows])
    header, *rows = rows if commented is None else [commented, *rows]
    header = header.rstrip(delimiter) if header.endswith(delimiter) else header
    trimmed = [_without_empty_end(row, header, delimiter) for row in rows]
    return delimiter, [header, *(_of_length(row, header, delimiter) for row in trimmed)]


def _commented_header(lines: Sequence[str], first: str, delimiter: str | None) -> str | None:
    """The column names, where they stand behind a `#` above the numbers."""
    comments = [line.lstrip("# ") for line in lines[: lines.index(first)]]
    if not comments:
        return None
    names, values = comments[-1].split(delimiter), first.split(delimiter)
    alike = len(names) == len(values) and not any(map(is_number, names))
    return comments[-1] if alike and is_number(values[-1]) else None


def _without_empty_end(row: str, header: str, delimiter: str) -> str:
    return row.removesuffix(delimiter) if row.count(delimiter) > header.count(delimiter) else row


def _of_length(row: str, header: str, delimiter: str) -> str:
    """A row with as many fields as the header: one with fewer, or more, keeps its first and has no position."""
    if row.count('"') % 2:  # its field goes on in the next line
        return row
    found, wanted = (len(next(csv.reader([text], delimiter=delimiter))) for text in (row, header))
    return row if found == wanted else delimiter.join([row.split(delimiter)[0], *['""'] * (wanted - 1)])


def _of_arrow(stored: pa.Table) -> Table:
    return Table({name: _arrow(stored[name]) for name in stored.column_names})


def _arrow(column: pa.ChunkedArray) -> Column | np.ndarray:
    """Numbers with NaN for what is null; integers with nulls, and all else, as text."""
    if pa.types.is_floating(column.type) or (pa.types.is_integer(column.type) and not column.null_count):
        return column.to_numpy()
    return np.array([_text(value) for value in column.to_pylist()])


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)


_TABLES = (fits.BinTableHDU, fits.TableHDU)
