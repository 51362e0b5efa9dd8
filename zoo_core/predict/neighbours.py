"""Images that are like one another, and images that are like no other, by their features.

Both are exact, and pass over the table a piece at a time: memory holds one piece, whatever the number of rows.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from ..errors import ArgumentError, ImageReadError, UnknownNameError

__all__ = ["Neighbour", "nearest", "outliers"]

ROWS = 65536  # in memory at a time
RIDGE = 1e-6  # added to the diagonal of correlations; features with less of the mean sigma count as never varying
FEWEST = 3  # images that an outlier is found among


@dataclass(frozen=True)
class Neighbour:
    """One image of a table of features.

    Arguments:
        row: its columns, without the features.
        value: cosine of the angle to the chosen image, or distance from the mean.
    """

    row: dict[str, Any]
    value: float


def nearest(table: Path, image: str, count: int) -> list[Neighbour]:
    """The images whose features point into the direction of those of one image, the nearest first, itself left out.

    Arguments:
        table: what `zoo features` has written.
        image: its `path`, or its `id`.
        count: how many.

    Raises:
        ImageReadError: it is no table of features.
        UnknownNameError: no usable image is called so.
        ArgumentError: several have this id.
    """
    path, direction = _chosen(table, image)

    def cosines(features: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(features, axis=1)
        return features @ direction / np.where(lengths > 0, lengths, np.inf)

    ranked = _largest(table, cosines, count + 1)
    return [one for one in ranked if one.row["path"] != path][:count]


def outliers(table: Path, count: int) -> list[Neighbour]:
    """The images furthest from the mean, in units of the covariance of all (Mahalanobis 1936), the furthest first.

    Where images are few for their features, their correlations are shrunk (Ledoit & Wolf 2004).

    Raises:
        ImageReadError: it is no table of features, or has fewer than three usable images.
    """
    mean, inverse = _moments(table)

    def distances(features: np.ndarray) -> np.ndarray:
        offset = features - mean
        return np.sqrt(np.einsum("ni,ij,nj->n", offset, inverse, offset))

    return _largest(table, distances, count)


def _largest(table: Path, value: Callable[[np.ndarray], np.ndarray], count: int) -> list[Neighbour]:
    best: list[tuple[float, int, Neighbour]] = []
    first = 0
    for rows, features in _pieces(table):
        values = value(features)
        for place in np.argsort(-values, kind="stable")[:count].tolist():
            found = Neighbour(rows.slice(place, 1).to_pylist()[0], float(values[place]))
            best.append((-found.value, first + place, found))
        best = heapq.nsmallest(count, best)
        first += len(rows)
    return [found for _, _, found in best]


def _chosen(table: Path, image: str) -> tuple[str, np.ndarray]:
    """Path and direction (D,) of the image of that path or id."""
    stored = _opened(table)
    for column in ("path", "id"):
        usable = (ds.field(column) == image) & (ds.field("status") == "ok")
        found = stored.to_table(columns=["path", "features"], filter=usable)
        if len(found) > 1 and column == "id":
            paths = ", ".join(found["path"].to_pylist()[:3])
            raise ArgumentError(f"{len(found)} images have the id {image!r}; name one by its path, as {paths}")
        if len(found):
            features = _matrix(found)[0]
            return found["path"][0].as_py(), features / (np.linalg.norm(features) or 1.0)
    raise UnknownNameError(f"{table}: no usable image has the path or id {image!r}")


def _moments(table: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and inverse covariance (D, D) of the features, in two passes.

    The correlations are drawn towards none, the less the more images there are.

    Source: Ledoit & Wolf 2004, J. Multivariate Anal. 88, 365, section 3.2, of features of unit variance.
    """
    number, mean, inverse_sigma = _standards(table)
    correlation, fourth = np.zeros((mean.size, mean.size)), 0.0
    for _, features in _pieces(table):
        standard = (features - mean) * inverse_sigma
        correlation += standard.T @ standard / number
        fourth += float(((standard**2).sum(axis=1) ** 2).sum()) / number
    noise = (fourth - float((correlation**2).sum())) / number
    unit = np.diag(np.diag(correlation))
    spread = float(((correlation - unit) ** 2).sum())
    share = min(1.0, noise / spread) if spread > 0 else 1.0
    shrunk = (1 - share) * correlation + share * unit + RIDGE * np.eye(mean.size)
    return mean, np.linalg.inv(shrunk) * np.outer(inverse_sigma, inverse_sigma)


def _standards(table: Path) -> tuple[int, np.ndarray, np.ndarray]:
    """Number of usable images, mean (D,) of the features, and one over their sigma; 0 for those that never vary."""
    number, guess, total, squares = 0, np.zeros(0), np.zeros(0), np.zeros(0)
    for _, features in _pieces(table):
        if not number:
            guess = features.mean(axis=0)
            total, squares = np.zeros_like(guess), np.zeros_like(guess)
        offset = features - guess
        number, total, squares = number + len(offset), total + offset.sum(axis=0), squares + (offset**2).sum(axis=0)
    if number < FEWEST:
        raise ImageReadError(f"{table}: {number} usable images; outliers need {FEWEST} or more")
    variance = squares / number - (total / number) ** 2
    varies = variance > RIDGE**2 * variance.mean()
    return number, guess + total / number, np.where(varies, 1 / np.sqrt(np.where(varies, variance, 1.0)), 0.0)


def _pieces(table: Path) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """Usable rows without their features, and the features (N, D) in float64."""
    for batch in _opened(table).to_batches(
        batch_size=ROWS, filter=ds.field("status") == "ok", batch_readahead=1, fragment_readahead=1
    ):
        if len(batch):
            rows = pa.Table.from_batches([batch])
            yield rows.drop_columns(["features", "status", "message"]), _matrix(rows)


def _opened(table: Path) -> ds.Dataset:
    if not table.exists():
        raise ImageReadError(f"{table}: no such file or folder; name what `zoo features` has written")
    try:
        stored = ds.dataset(table, format="parquet")
    except (OSError, pa.ArrowInvalid) as error:
        raise ImageReadError(f"{table}: cannot be read as Parquet, which `zoo features` writes") from error
    if "features" not in stored.schema.names:
        raise ImageReadError(f"{table}: has no column `features`; `zoo features` writes such a table")
    return stored


def _matrix(rows: pa.Table) -> np.ndarray:
    column: Any = rows["features"].combine_chunks()
    return column.flatten().to_numpy().reshape(len(rows), -1).astype(np.float64)
