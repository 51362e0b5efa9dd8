"""Networks that `torch.compile` translates into C++ for this machine, and when that pays."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ArgumentError
from .chunks import joined
from .model import Model
from .views import Output

__all__ = ["PAYS_FROM", "CompiledNetwork", "for_run"]

PAYS_FROM = 20_000  # views of images for each core, see `for_run`
TOLERANCE = 1e-3  # of the output, relative and absolute: compiled code that differs by more is not used
OPTIONS = {
    "freezing": True,  # weights are constants: normalisation is folded into the convolutions
    "compile_threads": 1,  # no pool of processes that would outlive the run
}

logger = logging.getLogger("zoo")

Code = Callable[[Tensor], Output]


class CompiledNetwork(nn.Module):
    """A network that is compiled when it is first called; where that fails, it computes as it is and says so.

    Compiled code takes one image at a time, for which it is as fast as for many: one compilation serves batches of
    every size, and an image has the same output in each of them. The weights as they are at the first call are part of
    the code, so that it serves one run. With gradients, and in whatever else than a call, it is the network itself.

    Arguments:
        network: in eval mode, of images of one size.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self._lock, self._tried = Lock(), False
        self._code: Code | None = None

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("network"), name)

    def forward(self, channels: Tensor) -> Output:
        """What the network returns for (B, channels, size, size)."""
        code = None if torch.is_grad_enabled() else self._compiled(channels)
        if code is None:
            return self.network(channels)
        return joined([code(_alone(image)) for image in channels.split(1)])

    def _compiled(self, channels: Tensor) -> Code | None:
        with self._lock:  # threads that come later wait for the first, and do not compile as well
            if not self._tried:
                self._tried = True
                self._code = _code_of(self.network, _alone(channels[:1]))
        return self._code


def for_run(model: Model, images: int, precision: str, wanted: bool | None) -> Model:
    """The model with its network compiled, if that is wanted for a run over so many images; None: if it pays.

    It pays on a CPU, for an architecture that says so (`Architecture.compiled`), where there is a C++ compiler, from
    2,500 images at eight views a core on. Compiling takes 50 s of one core for `deeplens`. A view then takes 37 ms
    instead of 47 in the median of six rounds, 31 instead of 56 at best, 42 instead of 48 on a core that twenty
    processes wanted: 2,000 to 8,000 views give back what it takes.

    Raises:
        ArgumentError: it is wanted where it cannot be.
    """
    possible = model.device.type == "cpu" and precision == "float32"
    if wanted and not possible:
        raise ArgumentError(
            f"compile= (--compile) is for a CPU and float32; here it is {model.device.type} and {precision}"
        )
    worth = images * model.views >= PAYS_FROM * torch.get_num_threads() and model.architecture.compiled
    if wanted or (wanted is None and possible and worth and _has_compiler()):
        return replace(model, network=CompiledNetwork(model.network))
    return model


def _code_of(network: nn.Module, image: Tensor) -> Code | None:
    """Compiled code that answers as the network does; None, with the reason in the log, where there is none."""
    logger.info("compiling the network, which takes about a minute; --no-compile (compile=False) does without")
    try:
        from torch._inductor import config  # seconds, which other runs need not wait

        # `options=` of torch.compile reaches the backend alone: weights would be inputs of the code, not constants.
        with config.patch(OPTIONS):
            code = torch.compile(network, dynamic=False).__call__
            _require_alike(code(image), network(image))
    except Exception as error:  # noqa: BLE001 - a compiler may raise anything, and the network still answers
        reason = next(iter(str(error).splitlines()), "")
        logger.warning("the network could not be compiled and runs as it is (%s: %s)", type(error).__name__, reason)
        return None
    return code


def _require_alike(found: Output, expected: Output) -> None:
    pairs = zip(_tensors(found), _tensors(expected), strict=True)
    if not all(torch.allclose(one, other, TOLERANCE, TOLERANCE, equal_nan=True) for one, other in pairs):
        raise ArithmeticError(f"its output changes by more than {TOLERANCE:g}")


def _tensors(output: Output) -> tuple[Tensor, ...]:
    return output if isinstance(output, tuple) else (output,)


def _alone(image: Tensor) -> Tensor:
    """A copy with one layout in memory, whatever batch it comes from: another one would be compiled anew."""
    return image.clone(memory_format=torch.contiguous_format)


def _has_compiler() -> bool:
    """Whether there is the compiler that PyTorch looks for."""
    usual = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
    return shutil.which(os.environ.get("CXX", usual)) is not None
