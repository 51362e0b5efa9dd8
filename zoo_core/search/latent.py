"""Where candidates lie in what the finder makes of them: the directions in which its features differ most."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["AXES", "latent_positions"]

AXES = ("latent_1", "latent_2")
FEWEST = 3  # candidates, from which on directions mean something


def latent_positions(features: pa.Table) -> np.ndarray:
    """The first two principal components of the features of candidates, (N, 2), in units of their scatter.

    With the features X of the candidates, each less its mean and over its standard deviation, and X = U S V^T, the
    positions are sqrt(N) times the first two columns of U; their sign is such that the largest value is positive. NaN
    for candidates without features, and for all where fewer than three have some.

    Arguments:
        features: a list of numbers each in the column `features`, null where there are none; D numbers all.

    Example:
        >>> import pyarrow as pa
        >>> from zoo_core.search.latent import latent_positions
        >>> features = pa.table({"features": [[0.0, 1.0], [1.0, 1.0], [5.0, 1.0], None]})
        >>> latent_positions(features)[:, 0].round(2).tolist()
        [-0.93, -0.46, 1.39, nan]
    """
    column = features["features"].combine_chunks()
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    positions = np.full((len(features), len(AXES)), np.nan)
    if len(known) < FEWEST:
        return positions
    vectors = np.array(column.take(pa.array(known)).to_pylist(), np.float64)
    scatter = vectors.std(0)
    alike = (vectors - vectors.mean(0)) / np.where(scatter > 0, scatter, 1)
    u, size, _ = np.linalg.svd(alike, full_matrices=False)
    differing = min(len(AXES), int(np.sum(size > 1e-9 * max(size[0], 1e-30))))
    first = u[:, :differing]
    first = first * np.sign(first[np.abs(first).argmax(0), np.arange(differing)])
    positions[known, :differing] = np.sqrt(len(known)) * first
    return positions
