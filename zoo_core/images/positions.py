"""Positions: the objects of a catalogue, in whatever format it is, each with its name as it is written."""

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy import units
from astropy.coordinates import Angle
from astropy.io import ascii as text_tables
from astropy.table import Column, Table

from ..errors import ImageReadError
from .fits import FITS_FAILURES
from .hats import is_hats, parquet_folder, read_hats
from .layers import reading

__all__ = ["OnMosaic", "OnSky", "read_positions"]

_FAILURES = (*FITS_FAILURES, ImportError, pa.ArrowException)
_MOST = 2**28  # bytes that a catalogue unpacks to
_ELSEWHERE = re.compile(rb"<!ENTITY|<(\w+:)?STREAM\b[^>]*\bhref\s*=", re.IGNORECASE)  # of XML: astropy fetches it
_IDS = ("id", "object_id", "source_id", "name", "designation", "number")
_SKY = (("ra", "dec"), ("right_ascension", "declination"), ("raj2000", "dej2000"), ("alpha_j2000", "delta_j2000"))
_PIXELS = {("x", "y"): 0.0, ("x_image", "y_image"): 1.0}  # and the number of the first pixel
_SEXAGESIMAL = re.compile(r"\d[\s:hdms°'\"]+\d")
_BINARY = {b"SIMPLE": "fits", b"<?xml": "votable", b"<VOTAB": "votable"}


@dataclass(frozen=True, eq=False)
class OnSky:
    """Objects by right ascension and declination, degrees, (N,); NaN where the catalogue says nothing that is one."""

    names: list[str]
    ra: np.ndarray
    dec: np.ndarray


@dataclass(frozen=True, eq=False)
class OnMosaic:
    """Objects by pixels, (N,), the centre of the first being (0, 0); NaN where the catalogue gives no number."""

    names: list[str]
    x: np.ndarray
    y: np.ndarray


def read_positions(catalog: str) -> OnSky | OnMosaic:
    """The objects of a catalogue; its content tells the format, and not its name.

    Arguments:
        catalog: text with commas, tabs or blanks (also under gzip, with a BOM, with `#` comments), ECSV, FITS, Parquet
            or a VO table; or a folder that is a HATS catalogue, or holds Parquet files. Columns (any case): RA and Dec
            in degrees, unless the columns have units or are sexagesimal text (hours), or else `x`, `y` from 0
            (`X_IMAGE`, `Y_IMAGE` from 1, as SExtractor counts). `id` or `name`, if there is one, names the objects, as
            it is written.

    Raises:
        ImageReadError: it cannot be read, or has no such columns.
    """
    if not Path(catalog).exists():
        raise ImageReadError(f"{catalog}: no such catalogue")
    with reading(catalog, _FAILURES):
        table = _table(catalog)
    columns: dict[str, Any] = {name.lower(): table[name] for name in reversed(table.colnames)}
    name = next((n for n in _IDS if n in columns), None)
    names = _names(columns[name]) if name else [str(row) for row in range(len(table))]
    for ra, dec in _SKY:
        if {ra, dec} <= set(columns):
            _check_numbers(catalog, columns[ra], columns[dec])
            return OnSky(names, _angles(columns[ra], units.hourangle), _in_range(_angles(columns[dec], units.deg)))
    for (x, y), first in _PIXELS.items():
        if {x, y} <= set(columns):
            _check_numbers(catalog, columns[x], columns[y])
            return OnMosaic(names, _numbers(columns[x]) - first, _numbers(columns[y]) - first)
    raise ImageReadError(
        f"{catalog}: needs columns ra and dec (degrees) or x and y; it has {', '.join(table.colnames)}"
    )


def _table(catalog: str) -> Table:
    folder = Path(catalog)
    if folder.is_dir():
        return _of_arrow(read_hats(folder, _IDS) if is_hats(folder) else parquet_folder(folder))
    with Path(catalog).open("rb") as stream:
        start = stream.read(6)
    if start.startswith(b"PAR1"):  # astropy would need pandas
        return _of_arrow(pq.read_table(catalog))
    if start[:2] == b"\x1f\x8b":
        with gzip.open(catalog, "rb") as unpacked:
            stored = unpacked.read(_MOST + 1)
        if len(stored) > _MOST:
            raise ImageReadError(f"{catalog}: unpacks to more than {_MOST >> 20} MiB; gunzip it first")
        return _of_bytes(stored, catalog)
    binary = next((kind for magic, kind in _BINARY.items() if start.startswith(magic[:6])), None)
    if binary == "votable" and _ELSEWHERE.search(Path(catalog).read_bytes()):
        raise ImageReadError(f"{catalog}: names data outside the file, which is not followed; save it with them inside")
    return Table.read(catalog, format=binary) if binary else _text_table(Path(catalog).read_bytes())


def _of_bytes(stored: bytes, catalog: str) -> Table:
    if stored.startswith((b"SIMPLE", b"<")):
        raise ImageReadError(f"{catalog}: FITS and VO tables are not read under gzip; gunzip it first")
    return _text_table(stored)


def _text_table(stored: bytes) -> Table:
    """A table of text, its columns as they are written."""
    lines = [line for line in stored.decode("utf-8-sig", "surrogateescape").splitlines() if line.strip()]
    if not lines:
        raise ImageReadError("the catalogue is empty; it needs columns ra and dec (degrees) or x and y")
    if lines and lines[0].startswith("# %ECSV"):
        return cast(Table, text_tables.read(lines, format="ecsv"))
    kind = _delimited(lines)
    if kind is None:
        return cast(Table, text_tables.read(lines, guess=True, converters={"*": [str]}, fill_values=[]))
    delimiter, body = kind
    read = text_tables.read(body, format="basic", delimiter=delimiter, converters={"*": [str]}, fill_values=[])
    return cast(Table, read)


def _delimited(lines: Sequence[str]) -> tuple[str, list[str]] | None:
    """Delimiter and rows, header first, of a table with commas or tabs; None for any other table."""
    rows = [line for line in lines if not line.lstrip().startswith("#")]
    for delimiter in (",", "\t"):
        if rows and delimiter in rows[0]:
            header = _commented_header(lines, rows[0], delimiter)
            rows = [header, *rows] if header else rows
            whole = (_without_empty_end(row, rows[0], delimiter) for row in rows)
            return delimiter, [_of_length(row, rows[0], delimiter) for row in whole]
    return None


def _of_length(row: str, header: str, delimiter: str) -> str:
    """A row with as many fields as the header: one with fewer, or more, keeps its first and has no position."""
    if row.count('"') % 2:  # its field goes on in the next line
        return row
    found, wanted = (len(next(csv.reader([text], delimiter=delimiter))) for text in (row, header))
    return row if found == wanted else delimiter.join([row.split(delimiter)[0], *['""'] * (wanted - 1)])


def _commented_header(lines: Sequence[str], first: str, delimiter: str) -> str | None:
    """The column names, where they stand behind a `#` above the numbers."""
    comments = [line.lstrip("# ") for line in lines[: lines.index(first)]]
    alike = bool(comments) and comments[-1].count(delimiter) == first.count(delimiter)
    return comments[-1] if alike and _is_number(first.split(delimiter)[-1]) else None


def _without_empty_end(row: str, header: str, delimiter: str) -> str:
    return row.removesuffix(delimiter) if row.count(delimiter) > header.rstrip(delimiter).count(delimiter) else row


def _of_arrow(stored: pa.Table) -> Table:
    return Table({name: _arrow(stored[name]) for name in stored.column_names})


def _arrow(column: pa.ChunkedArray) -> Column | np.ndarray:
    """Numbers with NaN for what is null; integers with nulls, and all else, as text."""
    if pa.types.is_floating(column.type) or (pa.types.is_integer(column.type) and not column.null_count):
        return column.to_numpy()
    return np.array(["" if value is None else str(value) for value in column.to_pylist()])


def _names(column: Column) -> list[str]:
    """As they are written; bytes of FITS as text."""
    known = ("" if value is np.ma.masked else value for value in column)
    return [value.decode() if isinstance(value, bytes) else str(value).strip() for value in known]


def _angles(column: Column, sexagesimal: units.UnitBase) -> np.ndarray:
    """Degrees; text is degrees too, unless it is sexagesimal."""
    if column.dtype.kind in "USO":
        return np.array([_angle(str(text).strip(), sexagesimal) for text in column], dtype=np.float64)
    unit = column.unit or units.deg
    return np.asarray((_numbers(column) * unit).to_value(units.deg))


def _angle(text: str, sexagesimal: units.UnitBase) -> float:
    if _is_number(text):
        return float(text)
    if not _SEXAGESIMAL.search(text):
        return np.nan
    try:
        return float(cast(float, Angle(text, sexagesimal).deg))
    except ValueError:
        return np.nan


def _check_numbers(catalog: str, *columns: Column) -> None:
    """One bad row costs that row; a column of text in every row is the wrong column."""
    for column in columns:
        texts = [str(text) for text in column] if column.dtype.kind in "USO" else []
        if texts and not any(_is_number(text) or _SEXAGESIMAL.search(text) for text in texts):
            raise ImageReadError(f"{catalog}: no row of column {column.name} holds a number, the first is {texts[0]!r}")


def _in_range(dec: np.ndarray) -> np.ndarray:
    return np.where(np.abs(dec) <= 90, dec, np.nan)


def _numbers(column: Column) -> np.ndarray:
    """The column in float64; NaN where it is masked or no number."""
    if column.dtype.kind in "USO":
        return np.array([float(text) if _is_number(str(text)) else np.nan for text in column], dtype=np.float64)
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
