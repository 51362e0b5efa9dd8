"""HATS: catalogues of the sky in Parquet, partitioned by HEALPix (lsdb.io); and plain folders of Parquet files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ImageReadError, NotInstalledError

__all__ = ["is_hats", "margin_threshold", "parquet_folder", "read_hats"]

PROPERTIES = ("collection.properties", "hats.properties", "properties")


def is_hats(folder: Path) -> bool:
    """Whether a folder is a HATS catalogue, or a collection of one with its margins and indexes."""
    return any((folder / name).is_file() for name in PROPERTIES)


def read_hats(folder: Path, names: Sequence[str], columns: Sequence[str] = ()) -> pa.Table:
    """The positions of a catalogue, as `ra` and `dec`, in the order of its pixels, without its margins.

    Arguments:
        folder: of the catalogue or collection.
        names: columns that may name the objects; the first that is there is read as well.
        columns: others that are wanted, those that are there.

    Raises:
        ImageReadError: it has no positions, or a partition is missing.
        NotInstalledError: the library that reads it is missing.
    """
    try:
        import hats
        from hats.io.paths import pixel_catalog_file
    except ImportError as error:
        raise NotInstalledError(
            f"{folder}: a HATS catalogue, for which hats can't be imported ({error}); pip install 'zoo-core[scale]'"
        ) from error
    opened: Any = hats.read_hats(folder)  # a catalogue, or a collection of one with its margins
    catalog = getattr(opened, "main_catalog", opened)
    ra, dec = catalog.catalog_info.ra_column, catalog.catalog_info.dec_column
    if not ra or not dec:
        raise ImageReadError(f"{folder}: the catalogue names no columns of positions in its properties")
    base = catalog.catalog_base_dir
    files = [str(pixel_catalog_file(base, pixel)) for pixel in catalog.get_healpix_pixels()]
    pieces = [_columns(file, ra, dec, names, columns) for file in files]
    return pa.concat_tables(pieces)


def margin_threshold(folder: Path) -> float | None:
    """Width of the margin of a collection, arcsec; None without one."""
    import hats

    opened: Any = hats.read_hats(folder)
    if getattr(opened, "default_margin", None) is None:
        return None
    margin: Any = hats.read_hats(folder / opened.default_margin)
    return float(margin.catalog_info.margin_threshold)


def parquet_folder(folder: Path) -> pa.Table:
    """All rows of the Parquet files in a folder and in those inside it, in the order of their names.

    Raises:
        ImageReadError: there is none.
    """
    import pyarrow.dataset as ds  # which imports pandas

    files = sorted(str(path) for path in folder.rglob("*.parquet") if path.name[0] not in "._")
    if not files:
        raise ImageReadError(f"{folder}: no HATS catalogue, and no Parquet files in it")
    return ds.dataset(files, format="parquet").to_table()


def _columns(file: str, ra: str, dec: str, names: Sequence[str], columns: Sequence[str]) -> pa.Table:
    there = pq.read_schema(file).names
    name = next((one for wanted in names for one in there if one.lower() == wanted), None)
    called = {ra: "ra", dec: "dec"} | ({} if name is None else {name: name.lower()})
    wanted = [one for one in columns if one in there and one not in called.values()]
    read = pq.ParquetFile(file).read(columns=[*called, *wanted])
    return pa.table({called.get(one, one): read[one] for one in called} | {one: read[one] for one in wanted})
