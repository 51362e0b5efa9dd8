"""What a network looked at: each image, and over it the pixels that speak for the answer and those against it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure

from ..errors import ImageReadError
from ..images.channels import blur
from ..images.given import in_arcsec
from ..models.model import Model
from ..tasks.posterior import with_error
from .attribution import attributed, chosen_quantity, quantities
from .gallery import NIGHT, stretched
from .inputs import Inputs, images_of
from .picture import OUTLINED, check_picture, outline_measured, write_picture
from .reading import PreparedBatch, prepare, readable

if TYPE_CHECKING:
    from astropy.units import Quantity

__all__ = ["Explanation", "draw_explanations", "explain"]

log = logging.getLogger("zoo")

PANEL = 2.4  # inches
HEADER = 0.5
DPI = 130
SMOOTHED = 1.0  # pixels, by which attributions are blurred so that single ones do not hide the others
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Explanation:
    """One image and what each method says of it.

    Arguments:
        id: of the image.
        answer: the columns of the prediction.
        pixels: (bands, size, size), as the network's preprocessing prepared them.
        measured: (bands, size, size), which of them were measured, and neither filled nor added; None: all.
        maps: by method, (size, size): positive where a pixel speaks for the quantity.
        of: the quantity, a class, a parameter or the score.
    """

    id: str
    answer: dict[str, float]
    pixels: np.ndarray
    measured: np.ndarray | None
    maps: dict[str, np.ndarray]
    of: str


def explain(
    model: Model,
    inputs: Inputs,
    methods: Iterable[str] = ("integrated-gradients", "grad-cam", "occlusion"),
    of: str | None = None,
    pixel_scale: float | Quantity | None = None,
    most: int | None = None,
) -> list[Explanation]:
    """What decided the model's answers for these images.

    Arguments:
        model: whose prediction is a number.
        inputs: as of `Model.predict`.
        methods: see `attribution.METHODS`.
        of: class or parameter; None: the last class, or the first parameter, and the log says which.
        pixel_scale: arcsec, or an angle of astropy; overrides the header.
        most: images that are explained, the first ones; the log says so where there are more. None: all.

    Raises:
        ArgumentError: there is no such method, or the model answers with an image.
        UnknownNameError: there is no such quantity.
        ImageReadError: no image, or one that cannot be used.
        NotInstalledError: Captum is missing.
    """
    explained = chosen_quantity(model, of)
    _say_what_was_chosen(explained, of, quantities(model))
    scale = in_arcsec("pixel_scale= (--pixel-scale)", pixel_scale)
    images = images_of(model, inputs, scale)
    job = images.job(0, _counted(len(images), most))
    batch = prepare(job, model.preprocess, scale)
    _require_usable(batch)
    measured = [model.preprocess.prepare(image, scale).measured for image in readable(job)]
    channels = model.preprocess.channels(torch.from_numpy(batch.pixels))
    answers = model.prediction(channels).to_table()
    maps = {method: attributed(model, channels, method, explained).numpy() for method in methods}
    return [
        Explanation(
            name,
            {column: values[row] for column, values in answers.items()},
            batch.pixels[row],
            measured[row],
            {method: found[row] for method, found in maps.items()},
            explained,
        )
        for row, name in enumerate(batch.ids)
    ]


def draw_explanations(path: Path, explanations: list[Explanation], title: str = "") -> None:
    """A row an image: the image, and over it what each method found, red for and blue against.

    Raises:
        ArgumentError: the extension names no picture.
    """
    check_picture(path)
    methods = list(explanations[0].maps)
    columns = 1 + len(methods)
    figure = Figure((PANEL * columns, PANEL * 1.1 * len(explanations) + HEADER), dpi=DPI, layout="constrained")
    grid = figure.subplots(len(explanations), columns, squeeze=False)
    for panels, one in zip(grid, explanations, strict=True):
        image = stretched(one.pixels)
        panels[0].imshow(image, cmap=NIGHT, origin="lower", vmin=0, vmax=1)
        outline_measured(panels[0], one.measured)
        panels[0].set_ylabel(one.id, fontsize=7)
        panels[0].set_xlabel(_answered(one), fontsize=7)
        for panel, method in zip(panels[1:], methods, strict=True):
            _overlay(panel, image, one.maps[method])
            outline_measured(panel, one.measured)
    for panel, name in zip(grid[0], ["image", *methods], strict=True):
        panel.set_title(name, fontsize=8)
    for panel in grid.flat:
        panel.set(xticks=[], yticks=[])
    filled = any(one.measured is not None for one in explanations)
    meaning = f"red speaks for {explanations[0].of}, blue against it"
    figure.suptitle("\n".join(filter(None, [title, meaning, OUTLINED if filled else ""])), fontsize=8)
    write_picture(figure, path)


def _say_what_was_chosen(explained: str, of: str | None, names: Sequence[str]) -> None:
    if of is None and len(names) > 1:
        log.info("%s is explained; of= (--of) takes any of %s", explained, ", ".join(names))


def _counted(images: int, most: int | None) -> int:
    """How many of the images are explained."""
    if most is None or images <= most:
        return images
    log.info("the first %d of %s images are explained; name the others alone to see them", most, f"{images:,}")
    return most


def _overlay(panel, image: np.ndarray, found: np.ndarray) -> None:
    """The image in grey under the map, which is the more opaque the more it says."""
    smooth = blur(torch.from_numpy(found)[None, None], SMOOTHED)[0, 0].numpy()
    largest = max(float(np.abs(smooth).max()), TINY)
    grey = image if image.ndim == 2 else image.mean(2)
    panel.imshow(grey, cmap="gray", origin="lower", vmin=0, vmax=1)
    panel.imshow(
        smooth, cmap="RdBu_r", origin="lower", vmin=-largest, vmax=largest, alpha=np.abs(smooth / largest) ** 0.5
    )


def _answered(one: Explanation) -> str:
    """The quantity that is explained, with its error where it has one; of other tasks all columns."""
    if one.of in one.answer and f"{one.of}_err" in one.answer:
        return f"{one.of} {with_error(one.answer[one.of], one.answer[f'{one.of}_err'])}"
    return ", ".join(f"{name} {value:.3g}" for name, value in one.answer.items())


def _require_usable(batch: PreparedBatch) -> None:
    for path, message, usable in zip(batch.paths, batch.messages, batch.usable, strict=True):
        if not usable:
            raise ImageReadError(message if message.startswith(f"{path}: ") else f"{path}: {message}")
