"""Positions: the objects of a catalogue, each with its name as it is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from astropy import units
from astropy.table import Column

from ..errors import ImageReadError
from .catalogue import is_number, read_catalogue
from .wcs import arcsec_in

__all__ = ["OnMosaic", "OnSky", "read_columns", "read_positions"]

_IDS = ("id", "object_id", "source_id", "name", "designation", "number")
_SKY = (
    *(("ra", "dec"), ("right_ascension", "declination"), ("ra_deg", "dec_deg"), ("radeg", "dedeg")),
    *(("ra_icrs", "de_icrs"), ("raj2000", "dej2000"), ("_raj2000", "_dej2000"), ("alpha_j2000", "delta_j2000")),
)
_PIXELS = {("x", "y"): 0.0, ("x_image", "y_image"): 1.0}  # and the number of the first pixel
_SEXAGESIMAL = re.compile(r"\d[\s:hdms°'\"]+\d")
_RA_RANGE, _DEC_RANGE = (-180.0, 360.0), (-90.0, 90.0)  # degrees


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
    """The objects of a catalogue.

    Arguments:
        catalog: see `read_catalogue`. Columns (any case): RA and Dec in degrees, unless the columns have units or are
            sexagesimal text (hours), or else `x`, `y` from 0 (`X_IMAGE`, `Y_IMAGE` from 1, as SExtractor counts). `id`
            or `name`, if there is one, names the objects, as it is written.

    Raises:
        ImageReadError: it cannot be read, or has no such columns.
    """
    table = read_catalogue(catalog, _IDS, [*_SKY, *_PIXELS])
    columns: dict[str, Any] = {name.lower(): table[name] for name in table.colnames}
    name = next((n for n in _IDS if n in columns), None)
    names = _names(columns[name]) if name else [str(row) for row in range(len(table))]
    for pair in _SKY:
        if columns.keys() >= set(pair):
            ra, dec = _checked(catalog, columns, pair)
            right_ascensions = _within(_RA_RANGE, _angles(catalog, ra, units.hourangle))
            return OnSky(names, right_ascensions, _within(_DEC_RANGE, _angles(catalog, dec, units.deg)))
    for pair, first in _PIXELS.items():
        if columns.keys() >= set(pair):
            x, y = _checked(catalog, columns, pair)
            return OnMosaic(names, _numbers(x) - first, _numbers(y) - first)
    raise ImageReadError(
        f"{catalog}: needs columns ra and dec (degrees) or x and y; it has {', '.join(table.colnames)}"
    )


def read_columns(catalog: str, names: Sequence[str]) -> pa.Table:
    """Columns of a catalogue in the order of `read_positions`; text that is numbers as numbers.

    Raises:
        ImageReadError: it cannot be read, or lacks one of them.
    """
    table = read_catalogue(catalog, _IDS, [*_SKY, *_PIXELS], names)
    if missing := [name for name in names if name not in table.colnames]:
        raise ImageReadError(f"{catalog}: has no column {missing[0]}; it has {', '.join(table.colnames)}")
    return pa.table({name: _plain(cast(Column, table[name])) for name in names})


def _plain(column: Column) -> pa.Array:
    """Masked values are null; text is numbers where all of it is."""
    values = [None if value is np.ma.masked else value for value in column.tolist()]
    if column.dtype.kind not in "US":
        return pa.array(values, from_pandas=True)
    texts = [_decoded(value) if isinstance(value, bytes) else value for value in values]
    if all(not text or is_number(text) for text in texts) and any(texts):
        whole = all(not text or text.strip().lstrip("+-").isdecimal() for text in texts)
        return pa.array([None if not text else (int if whole else float)(text) for text in texts])
    return pa.array(texts, pa.string())


def _names(column: Column) -> list[str]:
    """Names as they are written; bytes of FITS as text."""
    known = ("" if value is np.ma.masked else value for value in column)
    return [_decoded(value) if isinstance(value, bytes) else str(value).strip() for value in known]


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape").strip()


def _checked(catalog: str, columns: Mapping[str, Column], pair: tuple[str, str]) -> tuple[Column, Column]:
    """Both columns. One bad row costs that row; a column of text in every row is the wrong column."""
    for column in (columns[name] for name in pair):
        if column.ndim > 1:
            raise ImageReadError(f"{catalog}: column {column.name} holds {column.shape[1:]} numbers a row, not one")
        texts = [str(text) for text in column] if column.dtype.kind in "USO" else []
        if texts and not any(is_number(text) or _SEXAGESIMAL.search(text) for text in texts):
            raise ImageReadError(f"{catalog}: no row of column {column.name} holds a number, the first is {texts[0]!r}")
    return columns[pair[0]], columns[pair[1]]


def _angles(catalog: str, column: Column, sexagesimal: units.UnitBase) -> np.ndarray:
    """Degrees; text is degrees too, unless it is sexagesimal."""
    if column.dtype.kind in "USO":
        return np.array([_angle(str(text).strip(), sexagesimal) for text in column], dtype=np.float64)
    try:
        return np.asarray((_numbers(column) * (column.unit or units.deg)).to_value(units.deg))
    except ValueError as error:
        step = arcsec_in(str(column.unit))  # `degrees`, which no standard knows and many tables hold
        if not step:
            raise ImageReadError(
                f"{catalog}: column {column.name} is in {column.unit}, which is no angle; convert it to degrees"
            ) from error
        return _numbers(column) * (step / 3600)


def _angle(text: str, sexagesimal: units.UnitBase) -> float:
    if is_number(text):
        return float(text)
    if not _SEXAGESIMAL.search(text):
        return np.nan
    from astropy.coordinates import Angle  # takes a while, and most catalogues are in degrees

    try:
        return float(cast(float, Angle(text, sexagesimal).deg))
    except ValueError:
        return np.nan


def _within(span: tuple[float, float], degrees: np.ndarray) -> np.ndarray:
    return np.where((degrees >= span[0]) & (degrees <= span[1]), degrees, np.nan)


def _numbers(column: Column) -> np.ndarray:
    """The column in float64; NaN where it is masked or no number."""
    if column.dtype.kind in "USO":
        return np.array([float(text) if is_number(str(text)) else np.nan for text in column], dtype=np.float64)
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
