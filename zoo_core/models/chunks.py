"""Batches of any size through a network, as many images at once as fit the caches of a CPU."""

from collections.abc import Callable

import torch
from torch import Tensor

from .views import Output

__all__ = ["gradients", "in_chunks", "joined"]

CPU_CHUNK = 16  # images in the network at once on the CPU: their activations stay in the caches


def in_chunks(function: Callable[..., Output], channels: Tensor, device: torch.device, *beside: Tensor) -> Output:
    """What a function of a network on a device returns for a batch of any size, also for none.

    Arguments:
        function: one output for one batch of channels, and of what is beside them.
        channels: (B, C, size, size), on any device.
        device: of the network.
        beside: more of the same images, (B, ...) each.
    """
    with gradients(channels):
        channels = channels.to(device, memory_format=torch.channels_last)
        if len(channels) == 0:
            return _first(function(*(part.new_ones(1, *part.shape[1:]) for part in (channels, *beside))), 0)
        chunk = CPU_CHUNK if device.type == "cpu" else len(channels)
        parts = zip(*(part.split(chunk) for part in (channels, *(one.to(device) for one in beside))), strict=True)
        return joined([function(*part) for part in parts])


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
