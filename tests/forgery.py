"""A result that was forged with care: everything in it follows from its predictions, which no model gave."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zoo_core.bench.opened import OpenedBenchmark
from zoo_core.bench.results import predictions_of, read_result, sha256_of, write_result
from zoo_core.catalog.specs import BenchmarkSpec


def forge_predictions(path: Path, bench: BenchmarkSpec, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    """Other predictions, with every number computed from them as an honest run would."""
    table = pq.read_table(path.with_suffix(".parquet"))
    columns = {name: table[name].to_numpy().copy() for name in table.column_names}
    change(columns)
    pq.write_table(pa.table(columns), path.with_suffix(".parquet"))
    result = read_result(path)
    hashes = result.hashes | {"predictions": sha256_of(path.with_suffix(".parquet"))}
    forged = replace(result, hashes=hashes)
    write_result(forged, path)
    measures = OpenedBenchmark.opened(bench, path.parents[1]).measures
    write_result(measures.numbered(forged, *predictions_of(path, forged)), path)
