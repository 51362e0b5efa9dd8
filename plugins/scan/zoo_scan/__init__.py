"""SCAN: classes of lenses that nobody labelled, from contrastive features and their neighbours."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

    from zoo_core.interfaces import Training

__all__ = ["zoo_architectures"]

PAPER = """@inproceedings{VanGansbeke2020,
  author = {Van Gansbeke, W. and Vandenhende, S. and Georgoulis, S. and Proesmans, M. and Van Gool, L.},
  title = {SCAN: Learning to classify images without labels},
  booktitle = {European Conference on Computer Vision},
  pages = {268},
  year = {2020},
  eprint = {2005.12320}
}"""

PREPROCESS = (
    {"op": "frame", "size": 64},
    {"op": "noise_units"},
)


def build(
    channels: int,
    outputs: int,
    size: int = 64,
    macro: Mapping[str, Any] | None = None,
    model: str = "small",
    options: Mapping[str, Any] | None = None,
    looks: Sequence[str] = ("plain",),
    heads: int = 1,
    projected: int = 128,
) -> "nn.Module":
    """See `network.Scan` and `trunk.Sight`."""
    from .network import Scan
    from .trunk import Sight

    return Scan(Sight(channels, size, macro, model, options, looks), outputs, heads, projected)


def train(network: "nn.Module", training: "Training") -> None:
    """See `stages.train`."""
    from .stages import train as stages

    stages(network, training)


def build_kmeans(
    channels: int,
    outputs: int,
    size: int = 64,
    macro: Mapping[str, Any] | None = None,
    model: str = "small",
    options: Mapping[str, Any] | None = None,
    looks: Sequence[str] = ("plain",),
    projected: int = 128,
    cosine: bool = False,
) -> "nn.Module":
    """See `kmeans.NearestCentroid` and `trunk.Sight`."""
    from .kmeans import NearestCentroid
    from .trunk import Sight

    return NearestCentroid(Sight(channels, size, macro, model, options, looks), outputs, projected, cosine)


def train_kmeans(network: "nn.Module", training: "Training") -> None:
    """See `kmeans.train`."""
    from .kmeans import train as centroids

    centroids(network, training)


def build_classifier(
    channels: int,
    outputs: int,
    size: int = 64,
    macro: Mapping[str, Any] | None = None,
    model: str = "small",
    options: Mapping[str, Any] | None = None,
    looks: Sequence[str] = ("plain",),
) -> "nn.Module":
    """See `classifier.Classifier` and `trunk.Sight`."""
    from .classifier import Classifier
    from .trunk import Sight

    return Classifier(Sight(channels, size, macro, model, options, looks), outputs)


def train_classifier(network: "nn.Module", training: "Training") -> None:
    """See `classifier.train`."""
    from .classifier import train as classes

    classes(network, training)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """SCAN, the k-means that it must beat, and a classifier with the layers of either."""
    return [
        zoo.Architecture(
            name="scan",
            task="clustering",
            build=build,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("0", "1", "2")),
            preprocess=PREPROCESS,
            arguments={"looks": ("asinh", "sharp")},
            summary="Clusters that neighbours in contrastive feature space share (Van Gansbeke et al. 2020)",
            paper=PAPER,
            train=train,
        ),
        zoo.Architecture(
            name="kmeans",
            task="clustering",
            build=build_kmeans,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("0", "1", "2")),
            preprocess=PREPROCESS,
            arguments={"looks": ("asinh", "sharp")},
            summary="k-means on the contrastive features that SCAN begins with",
            train=train_kmeans,
        ),
        zoo.Architecture(
            name="scan_classifier",
            task="classification",
            build=build_classifier,
            size=64,
            bands=("VIS",),
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            preprocess=PREPROCESS,
            arguments={"looks": ("asinh", "sharp")},
            summary="The network of `scan` with a linear layer of classes, to learn from few labels",
            paper=PAPER,
            train=train_classifier,
        ),
    ]
