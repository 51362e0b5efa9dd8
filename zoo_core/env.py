"""What a bug report needs: versions, machine, plugins, caches."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .plugins import list_plugins

__all__ = ["environment"]

LIBRARIES = ("torch", "numpy", "astropy", "caustics", "lightning", "huggingface_hub", "safetensors", "scikit-learn")
VARIABLES = ("HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


def environment() -> dict[str, Any]:
    """Versions of what matters here, the machine and its accelerators, and the plugins with the errors they raise."""
    return {
        "zoo-core": version("zoo-core"),
        "location": str(Path(__file__).parent),
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "cores": os.cpu_count(),
        **_accelerators(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "plugins": {one.name: one.error or f"{one.distribution} {one.version}" for one in list_plugins()},
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _accelerators() -> dict[str, Any]:
    import torch

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("Apple MPS")
    return {"torch threads": torch.get_num_threads(), "CUDA": torch.version.cuda, "accelerators": devices}


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
