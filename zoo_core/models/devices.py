"""Where a network runs, and in which precision."""

import logging
from functools import cache

import torch

from ..errors import ArgumentError

__all__ = ["device_named", "precision_on"]

log = logging.getLogger("zoo")

WITH_BF16 = ("AVX512", "SVE")
"""Vector units that PyTorch has bf16 convolutions for. On others a step of LASTRO takes five times that of float32."""


def device_named(name: str | torch.device) -> torch.device:
    """The device of that name; "auto" is CUDA, else MPS, else the CPU.

    Raises:
        ArgumentError: this machine has no such device.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _count(kind)))
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise ArgumentError(f"device= (--device) is {name!r}; choose auto, cpu, cuda, cuda:1 ... or mps") from error
    if (device.index or 0) >= _count(device.type):
        raise ArgumentError(
            f"device= (--device) {name} is not available, this machine has {', '.join(_available())}; choose auto"
        )
    return device


def precision_on(device: torch.device, wanted: str) -> str:
    """The precision in which a network computes there: "float32" where "bf16" is wanted from a CPU that is slow in it.

    >>> precision_on(torch.device("cpu"), "float32"), precision_on(torch.device("cuda"), "bf16")
    ('float32', 'bf16')
    """
    if wanted != "bf16" or device.type != "cpu":
        return wanted
    return _cpu_precision(torch.backends.cpu.get_cpu_capability())


@cache  # one warning is enough
def _cpu_precision(capability: str) -> str:
    if capability.startswith(WITH_BF16):
        return "bf16"
    log.warning("this CPU (%s) is several times slower in bf16 than in float32: float32 is used", capability)
    return "float32"


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count()
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    return int(kind == "cpu")


def _available() -> list[str]:
    return [kind for kind in ("cpu", "cuda", "mps") if _count(kind)]
