"""Targets of images that augmentation turns."""

from collections.abc import Callable
from functools import partial

from torch import Tensor

from ..interfaces import Dataset
from ..symmetries import Symmetry, read_symmetries, recognised, turned
from .recipe import Recipe

__all__ = ["declared_of", "turn_of"]


def declared_of(data: Dataset, recipe: Recipe) -> tuple[Symmetry, ...]:
    """How the parameters turn with the image as the recipe says, or else the data set; none: neither says it."""
    about = data.description
    if recipe.symmetries is None:
        return about.symmetries
    return read_symmetries(recipe.symmetries, about.heads.parameters)


def turn_of(data: Dataset, recipe: Recipe) -> Callable[[Tensor, Tensor], Tensor] | None:
    """`turn(targets, elements)`, the targets of turned images; None: nothing is turned, or it has no parameters.

    Raises:
        SpecError: it is not known how a parameter turns.
    """
    heads = data.description.heads
    if not recipe.augmentation.dihedral or not heads.parameters:
        return None
    symmetries = declared_of(data, recipe) or recognised(heads.parameters, heads.units)
    return partial(_turned, heads.parameters, symmetries)


def _turned(parameters: tuple[str, ...], symmetries: tuple[Symmetry, ...], targets: Tensor, elements: Tensor) -> Tensor:
    return turned(targets, parameters, symmetries, elements)
