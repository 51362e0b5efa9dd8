"""What identifies the images of a benchmark and what is true of them, as far as a results file can tell."""

import hashlib
from collections.abc import Iterator

import numpy as np

from ..scores import Truth
from ..tasks import Heads

__all__ = ["truth_sha256"]


def truth_sha256(truth: Truth, heads: Heads) -> str:
    """sha256 of the ids with the label or the parameters, these in nine significant digits; a line an image.

    Example:
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> from zoo_core.bench.truth import truth_sha256
        >>> heads = zoo.Heads(classes=("nonlens", "lens"))
        >>> truth_sha256({"id": np.array(["a", "b"]), "label": np.array([0, 1])}, heads)[:12]
        'd2b8f42e0356'
    """
    digest = hashlib.sha256()
    for line in _lines(truth, heads):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _lines(truth: Truth, heads: Heads) -> Iterator[str]:
    columns = [np.asarray(truth[name]).tolist() for name in ("id", *(heads.parameters or ("label",)))]
    for row in zip(*columns, strict=True):
        yield ";".join(f"{value:.8e}" if isinstance(value, float) else str(value) for value in row)
