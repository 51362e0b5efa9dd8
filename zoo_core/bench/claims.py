"""What a result says of the training of its model, against the entry of these weights."""

from collections.abc import Iterator

from ..catalog.specs import ModelSpec
from .results import Result

__all__ = ["false_claims"]


def false_claims(result: Result, spec: ModelSpec) -> Iterator[str]:
    """A sentence for each claim of the result that the entry of its model contradicts."""
    if result.seen != (result.dataset["name"] in spec.training_sets):
        was = "was" if result.seen else "was not"
        yield f"it says that the model {was} trained on {result.dataset['name']}, its entry says otherwise"
    if result.trained_on != spec.domain:
        yield f"it says that the training images are {result.trained_on}, its entry that they are {spec.domain}"
