"""Beyond what was observed: the score above which a small share of few images lies."""

import numpy as np

__all__ = ["exceeded_by", "probability_exceeded_by"]

TAIL = 1 / 3  # share of the images whose scores tell how they fall off
LEAST = 1e-7  # probabilities in single precision are no nearer to 0 or 1


def exceeded_by(share: float, scores: np.ndarray) -> float:
    """The score that this share of images lies above, if the largest third of all scores falls off exponentially.

        z = u + b ln(k / (n share))

    k of the n scores are the largest third, u is the largest of the others, b the mean of the k less u. The share may
    be smaller than 1/n. NaN of fewer than two scores.

    Arguments:
        share: of the images, above 0.
        scores: (n,).

    Source: Weissman (1978), Journal of the American Statistical Association 73, 812.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.tail import exceeded_by
        >>> scores = -np.log((np.arange(300) + 0.5) / 300)  # exponential
        >>> round(exceeded_by(0.001, scores), 1), round(float(-np.log(0.001)), 1)
        (6.9, 6.9)
    """
    kept = round(TAIL * len(scores))
    if not kept:
        return float("nan")
    ordered = np.sort(scores)
    begin, tail = ordered[-kept - 1], ordered[-kept:]
    return float(begin + (tail.mean() - begin) * np.log(kept / (len(scores) * share)))


def probability_exceeded_by(share: float, probabilities: np.ndarray) -> float:
    """The probability that this share of images lies above, see `exceeded_by`, which is given their log odds."""
    p = np.clip(probabilities.astype(np.float64), LEAST, 1 - LEAST)
    return float(1 / (1 + np.exp(-exceeded_by(share, np.log(p / (1 - p))))))
