"""Tables of predictions as HATS catalogues, partitioned on the sky, by hats-import."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import ArgumentError, FileError, NotInstalledError, SchedulerError
from ..files import refused

__all__ = ["HATS", "check_hats", "is_hats_name", "write_hats"]

HATS = ".hats"
ROWS = 1_000_000  # of a partition, at most
WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")  # fits 64 bits
ORDER = 8  # of the smallest HEALPix pixels, 14 arcmin a side, in which no survey sees so many


def is_hats_name(out: Path) -> bool:
    """Whether the table becomes a HATS catalogue: its name ends so."""
    return out.suffix.lower() == HATS


def check_hats(out: Path) -> None:
    """Raise unless a catalogue of that name can be written."""
    if out.exists():
        raise FileError(f"{out}: is there already, and a catalogue is not replaced; choose another name")
    try:
        import hats_import  # noqa: F401
    except ImportError as error:
        raise NotInstalledError(
            f"{out}: hats-import can't be imported ({error}); pip install 'zoo-core[scale]'"
        ) from error


def write_hats(shards: Sequence[Path], out: Path, margin: float | None = None) -> int:
    """A catalogue of the rows that have a position; returns how many have none and are left out.

    `id` becomes whole numbers where all are, so that it joins with the catalogue that the objects are from.

    Arguments:
        shards: Parquet files of the same columns.
        out: folder of the catalogue, complete or not there.
        margin: arcsec; the catalogue becomes a collection with one. None: it has none.

    Raises:
        ArgumentError: no row has a position.
        FileError: the operating system refuses.
        SchedulerError: the engine of the import does not start.
    """
    if "ra" not in pq.read_schema(shards[0]).names:
        raise ArgumentError(
            f"{out}: a catalogue needs positions; predict on --catalog with ra and dec, or write another format"
        )
    try:
        with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
            located, lost = _located(shards, Path(temporary) / "rows")
            if not located:
                raise ArgumentError(f"{out}: no row has a position")
            _import(located, Path(temporary), out.stem, margin)
            (Path(temporary) / out.stem).replace(out)
    except TimeoutError as error:  # of Dask, and an OSError too
        raise SchedulerError(
            f"{out}: the machine is too busy for the import into a catalogue ({' '.join(str(error).split())}); what is "
            "scored is kept; --resume (resume=True) goes on from there"
        ) from error
    except OSError as error:
        raise FileError(refused(error, out)) from error
    return lost


def _located(shards: Sequence[Path], folder: Path) -> tuple[list[Path], int]:
    folder.mkdir()
    whole_numbers = all(_are_whole(ids) for ids in _ids(shards))
    files, lost = [], 0
    for shard in shards:
        rows = pq.read_table(shard)
        kept = rows.filter(rows["ra"].is_valid()).replace_schema_metadata()
        lost += len(rows) - len(kept)
        if len(kept):
            ids = kept["id"].cast(pa.int64()) if whole_numbers else kept["id"]
            files.append(folder / shard.name)
            pq.write_table(kept.set_column(0, "id", ids), files[-1])
    return files, lost


def _ids(shards: Sequence[Path]) -> Iterator[pa.ChunkedArray]:
    return (pq.read_table(shard, columns=["id"])["id"] for shard in shards)


def _are_whole(ids: pa.ChunkedArray) -> bool:
    """Whether each is a whole number of at most 18 digits, written as numbers are."""
    return all(WHOLE.fullmatch(name) for name in ids.to_pylist())


def _import(files: Sequence[Path], folder: Path, name: str, margin: float | None) -> None:
    from distributed import Client
    from hats_import.catalog.arguments import ImportArguments
    from hats_import.catalog.file_readers import ParquetPyarrowReader
    from hats_import.catalog.run_import import run
    from hats_import.collection.arguments import CollectionArguments
    from hats_import.collection.run_import import run as run_collection

    work = folder / "work"
    work.mkdir()
    common = {"output_artifact_name": name, "output_path": str(folder), "tmp_dir": str(work), "progress_bar": False}
    catalogue = {
        "ra_column": "ra",
        "dec_column": "dec",
        "input_file_list": [str(file) for file in files],
        "file_reader": ParquetPyarrowReader(),
        "pixel_threshold": ROWS,
        "highest_healpix_order": ORDER,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
            if margin is None:
                run(ImportArguments(**common, **catalogue), client)
            else:
                collection = CollectionArguments(**common).catalog(**catalogue)
                run_collection(collection.add_margin(margin_threshold=margin, is_default=True), client)
