"""Tables of predictions as files: csv, ecsv, parquet or fits, written a piece at a time, or a folder of Parquet files.

The pieces are Arrow tables with the same column names. A null is an empty field in csv and ecsv, a null in parquet, a
NaN or the column's TNULL in fits. What a network says has in text as few digits as keep all images in their order, see
`short`; in parquet and fits it is as it was computed.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.table import Column, MaskedColumn, Table
from astropy.units import Unit

from ..errors import ArgumentError
from ..files import whole

__all__ = [
    "FORMATS",
    "check_format",
    "common_schema",
    "described",
    "is_folder",
    "shortened",
    "to_astropy",
    "unit_keyword",
    "write_table",
]

Pieces = Callable[[], Iterable[pa.Table]]
Facts = Mapping[str, str]

FITS_BLOCK = 2880  # bytes
FITS_NULL = -(2**63)
LONGEST_NAME = 60  # letters of a column; a card holds 68, and its quotes twice
KEYWORDS = {"weights_sha256": "WEIGHTS", "zoo_version": "ZOOVERS", "pixel_scale": "PIXSCALE"}  # of at most 8 letters


def check_format(path: Path) -> str:
    """The format that the extension names.

    Raises:
        ArgumentError: it names none.
    """
    extension = path.suffix.lower().removeprefix(".")
    if extension not in FORMATS:
        raise ArgumentError(
            f"{path}: a table is written as {', '.join(FORMATS)} or hats; end the name with one of these, or with none "
            "of them and no other for a folder of Parquet files"
        )
    return extension


def is_folder(path: Path) -> bool:
    """Whether the table becomes a folder of Parquet files: its name has no extension."""
    return not path.suffix


def write_table(
    path: Path, pieces: Pieces, units: Mapping[str, str], facts: Facts, single: Collection[str] = ()
) -> None:
    """A file of all pieces in order, in the format of its extension; complete or not there.

    Arguments:
        path: an existing file is replaced.
        pieces: called for each pass over the pieces; more than one is never held in memory.
        units: of columns, written where the format holds units.
        facts: of the whole table, likewise: the `meta` of an ECSV file, the metadata of Parquet, keywords of FITS.
        single: names of columns whose numbers are of single precision: shortened in text.
    """
    extension = check_format(path)
    write = FORMATS[extension]
    columns = single if extension in TEXT else ()
    schema = common_schema(piece.schema for piece in pieces()).with_metadata(facts)
    with whole(path) as partial:
        write(partial, schema, lambda: (shortened(piece.cast(schema), columns) for piece in pieces()), units)


def shortened(piece: pa.Table, names: Collection[str]) -> pa.Table:
    """The rows with those columns, where they are floats, as `short` has them."""
    for place, field in enumerate(piece.schema):
        if field.name in names and pa.types.is_floating(field.type):
            values = [value if value is None else short(value) for value in piece[field.name].to_pylist()]
            piece = piece.set_column(place, field, pa.array(values, field.type))
    return piece


def short(value: float) -> float:
    """The number of fewest digits that single precision tells from no other; of one above 1/2, its distance to 1.

    So two scores of a network that differ still do, and in the same order: probabilities above one half are one minus
    a number of single precision.

    Example:
        >>> import numpy as np
        >>> from zoo_core.predict.tables import short
        >>> short(float(np.float32(0.123456789))), short(1 - float(np.float32(1.23456e-6)))
        (0.12345679, 0.99999876544)
    """
    if 0.5 < value < 1:
        return float(1 - Decimal(str(np.float32(1 - value))))
    return float(str(np.float32(value)))


def to_astropy(table: pa.Table, units: Mapping[str, str]) -> Table:
    """The rows as an astropy table, with the metadata of its schema; nulls are masked."""
    columns = {name: _astropy_column(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    for name, unit in units.items():
        columns[name].unit = unit
    return Table(columns, meta=_facts(table.schema))


def _facts(schema: pa.Schema) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in (schema.metadata or {}).items()}


def common_schema(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Columns that are all null in some pieces take their type from the others; in all pieces, they are floats."""
    different = {schema.remove_metadata(): None for schema in schemas}
    joined = pa.unify_schemas(list(different), promote_options="permissive")
    return pa.schema([field.with_type(pa.float64()) if pa.types.is_null(field.type) else field for field in joined])


def described(schema: pa.Schema, units: Mapping[str, str], facts: Facts) -> pa.Schema:
    """The schema with units of columns and facts of the whole table."""
    fields = [field.with_metadata({"unit": units[field.name]}) if field.name in units else field for field in schema]
    return pa.schema(fields, facts)


def _write_parquet(path: Path, schema: pa.Schema, pieces: Pieces, units: Mapping[str, str]) -> None:
    stored = described(schema, units, _facts(schema))
    with pq.ParquetWriter(path, stored) as writer:
        for piece in pieces():
            writer.write_table(piece.cast(stored))


def _write_csv(path: Path, schema: pa.Schema, pieces: Pieces, units: Mapping[str, str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(schema.names)
        writer.writerows(_rows(pieces()))


def _write_ecsv(path: Path, schema: pa.Schema, pieces: Pieces, units: Mapping[str, str]) -> None:
    header = StringIO()
    to_astropy(schema.empty_table(), units).write(header, format="ascii.ecsv", delimiter=",")
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(header.getvalue())
        csv.writer(file, lineterminator="\n").writerows(_rows(pieces()))


def _write_fits(path: Path, schema: pa.Schema, pieces: Pieces, units: Mapping[str, str]) -> None:
    """A binary table; astropy would hold all rows in memory. Text and names are ASCII, as the standard demands."""
    rows, widths = _extent(schema, pieces)
    types = [_fits_type(field.type, widths.get(field.name, 1)) for field in schema]
    dtype = np.dtype(list(zip(_fits_names(schema.names), types, strict=True)))
    empty = fits.BinTableHDU(np.zeros(0, dtype))
    for number, field in enumerate(schema, 1):
        if field.name in units:
            empty.header[unit_keyword(units[field.name], number)] = units[field.name]
        if pa.types.is_integer(field.type):
            empty.header[f"TNULL{number}"] = FITS_NULL
    for name, value in _facts(schema).items():
        empty.header[KEYWORDS.get(name, name[:8].upper())] = _card(value)
    empty.header["NAXIS2"] = rows
    with path.open("wb") as file:
        file.write(fits.PrimaryHDU().header.tostring().encode("ascii"))
        file.write(empty.header.tostring().encode("ascii"))
        for piece in pieces():
            file.write(_packed(piece, dtype).tobytes())
        file.write(b"\0" * (-rows * dtype.itemsize % FITS_BLOCK))


def unit_keyword(unit: str, number: int) -> str:
    """Keyword that holds the unit of a FITS column: TUNITn, or TCOMMn of a unit that the standard lacks.

    Arguments:
        unit: as astropy names it; not empty.
        number: of the column, from 1.

    Example:
        >>> unit_keyword("arcsec", 1), unit_keyword("dex", 2)
        ('TUNIT1', 'TCOMM2')
    """
    try:
        Unit(unit, format="fits")
    except ValueError:
        return f"TCOMM{number}"
    return f"TUNIT{number}"


TEXT = ("csv", "ecsv")
FORMATS: dict[str, Callable[[Path, pa.Schema, Pieces, Mapping[str, str]], None]] = {
    "csv": _write_csv,
    "ecsv": _write_ecsv,
    "parquet": _write_parquet,
    "fits": _write_fits,
}


def _rows(pieces: Iterable[pa.Table]) -> Iterator[Sequence]:
    """Rows of plain Python values; None, an empty field to `csv`, for null."""
    for piece in pieces:
        yield from zip(*(column.to_pylist() for column in piece.columns), strict=True)


def _extent(schema: pa.Schema, pieces: Pieces) -> tuple[int, dict[str, int]]:
    rows, widths = 0, {field.name: 1 for field in schema if pa.types.is_string(field.type)}
    for piece in pieces():
        rows += len(piece)
        for name in widths:
            widths[name] = max([widths[name], *(len(text) for text in _ascii(piece[name]))])
    return rows, widths


def _fits_names(names: Sequence[str]) -> list[str]:
    """Names of columns that fit into a card; one that has to be cut ends with its number, so that no two are alike."""
    written = [name.encode("ascii", "backslashreplace").decode() for name in names]
    return [
        name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}_{number}" for number, name in enumerate(written)
    ]


def _fits_type(kind: pa.DataType, width: int) -> str:
    if pa.types.is_string(kind):
        return f"S{width}"
    return ">i8" if pa.types.is_integer(kind) else ">f8"


def _packed(piece: pa.Table, dtype: np.dtype) -> np.ndarray:
    packed = np.zeros(len(piece), dtype)
    for name, column in zip(dtype.names or (), piece.columns, strict=True):
        if dtype[name].kind == "S":
            packed[name] = _ascii(column)
        else:
            packed[name] = pc.fill_null(column, FITS_NULL if dtype[name].kind == "i" else float("nan"))
    return packed


def _card(value: str) -> str:
    return " ".join(value.split()).encode("ascii", "backslashreplace").decode()


def _ascii(column: pa.ChunkedArray) -> list[bytes]:
    return [(text or "").encode("ascii", "backslashreplace") for text in column.to_pylist()]


def _astropy_column(column: pa.ChunkedArray) -> Any:
    if pa.types.is_null(column.type):
        values = np.full(len(column), np.nan)
    elif pa.types.is_string(column.type):
        values = np.array(pc.fill_null(column, "").to_pylist() or [""], dtype=str)[: len(column)]
    else:
        values = pc.fill_null(column, 0 if pa.types.is_integer(column.type) else float("nan")).to_numpy()
    return MaskedColumn(values, mask=column.is_null().to_numpy()) if column.null_count else Column(values)
