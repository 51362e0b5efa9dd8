"""The table of candidates in four formats, its columns with units, UCDs and descriptions in each."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.io.votable.exceptions import VOWarning
from astropy.table import Column, Table

from ..files import whole
from ..predict.tables import to_astropy
from .columns import About

__all__ = ["FORMATS", "write_candidates"]


def write_candidates(folder: Path, rows: pa.Table, columns: Mapping[str, About]) -> list[Path]:
    """`candidates.ecsv`, `.fits`, `.parquet` and `.vot`, each complete or not there.

    Arguments:
        folder: to write into.
        rows: with what made them as the metadata of their schema.
        columns: what each column is.
    """
    units = {name: one.unit for name, one in columns.items() if one.unit}
    table = to_astropy(rows, units)
    for name, one in columns.items():
        column = cast(Column, table[name])
        column.description = one.summary or None
        column.meta = {"ucd": one.ucd} if one.ucd else {}
    written = []
    for extension, write in FORMATS.items():
        path = folder / f"candidates.{extension}"
        with whole(path) as partial:
            write(partial, table, rows, columns)
        written.append(path)
    return written


def _ecsv(path: Path, table: Table, rows: pa.Table, columns: Mapping[str, About]) -> None:
    table.write(path, format="ascii.ecsv", delimiter=",", overwrite=True)


def _fits(path: Path, table: Table, rows: pa.Table, columns: Mapping[str, About]) -> None:
    """With TUCDn and TCOMMn, as TOPCAT and STILTS read them."""
    plain = Table([_ascii(cast(Column, table[name])) for name in table.colnames], names=table.colnames)
    hdu = fits.table_to_hdu(plain)
    for number, one in enumerate(columns.values(), 1):
        if one.ucd:
            hdu.header[f"TUCD{number}"] = one.ucd
        if one.summary:
            hdu.header[f"TCOMM{number}"] = one.summary
    for name, value in dict(table.meta or {}).items():
        hdu.header.add_history(_escaped(f"{name}: {value}"))
    hdu.writeto(path)


def _ascii(column: Column) -> Column:
    """The column without description; text as FITS can hold it."""
    if column.dtype.kind == "U":
        filled = ["" if text is np.ma.masked else str(text) for text in column]
        return cast(Column, Column([_escaped(text) for text in filled], dtype=str))
    plain: Any = column.copy()
    plain.description, plain.meta = None, {}
    return plain


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()


def _parquet(path: Path, table: Table, rows: pa.Table, columns: Mapping[str, About]) -> None:
    fields = [field.with_metadata(_stated(columns[field.name])) for field in rows.schema]
    pq.write_table(rows.cast(pa.schema(fields, rows.schema.metadata)), path)


def _stated(one: About) -> dict[str, str]:
    stated = {"unit": one.unit, "ucd": one.ucd, "description": one.summary}
    return {key: text for key, text in stated.items() if text}


def _votable(path: Path, table: Table, rows: pa.Table, columns: Mapping[str, About]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VOWarning)  # of units without a place in the standard
        table.write(path, format="votable", overwrite=True)


FORMATS: dict[str, Callable[[Path, Table, pa.Table, Mapping[str, About]], None]] = {
    "ecsv": _ecsv,
    "fits": _fits,
    "parquet": _parquet,
    "vot": _votable,
}
