"""Flags of images that are unlike those that a model has learned from, and of answers that lie outside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from ..predictions import Familiarity
from ..tasks import Columns, Prediction, Regression

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["flags", "notes"]

NOVELTY, OUTSIDE = "novelty", "outside"  # as `Familiarity.columns` has them


def flags(model: Model, channels: Tensor, prediction: Prediction) -> Columns:
    """What is known of prepared channels (B, C, size, size) and the prediction for them, one column each.

    `novelty` is the distance of the features over the threshold, `outside` the parameters whose values lie outside of
    those of the training images.
    """
    columns: Columns = {}
    known = model.familiarity
    if model.density is not None and known.distance is not None:
        distances = model.density.distances(model.features_of(channels).flatten(1))
        columns[NOVELTY] = (distances / known.distance).tolist()
    if known.ranges:
        columns[OUTSIDE] = _outside(cast(Regression, prediction), known)
    return columns


def notes(columns: Columns, known: Familiarity) -> list[str]:
    """A sentence about each image of these columns that is flagged; empty for the others."""
    novelty, outside = columns.get(NOVELTY, []), columns.get(OUTSIDE, [])
    images = max(len(novelty), len(outside))
    pairs = zip(novelty or [0.0] * images, outside or [""] * images, strict=True)
    return [_note(value, names, known.share) for value, names in pairs]


def _note(novelty: float, outside: str, share: float) -> str:
    unlike = f"unlike the images that it learned from (novelty {novelty:.2g}; {share:.0%} of those have less than 1)"
    beyond = f"{outside.replace(' ', ', ')} outside of what it learned from"
    return "; ".join([*([unlike] if novelty > 1 else []), *([beyond] if outside else [])])


def _outside(posterior: Regression, known: Familiarity) -> list[str]:
    low, high = torch.tensor(known.ranges, dtype=posterior.mean.dtype).T
    mean = posterior.mean.cpu()
    beyond = ((mean < low) | (mean > high)).tolist()
    return [" ".join(name for name, is_ in zip(posterior.parameters, row, strict=True) if is_) for row in beyond]
