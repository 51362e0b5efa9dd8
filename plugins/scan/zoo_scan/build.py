"""The networks of this plugin from the arguments of their architectures, with random weights."""

from typing import Any

from .classifier import Classifier
from .kmeans import NearestCentroid
from .network import Scan
from .trunk import TrunkArguments

__all__ = ["classifier", "kmeans", "scan"]


def scan(channels: int, outputs: int, size: int, heads: int, projected: int, **trunk: Any) -> Scan:
    """The network of clusters; what is not named here is of `trunk.TrunkArguments`."""
    return Scan(TrunkArguments(channels, size, **trunk), outputs, heads, projected)


def kmeans(channels: int, outputs: int, size: int, projected: int, cosine: bool, **trunk: Any) -> NearestCentroid:
    """The network of centroids; what is not named here is of `trunk.TrunkArguments`."""
    return NearestCentroid(TrunkArguments(channels, size, **trunk), outputs, projected, cosine)


def classifier(channels: int, outputs: int, size: int, **trunk: Any) -> Classifier:
    """The network of classes; what is not named here is of `trunk.TrunkArguments`."""
    return Classifier(TrunkArguments(channels, size, **trunk), outputs)
