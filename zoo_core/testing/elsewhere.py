"""Tensors on a device that is not there: what would raise on a GPU raises here, without one.

`torch._subclasses.FakeTensorMode` knows devices and shapes but no values, so that a network that branches on what it
computes, as a fit does, cannot run in it. Here the values are there, on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

__all__ = ["ELSEWHERE", "Elsewhere", "elsewhere"]

ELSEWHERE = torch.device("cuda:63")  # none that exists: what is cached for each device stays apart
CROSSING = {Tensor.copy_, Tensor.to, Tensor.cpu, Tensor.type_as, torch.nn.Module.to}
INDEXING = {Tensor.__getitem__, Tensor.__setitem__}
ANSWERS: Sequence[tuple[Any, torch.device | bool]] = (
    (vars(torch._C.TensorBase)["device"].__get__, ELSEWHERE),
    (vars(torch._C.TensorBase)["is_cpu"].__get__, False),
    (vars(torch._C.TensorBase)["is_cuda"].__get__, True),
)
TO_NUMPY = {Tensor.numpy, Tensor.__array__}


class _Tensor(Tensor):
    """A tensor that says it is elsewhere."""

    @classmethod
    def __torch_function__(
        cls, func: Callable, types: Sequence[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """As inside of `Elsewhere`."""
        return _computed(func, args, kwargs or {})


class Elsewhere(TorchFunctionMode):
    """Inside, tensors can be made elsewhere and taken there; where they meet others, RuntimeError is raised.

    >>> import torch
    >>> with Elsewhere():
    ...     torch.ones(2, device=ELSEWHERE) + torch.ones(2)
    Traceback (most recent call last):
    RuntimeError: add: a tensor of shape (2,) is on the cpu, another on cuda:63; ...
    """

    def __torch_function__(
        self, func: Callable, types: Sequence[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Compute on the CPU, unless devices mix."""
        return _computed(func, args, kwargs or {})


def elsewhere(tensor: Tensor) -> Tensor:
    """A copy on the other device."""
    return tensor.detach().clone().as_subclass(_Tensor)


def _computed(func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    tensors = list(_tensors((args, kwargs)))
    there = any(isinstance(tensor, _Tensor) for tensor in tensors)
    if there and (answer := next((given for asked, given in ANSWERS if func == asked), None)) is not None:
        return answer
    if func in TO_NUMPY and there:
        raise TypeError(f"can't convert a tensor on {ELSEWHERE} to numpy; call .cpu() first")
    if func in CROSSING:
        there = _target(func, args, kwargs, there)
    elif func in INDEXING:
        _check_indices(args)
    else:
        _check_devices(func, tensors)
    if kwargs.get("device") is not None:
        there = torch.device(kwargs["device"]) == ELSEWHERE
    args = tuple(value for value in args if not _is_elsewhere(value))
    kwargs = {key: value for key, value in kwargs.items() if not _is_elsewhere(value)}
    with torch._C.DisableTorchFunctionSubclass():
        return _placed(func(*args, **kwargs), there)


def _target(func: Callable, args: tuple, kwargs: dict[str, Any], there: bool) -> bool:
    """Whether a tensor that crosses ends elsewhere."""
    wanted = [*args[1:], *kwargs.values()]
    if func is Tensor.cpu or any(_is_cpu(value) for value in wanted):
        return False
    if func is Tensor.copy_:
        return isinstance(args[0], _Tensor)
    likes = [value for value in wanted if isinstance(value, Tensor)]
    if likes:
        return isinstance(likes[0], _Tensor)
    return isinstance(args[0], _Tensor) or any(_is_elsewhere(value) for value in wanted)


def _check_devices(func: Callable, tensors: Sequence[Tensor]) -> None:
    """A number on the CPU may meet any."""
    there = [tensor for tensor in tensors if isinstance(tensor, _Tensor)]
    here = [tensor for tensor in tensors if not isinstance(tensor, _Tensor) and _dimensions(tensor)]
    if here and there:
        raise RuntimeError(
            f"{getattr(func, '__name__', func)}: a tensor of shape {_shape(here[0])} is on the cpu, another on "
            f"{ELSEWHERE}; make constants buffers of the network, or like its input"
        )


def _check_indices(args: tuple) -> None:
    """Indices may be on the CPU, or where the indexed tensor is."""
    indexed, indices, *values = args
    if not isinstance(indexed, _Tensor) and any(isinstance(index, _Tensor) for index in _tensors(indices)):
        raise RuntimeError(f"indices on {ELSEWHERE} of a tensor of shape {_shape(indexed)} on the cpu")
    _check_devices(Tensor.__setitem__, [indexed, *_tensors(values)])


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _placed(value: Any, there: bool) -> Any:
    if isinstance(value, Tensor):
        return value.as_subclass(_Tensor if there else Tensor) if isinstance(value, _Tensor) != there else value
    if isinstance(value, list | tuple) and any(True for _ in _tensors(value)):
        parts = [_placed(part, there) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def _is_elsewhere(value: Any) -> bool:
    return isinstance(value, str | torch.device) and str(value) == str(ELSEWHERE)


def _is_cpu(value: Any) -> bool:
    return isinstance(value, str | torch.device) and str(value) == "cpu"


def _dimensions(tensor: Tensor) -> int:
    return len(_shape(tensor))


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)
