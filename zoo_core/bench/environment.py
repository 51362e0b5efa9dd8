"""What a result was measured with."""

import platform
from importlib.metadata import version
from typing import Any

import torch
from packaging.version import Version

from ..catalog.specs import ModelSpec
from ..models.model import Model

__all__ = ["environment", "machine", "settings", "settings_of"]


def environment(plugin: str) -> dict[str, str]:
    """Versions of the code that scores: they are part of the identity of a result.

    PyTorch counts by its minor release: a build for another device, or a bug fix, gives the same scores within the
    precision that golden files guarantee.
    """
    release = Version(torch.__version__).release
    return {
        "zoo-core": version("zoo-core"),
        plugin: version(plugin),
        "torch": ".".join(map(str, release[:2])),
    }


def machine(device: torch.device) -> dict[str, str]:
    """Where it was measured."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
        "device": f"{device.type} ({name})",
        "threads": str(torch.get_num_threads()),
    }


def settings(model: Model, precision: str) -> dict[str, Any]:
    """What decides the scores beside weights, preprocessing, data and code."""
    assert model.spec is not None  # a model without entry is untrained, and the harness has refused it
    return settings_of(model.spec, precision) | {"views": model.views}


def settings_of(spec: ModelSpec, precision: str) -> dict[str, Any]:
    """The settings of a model as its entry has them."""
    scales = spec.calibration.error_scales
    return {
        "architecture": spec.architecture,
        "arguments": dict(spec.arguments),
        "classes": list(spec.heads.classes),
        "parameters": list(spec.heads.parameters),
        "temperature": spec.calibration.temperature,
        "prior": list(spec.calibration.prior or ()),
        **({"error_scales": list(scales)} if scales else {}),  # results of models without them keep their identity
        "bands": list(spec.bands),
        "views": spec.views,
        "precision": precision,
    }
