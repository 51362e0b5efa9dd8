"""Golden files: raw images and the predictions that published weights gave for them.

One safetensors file a model: `image.<k>` (bands, H, W), with blank pixels as NaN; `expected.<quantity>` with a row an
image, for each quantity of the task's prediction; the metadata hold ids, kinds, pixel scales and what was measured.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..errors import PublishError, WeightsError
from ..files import whole
from ..models.model import Model
from .laws import quantities

__all__ = ["KINDS", "Difference", "Golden", "Samples", "read_golden", "replay", "tolerance", "write_golden"]

KINDS = ("positive", "negative", "typical", "edge")
SCHEMA = "1"


@dataclass(frozen=True)
class Samples:
    """Images for a golden file.

    Arguments:
        images: raw, each (bands, H, W).
        pixel_scales: arcsec of each, or None.
        ids: a name for each.
        kinds: of each, out of KINDS.
    """

    images: tuple[np.ndarray, ...]
    pixel_scales: tuple[float | None, ...]
    ids: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Golden(Samples):
    """What a golden file holds.

    Arguments:
        images, pixel_scales, ids, kinds: as of `Samples`; the images in float32.
        expected: quantity to array, a row an image.
        weights_sha256: of the weights that gave them.
        preprocess: digest of the operations that gave them.
        views: that were averaged.
    """

    expected: dict[str, np.ndarray]
    weights_sha256: str
    preprocess: str
    views: int


@dataclass(frozen=True)
class Difference:
    """How far one image's replayed quantity is from the expected one, relative where that exceeds 1."""

    id: str
    quantity: str
    value: float


def write_golden(model: Model, samples: Samples, path: Path) -> Path:
    """A golden file of what `model` predicts for these images on the CPU.

    Raises:
        PublishError: too few images of a kind, or a prediction that is not finite.
    """
    _demand(samples.kinds, len(model.heads.classes) == 2)
    images = [np.ascontiguousarray(image, dtype=np.float32) for image in samples.images]
    expected = _predicted(model, images, samples.pixel_scales)
    for quantity, rows in expected.items():
        if not np.isfinite(rows).all():
            names = ", ".join(samples.ids)
            raise PublishError(f"{model.id}: {quantity} of {names} is not always finite; leave that image out")
    tensors = {f"image.{k}": image for k, image in enumerate(images)}
    tensors |= {f"expected.{quantity}": rows for quantity, rows in expected.items()}
    described = {"ids": samples.ids, "kinds": samples.kinds, "pixel_scales": samples.pixel_scales, "views": model.views}
    metadata = {
        "schema": SCHEMA,
        "model": model.id,
        "weights_sha256": model.weights_sha256 or "",
        "preprocess": model.preprocess.digest,
        "samples": json.dumps(described),
    }
    with whole(path) as part:
        part.write_bytes(save(tensors, metadata))
    return path


def read_golden(path: Path) -> Golden:
    """The content of a golden file.

    Raises:
        WeightsError: it is not one.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: not a golden file ({error}); write it again with write_golden") from error
    if metadata.get("schema") != SCHEMA:
        raise WeightsError(f"{path}: golden schema {metadata.get('schema')!r}, this version reads {SCHEMA!r}")
    try:
        return _golden(tensors, metadata, json.loads(metadata["samples"]))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path}: not a whole golden file ({error!r}); write it again with write_golden") from error


def _golden(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], described: Mapping[str, Any]) -> Golden:
    return Golden(
        images=tuple(tensors[f"image.{k}"] for k in range(len(described["ids"]))),
        pixel_scales=tuple(described["pixel_scales"]),
        ids=tuple(described["ids"]),
        kinds=tuple(described["kinds"]),
        expected={
            name.removeprefix("expected."): rows for name, rows in tensors.items() if name.startswith("expected.")
        },
        weights_sha256=metadata["weights_sha256"],
        preprocess=metadata["preprocess"],
        views=described["views"],
    )


def replay(model: Model, path: Path) -> list[Difference]:
    """The difference of each image and quantity between the model and its golden file, largest first.

    Raises:
        WeightsError: the file belongs to other weights, preprocessing or views, or holds too few images.
    """
    golden = read_golden(path)
    _demand(golden.kinds, len(model.heads.classes) == 2)
    facts = {
        "weights": (golden.weights_sha256, model.weights_sha256 or ""),
        "preprocessing": (golden.preprocess, model.preprocess.digest),
        "views": (golden.views, model.views),
    }
    for what, (written, loaded) in facts.items():
        if written != loaded:
            raise WeightsError(f"{path}: written for {what} {written}, {model.id} has {loaded}; write it again")
    found = _predicted(model, golden.images, golden.pixel_scales)
    if set(found) != set(golden.expected):
        raise WeightsError(f"{path}: holds {sorted(golden.expected)}, {model.id} predicts {sorted(found)}")
    differences = [
        Difference(name, quantity, _apart(found[quantity][k], rows[k]))
        for quantity, rows in golden.expected.items()
        for k, name in enumerate(golden.ids)
    ]
    return sorted(differences, key=lambda difference: difference.value, reverse=True)


def tolerance(device: str) -> float:
    """Difference that another machine may make: 1e-4 on the CPU, 1e-3 on a GPU."""
    return 1e-4 if device.startswith("cpu") else 1e-3


def _demand(kinds: Sequence[str], two_classes: bool) -> None:
    count = Counter(kinds)
    if unknown := sorted(set(count) - set(KINDS)):
        raise PublishError(f"golden images are of kind {', '.join(KINDS)}, not {', '.join(unknown)}")
    needed = {"positive": 2, "negative": 2, "edge": 1} if two_classes else {"typical": 4, "edge": 1}
    if short := [f"{n} {kind}" for kind, n in needed.items() if count[kind] < n]:
        raise PublishError(f"a golden file needs at least {', '.join(short)}; it has {dict(count)}")


def _predicted(model: Model, images: Sequence[np.ndarray], scales: Sequence[float | None]) -> dict[str, np.ndarray]:
    each = [quantities(model(image[None], pixel_scale=scale)) for image, scale in zip(images, scales, strict=True)]
    return {quantity: torch.cat([rows[quantity] for rows in each]).numpy() for quantity in each[0]}


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    if found.shape != expected.shape:
        return float("inf")
    apart = np.abs(found - expected).max(initial=0) / max(1.0, np.abs(expected).max(initial=0))
    return float(apart) if np.isfinite(apart) else float("inf")
