"""Whether what an entry says of its training images agrees with itself, with the benchmarks, and with the images."""

from collections.abc import Iterator

from ..catalog.overlap import denials
from ..catalog.registry import catalog
from ..catalog.specs import ModelSpec, TrainedOn
from ..datasets.opening import needs_path, open_dataset
from ..errors import ZooError

__all__ = ["faults_of_declaration"]


def faults_of_declaration(spec: ModelSpec) -> Iterator[str]:
    """What is missing or false, a sentence each.

    A simulated set is opened as it is declared, and its fingerprint compared with the one of the entry; images on files
    are with the author, and believed but for their fingerprint not being that of a benchmark. What a listed model says
    of its images is taken as it stands there: the weights may have begun with its own.
    """
    if not spec.trained_on:
        yield "trained_on is empty: name every data set that the weights were trained on, those of a warm start first"
    if not spec.training_data:
        yield "training_data is empty: say in a sentence what it was trained on"
    listed = [one for known in catalog().models.values() if known.id != spec.id for one in known.trained_on]
    for one in spec.trained_on:
        if one not in listed:
            yield from _faults(one)
    yield from denials(spec, catalog().benchmarks.values())


def _faults(one: TrainedOn) -> Iterator[str]:
    if one.sha256 is None:
        yield (
            f"trained_on: {one.dataset} has no sha256: `zoo train` records it, zoo.open_dataset(...).fingerprint() "
            "gives it"
        )
        return
    try:
        found = None if needs_path(one.dataset) else open_dataset(one.dataset, **one.arguments).fingerprint()
    except ZooError as error:
        yield f"trained_on: {one.dataset} {dict(one.arguments)} cannot be opened: {error}"
        return
    if found not in (None, one.sha256):
        yield (
            f"trained_on: {one.dataset} {dict(one.arguments)} has the fingerprint {found}, the entry says "
            f"{one.sha256}; declare the images that it was trained on"
        )
