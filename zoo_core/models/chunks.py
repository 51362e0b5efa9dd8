"""Batches of any size through a network, as many images at once as fit the caches of a CPU."""

from collections.abc import Callable

import torch
from torch import Tensor

from .views import Output

__all__ = ["gradients", "in_chunks", "joined"]

CPU_CHUNK = 16  # images in the network at once on the CPU: their activations stay in the caches


def in_chunks(function: Callable[[Tensor], Output], channels: Tensor, device: torch.device) -> Output:
    """What a function of a network on a device returns for a batch of any size, also for none.

    Arguments:
        function: one output for one batch.
        channels: (B, C, size, size), on any device.
        device: of the network.
    """
    with gradients(channels):
        channels = channels.to(device, memory_format=torch.channels_last)
        if len(channels) == 0:
            return _first(function(channels.new_zeros(1, *channels.shape[1:])), 0)
        chunk = CPU_CHUNK if device.type == "cpu" else len(channels)
        return joined([function(part) for part in channels.split(chunk)])


def gradients(channels: Tensor) -> torch.set_grad_enabled:
    """A context that records operations only for channels that require gradients."""
    return torch.set_grad_enabled(torch.is_grad_enabled() and channels.requires_grad)


def _first(output: Output, count: int) -> Output:
    return tuple(part[:count] for part in output) if isinstance(output, tuple) else output[:count]


def joined(parts: list) -> Output:
    """The outputs for parts of a batch as one."""
    if isinstance(parts[0], tuple):
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))
    return torch.cat(parts)
