"""The object arrays `[image, mass]` in which DeepLense keeps its axion lenses, read without running what they hold.

Such a file is an NPY header and a pickle. A pickle is a program; this one is followed by hand: its instructions are
listed, not executed, what it would call is only noted by name, and whatever is not one of the few forms in which NumPy
writes an array and a number is refused.
"""

import pickletools
import tokenize
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ImageReadError

__all__ = ["read_image_and_mass"]

LONGEST = 1000  # instructions; NumPy needs about 80
LARGEST = 2**26  # bytes of a file
ARRAY = {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
SCALAR = {"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"}
DTYPE = {"numpy dtype"}
NAMES = ARRAY | SCALAR | DTYPE | {"numpy ndarray"}


@dataclass
class _Call:
    """What the pickle would have called, and what it would have set."""

    name: str
    arguments: tuple
    state: tuple = ()


@dataclass(frozen=True)
class _Name:
    name: str


class _Mark:
    pass


def read_image_and_mass(path: str | Path) -> tuple[np.ndarray, float | None]:
    """The image of an NPY file and its mass; None where the file is a plain array.

    Raises:
        ImageReadError: it is neither, or is damaged.
    """
    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise ImageReadError(f"{path}: more than {LARGEST:,} bytes; one image is expected")
    with path.open("rb") as stream:
        try:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(stream)
            if not dtype.hasobject:
                stream.seek(0)
                return np.load(stream, allow_pickle=False), None
        except (ValueError, EOFError, OSError, SyntaxError, TypeError, MemoryError, tokenize.TokenError) as error:
            raise ImageReadError(f"{path}: not an NPY file ({error}); get it again") from error
        program = stream.read()
    try:
        whole = _followed(program)
        image, mass = _array_of_objects(whole, shape)
        return _array(image), _number(mass)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, UnicodeDecodeError) as error:
        raise ImageReadError(
            f"{path}: holds Python objects that are not [image, mass] as NumPy writes it ({error}); save plain arrays"
        ) from error


def _followed(program: bytes) -> Any:
    """What is left on the stack; no name in it is looked up and nothing is called."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for count, (opcode, argument, _) in enumerate(pickletools.genops(program)):
        if count > LONGEST:
            raise ValueError(f"more than {LONGEST} instructions")
        if opcode.name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif opcode.name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif opcode.name in _LITERALS:
            stack.append(_LITERALS[opcode.name](argument))
        elif opcode.name in _STEPS:
            _STEPS[opcode.name](stack)
        elif opcode.name not in ("PROTO", "FRAME", "STOP"):
            raise ValueError(f"instruction {opcode.name}")
    (whole,) = stack
    return whole


def _name(text: str) -> _Name:
    if text not in NAMES:
        raise ValueError(f"it asks for {text.replace(' ', '.')}")
    return _Name(text)


def _stack_name(stack: list[Any]) -> None:
    attribute, module = stack.pop(), stack.pop()
    stack.append(_name(f"{module} {attribute}"))


def _call(stack: list[Any]) -> None:
    arguments, callable_ = stack.pop(), stack.pop()
    stack.append(_Call(callable_.name, tuple(arguments)))


def _set(stack: list[Any]) -> None:
    state = stack.pop()
    stack[-1].state = tuple(state)


def _since_mark(stack: list[Any]) -> list[Any]:
    at = max(i for i, item in enumerate(stack) if isinstance(item, _Mark))
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _tuple(length: int) -> Callable[[list[Any]], None]:
    def step(stack: list[Any]) -> None:
        items = stack[len(stack) - length :]
        del stack[len(stack) - length :]
        stack.append(tuple(items))

    return step


_LITERALS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8"), lambda value: value),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "BINFLOAT"), lambda value: value),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_TUPLE": lambda _: (),
    "EMPTY_LIST": lambda _: [],
    "MARK": lambda _: _Mark(),
    "GLOBAL": _name,
}
_STEPS: dict[str, Callable[[list[Any]], None]] = {
    "STACK_GLOBAL": _stack_name,
    "REDUCE": _call,
    "BUILD": _set,
    "TUPLE": lambda stack: stack.append(tuple(_since_mark(stack))),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda stack: stack[-2].append(stack.pop()),
    "APPENDS": lambda stack: stack.append(stack.pop() + items) if (items := _since_mark(stack)) else None,
}


def _array_of_objects(call: _Call, shape: tuple[int, ...]) -> list[Any]:
    _, stored_shape, _, _, items = _state_of(call)
    if call.state[1] != shape or stored_shape != (2,) or len(items) != 2:
        raise ValueError(f"an array of shape {stored_shape}, not of two objects")
    return items


def _array(call: _Call) -> np.ndarray:
    _, shape, dtype, fortran, pixels = _state_of(call)
    return np.frombuffer(pixels, _dtype(dtype)).reshape(shape, order="F" if fortran else "C")


def _state_of(call: _Call) -> tuple:
    if call.name not in ARRAY:
        raise ValueError(f"{call.name.replace(' ', '.')} where an array should be")
    return call.state


def _number(value: Any) -> float:
    if isinstance(value, float):
        return value
    if value.name not in SCALAR:
        raise ValueError(f"{value.name.replace(' ', '.')} where a number should be")
    dtype, stored = value.arguments
    return float(np.frombuffer(stored, _dtype(dtype), count=1)[0])


def _dtype(call: _Call) -> np.dtype:
    kind, order = call.arguments[0], call.state[1]
    if call.name not in DTYPE or kind not in ("f4", "f8") or order not in ("<", ">", "="):
        raise ValueError(f"numbers of type {kind}")
    return np.dtype(kind).newbyteorder(order)
