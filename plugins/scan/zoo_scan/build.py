"""The networks of this plugin from the arguments of their architectures, with random weights."""

from typing import Any

from .classifier import Classifier
from .kmeans import NearestCentroid
from .network import Scan
from .trunk import Sight

__all__ = ["classifier", "kmeans", "scan"]


def scan(channels: int, outputs: int, size: int, heads: int, projected: int, **sight: Any) -> Scan:
    """The network of clusters; what is not named here is of `trunk.Sight`."""
    return Scan(Sight(channels, size, **sight), outputs, heads, projected)


def kmeans(channels: int, outputs: int, size: int, projected: int, cosine: bool, **sight: Any) -> NearestCentroid:
    """The network of centroids; what is not named here is of `trunk.Sight`."""
    return NearestCentroid(Sight(channels, size, **sight), outputs, projected, cosine)


def classifier(channels: int, outputs: int, size: int, **sight: Any) -> Classifier:
    """The network of classes; what is not named here is of `trunk.Sight`."""
    return Classifier(Sight(channels, size, **sight), outputs)
