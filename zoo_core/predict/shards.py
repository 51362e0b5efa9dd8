"""Finished rows of a long run, a file for every thousand: what a killed run has done is not done again."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import FileError
from ..files import sweep, whole
from .tables import common_schema, described, is_folder

__all__ = ["SHARD", "Shards"]

SHARD = 1024  # rows; a killed run loses at most so many
KEY = b"zoo.key"
NAME = re.compile(r"\d{6,}\.parquet")


@dataclass(frozen=True)
class Shards:
    """The shards of one output table, a file each.

    Arguments:
        folder: where they are.
        first: number of the first one.
        units: of columns, written into each file.
        facts: of the whole table, likewise.
    """

    folder: Path
    first: int = 0
    units: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def beside(cls, out: Path) -> "Shards":
        """The shards of that table: in the folder itself if it is one, else in a hidden folder beside it."""
        return cls(out if is_folder(out) else out.with_name(f".{out.name}.parts"))

    def start(self, resume: bool) -> None:
        """Make the folder; what an earlier run left there is kept only to resume it.

        Raises:
            FileError: there is something else in it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        strange = [path.name for path in self.folder.iterdir() if not path.name.startswith(".") and not _is_shard(path)]
        if strange:
            raise FileError(f"{self.folder}: holds {min(strange)}, which is no part of a table; choose another folder")
        sweep(self.folder)
        if not resume:
            self._unlink()

    def has(self, number: int, key: str) -> bool:
        """That shard is there and was made of the same images by the same model."""
        try:
            return (self.rows(number).schema.metadata or {}).get(KEY) == key.encode()
        except (OSError, pa.ArrowException):  # not there, or damaged
            return False

    def exists(self, number: int) -> bool:
        """That shard is there, whatever it was made of."""
        return self._path(number).exists()

    def rows(self, number: int) -> pa.Table:
        """The rows of a shard."""
        return self._read(number)

    def failed(self, count: int) -> int:
        """Rows with status `error` in shards 0 to count - 1."""
        columns = (self._read(number, ["status"]) for number in range(count))
        return sum(column["status"].to_pylist().count("error") for column in columns)

    def lack(self, column: str, count: int) -> bool:
        """Whether no row of shards 0 to count - 1 has a value in that column."""
        columns = (self._read(number, [column])[column] for number in range(count))
        return all(column.null_count == len(column) for column in columns)

    def write(self, number: int, rows: pa.Table, key: str) -> None:
        """A shard, complete or not there."""
        stored = described(rows.schema, self.units, {**self.facts, KEY.decode(): key})
        with whole(self._path(number)) as partial:
            pq.write_table(rows.cast(stored), partial)

    def all(self, count: int) -> Iterator[pa.Table]:
        """The rows of shards 0 to count - 1, one shard in memory at a time."""
        return (self.rows(number) for number in range(count))

    def paths(self, count: int) -> list[Path]:
        """Paths of shards 0 to count - 1."""
        return [self._path(number) for number in range(count)]

    def agree(self, count: int) -> None:
        """Give all shards the same columns, so that the folder reads as one table.

        A shard in which no image could be used does not know the types of the columns that the others have.
        """
        schema = common_schema(pq.read_schema(self._path(number)) for number in range(count))
        for number in range(count):
            stored = pq.read_schema(self._path(number))
            if stored.remove_metadata() != schema:
                key = (stored.metadata or {})[KEY].decode()
                self.write(number, self.rows(number).cast(schema), key)

    def keep(self, count: int) -> None:
        """Delete the shards after 0 to count - 1, which a longer run has left."""
        kept = {path.name for path in self.paths(count)}
        for path in self.folder.iterdir():
            if _is_shard(path) and path.name not in kept:
                path.unlink()

    def remove(self) -> None:
        """Delete them all, and the folder."""
        if self.folder.exists():
            self._unlink()
            self.folder.rmdir()

    def _unlink(self) -> None:
        for path in [path for path in self.folder.iterdir() if _is_shard(path)]:
            path.unlink()

    def _read(self, number: int, columns: list[str] | None = None) -> pa.Table:
        with pq.ParquetFile(self._path(number)) as file:  # `read_table` imports pandas
            return file.read(columns=columns)

    def _path(self, number: int) -> Path:
        return self.folder / f"{self.first + number:06d}.parquet"


def _is_shard(path: Path) -> bool:
    return NAME.fullmatch(path.name) is not None
