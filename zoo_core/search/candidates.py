"""Candidates: the objects above the threshold, and what further models say of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Alike", "above", "alike", "at_prevalence", "beside"]

NAMING = ("id", "path", "status", "message", "ra", "dec")


@dataclass(frozen=True)
class Alike:
    """Of each candidate the others that are most like it.

    Arguments:
        rows: numbers of candidates, the nearest first, (N, K); -1 where there is none.
        cosine: of the angle between their features, (N, K); NaN where there is none.
    """

    rows: np.ndarray
    cosine: np.ndarray


def above(pieces: Iterable[pa.Table], column: str, threshold: float) -> tuple[pa.Table, np.ndarray]:
    """The rows with at least that probability, the most probable first, and their places among all rows, (N,).

    Memory holds a piece, and the candidates.

    Example:
        >>> import pyarrow as pa
        >>> from zoo_core.search.candidates import above
        >>> pieces = [pa.table({"p_lens": [0.1, 0.7]}), pa.table({"p_lens": [None, 0.9]})]
        >>> rows, places = above(pieces, "p_lens", 0.5)
        >>> rows["p_lens"].to_pylist(), places.tolist()
        ([0.9, 0.7], [3, 1])
    """
    kept, places, start = [], [np.empty(0, np.int64)], 0
    for piece in pieces:
        probable = pc.fill_null(piece[column].cast(pa.float64()), -1.0).to_numpy() >= threshold
        kept.append(piece.filter(pa.array(probable)).replace_schema_metadata())
        places.append(start + np.flatnonzero(probable))
        start += len(piece)
    rows = pa.concat_tables(kept, promote_options="permissive")
    order = np.argsort(-rows[column].cast(pa.float64()).to_numpy(), kind="stable")
    return rows.take(order), np.concatenate(places)[order]


def at_prevalence(probability: np.ndarray, prior: float, prevalence: float) -> np.ndarray:
    """The probability of a lens where the share f of all objects are lenses, of one that assumes the share pi.

        p' / (1 - p') = p / (1 - p) * f / (1 - f) * (1 - pi) / pi

    Source: Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21.

    Example:
        >>> import numpy as np
        >>> from zoo_core.search.candidates import at_prevalence
        >>> at_prevalence(np.array([0.5, 0.999]), 0.5, 0.001).round(3).tolist()
        [0.001, 0.5]
    """
    lens, other = probability * prevalence / prior, (1 - probability) * (1 - prevalence) / (1 - prior)
    return lens / (lens + other)


def beside(candidates: pa.Table, predicted: pa.Table, whose: str) -> pa.Table:
    """With the columns of another model for the same objects; what it could not use is null, its reason in `message`.

    Arguments:
        candidates: a row an object.
        predicted: by that model, in the same order.
        whose: the model's id, for the message.
    """
    added = candidates
    for name in predicted.column_names:
        if name not in NAMING:
            added = added.append_column(_free(name, candidates.column_names), predicted[name])
    failed = [status != "ok" for status in predicted["status"].to_pylist()]
    reasons = zip(candidates["message"].to_pylist(), predicted["message"].to_pylist(), failed, strict=True)
    messages = ["; ".join(filter(None, (own, f"{whose}: {other}" if bad else ""))) for own, other, bad in reasons]
    return added.set_column(added.column_names.index("message"), "message", pa.array(messages, pa.string()))


def alike(features: pa.Table, count: int) -> Alike:
    """The candidates whose features point into the most similar directions.

    Arguments:
        features: a list of numbers each in the column `features`, null where there are none; D numbers all.
        count: of others for each.
    """
    column = features["features"].combine_chunks()
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    others = max(0, min(count, len(known) - 1))
    rows = np.full((len(features), count), -1)
    cosine = np.full((len(features), count), np.nan)
    if others:
        vectors = np.array(column.take(pa.array(known)).to_pylist(), np.float64)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float64).tiny)
        for place, number in enumerate(known):
            cosines = vectors @ vectors[place]
            cosines[place] = -np.inf
            nearest = np.argsort(-cosines, kind="stable")[:others]
            rows[number, :others], cosine[number, :others] = known[nearest], cosines[nearest]
    return Alike(rows, cosine)


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with underscores where a catalogue has such a column already."""
    names: Mapping[str, None] = dict.fromkeys(taken)
    while name in names:
        name += "_"
    return name
