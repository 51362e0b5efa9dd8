"""Whether doubt tells mistakes: predictive entropy, the rejection curve, the error rate of images that are doubted."""

from typing import NamedTuple

import numpy as np

from .intervals import binomial

__all__ = ["DoubtBin", "Rejection", "error_by_doubt", "predictive_entropy", "rejection"]

BINS = 10


class Rejection(NamedTuple):
    """Of the images that remain when the most doubted are left out, from all of them to the surest one.

    Arguments:
        kept: share of the images that remain, (N,), falling from 1.
        error: share of these that is called wrongly, (N,).
    """

    kept: np.ndarray
    error: np.ndarray

    @property
    def area(self) -> float:
        """Mean of the error over all shares that are kept: 0 without mistakes, the error rate if doubt says nothing."""
        return float(self.error.mean())


class DoubtBin(NamedTuple):
    """Images that are doubted alike: mean doubt, share that is wrong with its interval of 95 %, number of images."""

    doubt: float
    error: float
    low: float
    high: float
    images: int


def predictive_entropy(probabilities: np.ndarray) -> np.ndarray:
    """How much is open about the class of each image, (N,), nats.

        H = -sum_k p_k ln p_k

    Of probabilities that are means over samples of a posterior it holds both kinds of uncertainty.

    Arguments:
        probabilities: (N, K).

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.uncertainty import predictive_entropy
        >>> predictive_entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
        array([0.693, 0.   ])
    """
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities, dtype=float), where=probabilities > 0)
    return -np.sum(probabilities * logarithms, axis=1) + 0.0  # no minus before 0


def rejection(doubt: np.ndarray, wrong: np.ndarray) -> Rejection:
    """The rejection curve: images are left out from the most doubted on; equally doubted ones count as their mean.

    Arguments:
        doubt: (N,), such as the entropy.
        wrong: (N,), true where an image is called wrongly.

    Source: El-Yaniv & Wiener (2010), J. Mach. Learn. Res. 11, 1605, for the risk at each coverage.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.uncertainty import rejection
        >>> curve = rejection(np.array([0.6, 0.1, 0.2, 0.5]), np.array([True, False, False, False]))
        >>> curve.kept, curve.error
        (array([1.  , 0.75, 0.5 , 0.25]), array([0.25, 0.  , 0.  , 0.  ]))
    """
    _, place, counts = np.unique(doubt, return_inverse=True, return_counts=True)
    shares = (np.bincount(place, weights=wrong) / counts)[place]  # of the wrong ones among equals
    mistakes = np.cumsum(shares[np.argsort(doubt, kind="stable")])
    kept = np.arange(1, len(doubt) + 1)
    return Rejection((kept / len(doubt))[::-1], (mistakes / kept)[::-1])


def error_by_doubt(doubt: np.ndarray, wrong: np.ndarray, bins: int = BINS) -> list[DoubtBin]:
    """Error rate of images in bins of doubt that hold equally many, from the surest on; arguments as of `rejection`."""
    parts = np.array_split(np.argsort(doubt, kind="stable"), min(bins, len(doubt)))
    return [_bin(doubt[part], wrong[part]) for part in parts]


def _bin(doubt: np.ndarray, wrong: np.ndarray) -> DoubtBin:
    mistakes, images = int(wrong.sum()), len(wrong)
    low, high = binomial(mistakes, images) or (0.0, 1.0)
    return DoubtBin(float(doubt.mean()), mistakes / images, low, high, images)
