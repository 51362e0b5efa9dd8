"""What of a benchmark a model was trained on, as far as its entry tells. Imports neither plugins nor torch."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .specs import BenchmarkSpec, ModelSpec, TrainedOn

__all__ = ["IMAGES", "POPULATION", "denials", "overlap"]

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
    if any(_has_the_fingerprint(one, benchmark) or _declared_same(one, benchmark) for one in model.trained_on):
        return IMAGES
    return POPULATION if benchmark.dataset in model.training_sets else ""


def denials(model: ModelSpec, benchmarks: Iterable[BenchmarkSpec]) -> Iterator[str]:
    """A sentence for each benchmark whose fingerprint an entry gives for images that it declares to be others."""
    for benchmark in benchmarks:
        for one in model.trained_on:
            if _has_the_fingerprint(one, benchmark) and not _declared_same(one, benchmark):
                yield (
                    f"trained_on: {one.dataset} {dict(one.arguments)} has the fingerprint of the benchmark "
                    f"{benchmark.id}, which is {benchmark.dataset} {dict(benchmark.arguments)}; declare these images"
                )


def _has_the_fingerprint(one: TrainedOn, benchmark: BenchmarkSpec) -> bool:
    return one.sha256 is not None and one.sha256 == benchmark.sha256


def _declared_same(one: TrainedOn, benchmark: BenchmarkSpec) -> bool:
    """Whether data set and arguments say that the images are the same."""
    apart = any(_apart(name, one.arguments, benchmark.arguments) for name in APART)
    return one.dataset == benchmark.dataset and not apart


def _apart(name: str, trained: Mapping[str, Any], measured: Mapping[str, Any]) -> bool:
    """Whether that argument sets the images apart; a split that is not named is all of them."""
    if name == "split" and None in (trained.get(name), measured.get(name)):
        return False
    return trained.get(name) != measured.get(name)
