"""SCAN: classes of lenses that nobody labelled, from contrastive features and their neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import zoo_core as zoo

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

CLUSTERS = zoo.Heads(classes=("0", "1", "2"))


@dataclass(frozen=True)
class MacroLens:
    """The fit of a macro-lens to one band, which then stands before everything else.

    Arguments:
        shows: what of each fit the network is given: residual, lens, masses; a channel each.
        priors, grid, psf, binning, noise: see `zoo_core.fit.macromodel.MacroModel`; images are scaled to unit peak.
        iterations: of each fit at most.
        photons: least and largest variance of the photon noise of light as bright as the sky's noise, over the variance
            of the latter, over the exposures of the data. That of an image is measured on its light, within these.
        glow: the lens shines, as brightly as each image wants, with a profile that is learned from the images.
    """

    shows: tuple[str, ...]
    priors: Mapping[str, tuple[float, float]]
    grid: Mapping[str, tuple[float, ...]]
    psf: float = 1.5
    binning: int = 1
    noise: float = 0.01
    iterations: int = 15
    photons: tuple[float, float] = (0.0, 0.0)
    glow: bool = False


@dataclass(frozen=True)
class Arguments:
    """Arguments of all networks of this plugin.

    Arguments:
        macro: None: the pixels as they are.
        model: the backbone: small, spectrum, or a model of timm without the tag of its weights.
        options: of the backbone.
        looks: transforms of each channel, a channel of the backbone each: plain, asinh, sharp. Published results
            store it by this name.
    """

    macro: MacroLens | None = None
    model: str = "small"
    options: Mapping[str, Any] = field(default_factory=dict)
    looks: tuple[str, ...] = ("asinh", "sharp")


@dataclass(frozen=True)
class ScanArguments(Arguments):
    """Arguments of the network that clusters, besides those of all.

    Arguments:
        heads: cluster heads that compete.
        projected: dimensions of the contrastive embedding.
    """

    heads: int = 1
    projected: int = 128


@dataclass(frozen=True)
class KMeansArguments(Arguments):
    """Arguments of k-means, besides those of all.

    Arguments:
        projected: dimensions of the contrastive embedding.
        cosine: features are brought to unit length first, as the contrast compares their directions.
    """

    projected: int = 128
    cosine: bool = False


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """SCAN, the k-means that it must beat, and a classifier with the layers of either."""
    of_lenses = partial(
        zoo.Architecture, bands=("VIS",), preprocess=PREPROCESS, settings=zoo.lazy("zoo_scan.settings:Settings")
    )
    return [
        of_lenses(
            name="scan",
            task="clustering",
            build=zoo.lazy("zoo_scan.build:scan"),
            heads=CLUSTERS,
            arguments=ScanArguments,
            summary="Clusters that neighbours in contrastive feature space share (Van Gansbeke et al. 2020)",
            paper=PAPER,
            train=zoo.lazy("zoo_scan.stages:train"),
        ),
        of_lenses(
            name="kmeans",
            task="clustering",
            build=zoo.lazy("zoo_scan.build:kmeans"),
            heads=CLUSTERS,
            arguments=KMeansArguments,
            summary="k-means on the contrastive features that SCAN begins with",
            train=zoo.lazy("zoo_scan.kmeans:train"),
        ),
        of_lenses(
            name="scan_classifier",
            task="classification",
            build=zoo.lazy("zoo_scan.build:classifier"),
            heads=zoo.Heads(classes=("no", "sphere", "vort")),
            arguments=Arguments,
            summary="The network of `scan` with a linear layer of classes, to learn from few labels",
            paper=PAPER,
            train=zoo.lazy("zoo_scan.classifier:train"),
        ),
    ]
