"""What of a benchmark a model was trained on, as far as its entry tells. Imports neither plugins nor torch."""

from collections.abc import Mapping
from typing import Any

from .specs import BenchmarkSpec, ModelSpec, TrainedOn

__all__ = ["IMAGES", "POPULATION", "overlap"]

IMAGES, POPULATION = "images", "population"
APART = ("seed", "split")  # arguments of a data set that give other images of the same population


def overlap(model: ModelSpec, benchmark: BenchmarkSpec) -> str:
    """IMAGES if the model was trained on images of the benchmark, POPULATION if on others of the same data set.

    Images are the same where the fingerprint is, or where nothing sets them apart: a data set of one version draws the
    same image of the same seed and number, and a part of a split is of the whole.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.catalog.overlap import overlap
        >>> (lastro,), (sky,) = zoo.list_models("lastro.space"), zoo.list_benchmarks("finding_space")
        >>> overlap(lastro, sky)
        'population'
    """
    sets = [one for one in model.trained_on if one.dataset == benchmark.dataset]
    if any(_same_images(one, benchmark) for one in sets):
        return IMAGES
    return POPULATION if sets else ""


def _same_images(one: TrainedOn, benchmark: BenchmarkSpec) -> bool:
    if one.sha256 is not None and one.sha256 == benchmark.sha256:
        return True
    return not any(_apart(name, one.arguments, benchmark.arguments) for name in APART)


def _apart(name: str, trained: Mapping[str, Any], measured: Mapping[str, Any]) -> bool:
    """Whether that argument sets the images apart; a split that is not named is all of them."""
    if name == "split" and None in (trained.get(name), measured.get(name)):
        return False
    return trained.get(name) != measured.get(name)
