"""Building a network and filling it with weights: strictly, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..errors import SpecError, WeightsError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture
from ..tasks import Heads, task_named
from ..typed import read_typed

__all__ = ["Dimensions", "arguments_of", "filled", "initialised", "shapes"]

Beside = dict[str, Tensor]

SHOWN = 6  # keys named in an error
STORED_AS = (torch.float32, torch.float16, torch.bfloat16)  # what weights may be; all are computed with in float32
RANDOM_FILLS = {Tensor.normal_, Tensor.uniform_, Tensor.bernoulli_, Tensor.log_normal_, Tensor.exponential_}
RANDOM_DRAWS = {torch.randn, torch.rand}


@dataclass(frozen=True)
class Dimensions:
    """What a network must fit.

    Arguments:
        channels: of its input.
        outputs: that its task needs.
        size: pixels a side of its input.
    """

    channels: int
    outputs: int
    size: int

    @classmethod
    def of(cls, architecture: Architecture, preprocess: Preprocess, heads: Heads) -> Dimensions:
        """The dimensions that preprocessing and heads ask for."""
        return cls(preprocess.n_channels, task_named(architecture.task).outputs(heads), preprocess.size)


def initialised(architecture: Architecture, dimensions: Dimensions, arguments: Mapping[str, Any]) -> nn.Module:
    """The network with random weights.

    Raises:
        SpecError: `arguments` are not those of the architecture.
    """
    read = arguments_of(architecture, arguments)
    given = {} if read is None else {field.name: getattr(read, field.name) for field in fields(read)}
    return architecture.build(**vars(dimensions), **given)


def arguments_of(architecture: Architecture, arguments: Mapping[str, Any]) -> Any:
    """The architecture's dataclass with these arguments; None where it has none; errors as `initialised`."""
    return read_typed(architecture.arguments, arguments, f"arguments of {architecture.name}", SpecError)


def filled(
    architecture: Architecture, dimensions: Dimensions, arguments: Mapping[str, Any], weights: Path, prefix: str = ""
) -> tuple[nn.Module, Beside]:
    """The network with the weights of a safetensors file, float32, in eval mode; and what else the file holds.

    Arguments:
        architecture, dimensions, arguments: as of `initialised`.
        weights: the file.
        prefix: of the names of tensors that are none of the network's; empty: there are none.

    Raises:
        WeightsError: the file can't be read, or its tensors are not exactly those of the network.
    """
    with torch.random.fork_rng(devices=[]), _NoDraws():
        network = initialised(architecture, dimensions, arguments)
    stored = _read(weights)
    beside = {name: stored.pop(name) for name in list(stored) if prefix and name.startswith(prefix)}
    _check_fit(network.state_dict(), stored, architecture.name, weights)
    network.load_state_dict({name: _float32(tensor) for name, tensor in stored.items()}, strict=True, assign=True)
    return network.eval(), beside


def shapes(
    architecture: Architecture, dimensions: Dimensions, arguments: Mapping[str, Any]
) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor of the network."""
    with torch.random.fork_rng(devices=[]), _NoDraws():
        state = initialised(architecture, dimensions, arguments).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


class _NoDraws(TorchFunctionMode):
    """Initial weights that a file is about to replace are zeros: faster, and the random state stays as it is."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in RANDOM_FILLS:
            return args[0].zero_()
        if func in RANDOM_DRAWS:
            return torch.zeros(*args, **{key: value for key, value in kwargs.items() if key != "generator"})
        return func(*args, **kwargs)


def _read(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file ({error}); fetch it again") from error


def _float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _check_fit(expected: Mapping[str, Tensor], found: Mapping[str, Tensor], name: str, path: Path) -> None:
    faults = [
        _named("missing from the file", [key for key in expected if key not in found]),
        _named("unknown to the network", [key for key in found if key not in expected]),
        _named(
            "of another shape",
            [
                f"{key} {tuple(found[key].shape)} instead of {tuple(expected[key].shape)}"
                for key in expected
                if key in found and found[key].shape != expected[key].shape
            ],
        ),
        _named(
            "of another dtype",
            [
                f"{key} {_short(found[key].dtype)} instead of {' or '.join(map(_short, _storable(expected[key])))}"
                for key in expected
                if key in found and found[key].dtype not in _storable(expected[key])
            ],
        ),
    ]
    if any(faults):
        raise WeightsError(f"{path}: not weights of {name!r} as described: {'; '.join(filter(None, faults))}")


def _storable(expected: Tensor) -> tuple[torch.dtype, ...]:
    """How a tensor of the network may be stored."""
    alike = STORED_AS if expected.is_floating_point() else ()
    return tuple(dict.fromkeys((*alike, expected.dtype)))


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _named(fault: str, keys: list[str]) -> str:
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return f"{len(keys)} {fault}: {', '.join(keys[:SHOWN])}{more}" if keys else ""
