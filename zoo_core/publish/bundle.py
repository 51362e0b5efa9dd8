"""Shipping trained weights inside a plugin."""

import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ..catalog.checksum import sha256_of
from ..catalog.entries import entry_of
from ..catalog.specs import ModelSpec
from ..models.load import load
from ..tasks import UNCALIBRATED
from ..testing.golden import write_golden

__all__ = ["bundle"]


def bundle(
    folder: Path | str,
    package: Path | str,
    images: Sequence[np.ndarray],
    pixel_scale: float | Sequence[float | None] | None,
    ids: Sequence[str],
    kinds: Sequence[str],
) -> str:
    """Copy a trained model into a plugin's package, with a golden file, and return its entry for `registry.yaml`.

    Arguments:
        folder: of `zoo train` or `zoo fetch`.
        package: folder of the plugin's package, as in plugins/lastro/zoo_lastro.
        images, pixel_scale, ids, kinds: of the golden file, see `write_golden`.
    """
    model = load(Path(folder), device="cpu")
    assert model.spec is not None
    weights = Path(package) / "weights"
    golden = write_golden(model, images, pixel_scale, ids, kinds, weights / f"{model.id}.golden.safetensors")
    shutil.copyfile(Path(folder) / "model.safetensors", weights / f"{model.id}.safetensors")
    entry = yaml.safe_dump({model.id: _entry(model.spec, golden)}, sort_keys=False, allow_unicode=True, width=110)
    return "".join(f"  {line}\n" for line in entry.splitlines())


def _entry(spec: ModelSpec, golden: Path) -> dict[str, Any]:
    """What the entry must say; what is as by default is left out, and so is what the id says already."""
    defaults = {field.name: field.default for field in fields(ModelSpec)}
    whole = entry_of(spec)
    weights = {key: whole["weights"][key] for key in ("sha256", "size")} | {"golden_sha256": sha256_of(golden)}
    heads = {key: value for key, value in whole["heads"].items() if value}
    calibration = whole["calibration"] if spec.calibration != UNCALIBRATED else {}
    chosen = whole | {"heads": heads, "calibration": calibration, "weights": weights}
    stated = {key: value for key, value in chosen.items() if value not in ([], {}, defaults.get(key))}
    stated["known_failures"] = whole["known_failures"]  # an empty list is a statement too
    return {key: value for key, value in stated.items() if key not in ("id", "architecture")}
