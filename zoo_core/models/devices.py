"""Where a network runs."""

import torch

from ..errors import ArgumentError

__all__ = ["device_named"]


def device_named(name: str | torch.device) -> torch.device:
    """The device of that name; "auto" is CUDA, else MPS, else the CPU.

    Raises:
        ArgumentError: this machine has no such device.
    """
    if name == "auto":
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if _count(kind)))
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ArgumentError(f"device= (--device) is {name!r}; choose auto, cpu, cuda, cuda:1 ... or mps") from error
    if (device.index or 0) >= _count(device.type):
        raise ArgumentError(
            f"device= (--device) {name} is not available, this machine has {', '.join(_available())}; choose auto"
        )
    return device


def _count(kind: str) -> int:
    if kind == "cuda":
        return torch.cuda.device_count()
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    return int(kind == "cpu")


def _available() -> list[str]:
    return [kind for kind in ("cpu", "cuda", "mps") if _count(kind)]
