"""Targets of images that augmentation turns."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from torch import Tensor

from ..errors import RecipeError
from ..images.augmentation import Distortion
from ..images.augmentation import turned as turned_images
from ..images.preprocess import Preprocess
from ..interfaces import Dataset
from ..symmetries import Position, Scalar, Symmetry, read_symmetries, recognised, turned
from ..tasks import task_named
from .recipe import Augmentation, Recipe
from .subset import whole_of

__all__ = ["declared_of", "turn_of", "warn_off_centre"]

log = logging.getLogger("zoo")

CENTRED = 0.01
"""Pixels by which a frame may miss the centre of an image."""

WHY = {
    "rotate": "a direction turns with the image",
    "translate": "a position moves with the image",
    "scale": "another size of the image is that of another lens",
    "shear": "a sheared image is that of another shape",
}


def declared_of(data: Dataset, recipe: Recipe) -> tuple[Symmetry, ...]:
    """How the parameters turn with the image as the recipe says, or else the data set; none: neither says it."""
    about = data.description
    if recipe.symmetries is None:
        return about.symmetries
    return read_symmetries(recipe.symmetries, about.heads.parameters)


def turn_of(data: Dataset, recipe: Recipe) -> Callable[[Tensor, Tensor], Tensor] | None:
    """`turn(targets, elements)`, the targets of turned images; None: nothing is turned, or turning changes nothing.

    Raises:
        SpecError: it is not known how a parameter turns.
        RecipeError: the recipe distorts images in a way that changes what is true of them.
    """
    heads = data.description.heads
    _require_unchanged(data, recipe)
    if not recipe.augmentation.dihedral:
        return None
    if task_named(data.description.task).maps_images:
        return turned_images
    if not heads.parameters:
        _require_label(data)
        return None
    symmetries = declared_of(data, recipe) or recognised(heads.parameters, heads.units)
    return partial(_turned, heads.parameters, symmetries)


def _require_label(data: Dataset) -> None:
    """Raise RecipeError if nobody says how the targets of turned images change and they are no labels, which stay."""
    whole = whole_of(data)
    if type(whole).targets is Dataset.targets:
        return
    shape = whole.targets().shape
    if len(shape) > 1:
        raise RecipeError(
            f"augmentation: the targets {shape} of {data.description.name} would not turn with its images; name them "
            "as parameters in the heads of the data set, or write `augmentation: {dihedral: false}`"
        )


def warn_off_centre(data: Dataset, recipe: Recipe, preprocess: Preprocess) -> None:
    """Warn where positions are learned in a frame that is not centred on the images, about which they turn.

    A frame of an even side lies half a pixel off images of an odd one, and the other way round.
    """
    about = data.description
    if not recipe.augmentation.dihedral or not about.heads.parameters or not len(data):
        return
    symmetries = declared_of(data, recipe) or recognised(about.heads.parameters, about.heads.units)
    places = _places(symmetries)
    if not places:
        return
    image = np.asarray(data.images(np.array([0]))[0])
    grid = preprocess.prepare_array(image, about.pixel_scale).grid
    height, width = image.shape[-2:]
    middle = grid.step * preprocess.size / 2
    right, up = grid.left + middle - width / 2, grid.top + middle - height / 2
    if max(abs(right), abs(up)) > CENTRED:
        log.warning(
            "%s: its images are %d x %d pixels, and the frame of %d lies %.2g and %.2g of a pixel off their centre, "
            "and so will %s; a frame of one pixel more or less does not",
            *(about.name, width, height, preprocess.size, right, up, " and ".join(places)),
        )


def _require_unchanged(data: Dataset, recipe: Recipe) -> None:
    """Raise RecipeError if the augmentation would change a parameter, or an image that is the target."""
    about, chosen = data.description, recipe.augmentation.distortion
    if task_named(about.task).maps_images and not _leaves_pixels(recipe.augmentation):
        raise RecipeError(f"augmentation: {about.name} has images as targets, and only the input would be changed")
    if not about.heads.parameters or chosen.changes_nothing:
        return
    symmetries = declared_of(data, recipe) or recognised(about.heads.parameters, about.heads.units)
    changed = _changed_by(chosen, symmetries)
    for key, names in changed.items():
        if names:
            raise RecipeError(
                f"augmentation: {key} changes {', '.join(names)} of {about.name} ({WHY[key]}), and the targets would "
                f"no longer be true; leave out {key}"
            )


def _leaves_pixels(chosen: Augmentation) -> bool:
    return chosen.distortion.changes_nothing and not chosen.gain and not chosen.offset


def _changed_by(chosen: Distortion, symmetries: Sequence[Symmetry]) -> dict[str, list[str]]:
    """Parameters that each of the distortions in use changes."""
    every = [name for symmetry in symmetries for name in symmetry.names]
    directed = [name for symmetry in symmetries if not isinstance(symmetry, Scalar) for name in symmetry.names]
    return {
        "rotate": directed if chosen.rotate else [],
        "translate": _places(symmetries) if chosen.translate else [],
        "scale": every if chosen.scale != (1.0, 1.0) else [],
        "shear": every if chosen.shear else [],
    }


def _places(symmetries: Sequence[Symmetry]) -> list[str]:
    """Parameters that are places in the image."""
    return [name for symmetry in symmetries if isinstance(symmetry, Position) for name in symmetry.names]


def _turned(parameters: tuple[str, ...], symmetries: tuple[Symmetry, ...], targets: Tensor, elements: Tensor) -> Tensor:
    return turned(targets, parameters, symmetries, elements)
