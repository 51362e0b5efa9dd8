"""Finished rows of a long run, a file for every thousand: what a killed run has done is not done again."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..files import sweep, whole

__all__ = ["Shards"]

KEY = b"zoo.key"


@dataclass(frozen=True)
class Shards:
    """The shards of one output table, in a hidden folder beside it."""

    folder: Path

    @classmethod
    def beside(cls, out: Path) -> "Shards":
        """Where the shards of that table are."""
        return cls(out.with_name(f".{out.name}.parts"))

    def start(self, resume: bool) -> None:
        """Make the folder; what an earlier run left there is kept only to resume it."""
        if not resume:
            self.remove()
        self.folder.mkdir(parents=True, exist_ok=True)
        sweep(self.folder)

    def has(self, number: int, key: str) -> bool:
        """That shard is there and was made of the same images by the same model."""
        try:
            return (self.rows(number).schema.metadata or {}).get(KEY) == key.encode()
        except (OSError, pa.ArrowException):  # not there, or damaged
            return False

    def rows(self, number: int) -> pa.Table:
        """The rows of a shard."""
        return pq.read_table(self._path(number))

    def write(self, number: int, rows: pa.Table, key: str) -> None:
        """A shard, complete or not there."""
        with whole(self._path(number)) as partial:
            pq.write_table(rows.replace_schema_metadata({KEY: key}), partial)

    def all(self, count: int) -> Iterator[pa.Table]:
        """The rows of shards 0 to count - 1, one shard in memory at a time."""
        return (self.rows(number) for number in range(count))

    def remove(self) -> None:
        """Delete them all."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.parquet"
