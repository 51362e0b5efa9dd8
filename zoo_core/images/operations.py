"""The closed list of preprocessing operations, as a catalogue entry declares them.

    - {op: blank, values: [100.0]}                 bad pixels by value; NaN and infinities always are
    - {op: absent_bands}                           bands of which nothing was measured become zero
    - {op: resample, pixel_scale: 0.1}             flux conserving, arcsec
    - {op: bin, factor: 2}                         mean of blocks of pixels
    - {op: frame, size: 101}                       central crop, or padding with the image's own noise
    - {op: noise_units}                            sky subtracted, in units of its noise
    - {op: sqrt}
    - {op: asinh, softening: 1.0}
    - {op: asinh_peak, contrast: 50.0}
    - {op: high_pass, sigma: 3.0, relative: 0.05}
    - {op: clip, low: -10.0, high: 1000.0}
    - {op: standardise, mean: [0.0], std: [1.0]}   one of each a channel
    - {op: stack, of: [{op: asinh, softening: 1.0}, ...]}   each applied to the same input, channels concatenated

The first five prepare one image; `frame` is required. The others act on batches, in the order given.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields
from typing import Any

from ..errors import SpecError, UnknownNameError

__all__ = ["OPERATIONS", "PREPARING", "Operation", "digest", "n_channels", "parse"]

LARGEST = 16384  # pixels a side: one such image fills a gigabyte


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _positive(value: Any) -> float | None:
    read = _number(value)
    return read if read is not None and read > 0 else None


def _count(value: Any) -> int | None:
    read = _whole(value)
    return read if read is not None and read > 0 else None


def _side(value: Any) -> int | None:
    read = _count(value)
    return read if read is not None and read <= LARGEST else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _numbers(value: Any) -> tuple[float, ...] | None:
    read = [_number(item) for item in value] if isinstance(value, list | tuple) else [None]
    return None if None in read else tuple(item for item in read if item is not None)


def _rule(read: Callable[[Any], Any], must: str, default: Any = MISSING) -> Any:
    """A field of an operation: what reads its value, or None if it is wrong, and the sentence that then says so."""
    return field(default=default, metadata={"read": read, "must": must})


@dataclass(frozen=True)
class Operation:
    """One step of preprocessing."""

    op = ""

    def declared(self) -> dict[str, Any]:
        """The mapping that `parse` reads back."""
        return {"op": self.op, **asdict(self)}


@dataclass(frozen=True)
class Blank(Operation):
    """Which values mark pixels that were not measured."""

    op = "blank"
    values: tuple[float, ...] = _rule(_numbers, "a list of the numbers that mark bad pixels, as in [100.0]", ())
    repeated: bool = _rule(_truth, "true or false: whether a value that many pixels share marks them as bad", True)


@dataclass(frozen=True)
class AbsentBands(Operation):
    """Bands of which nothing was measured become zero, unless that is all of them; otherwise the image is refused."""

    op = "absent_bands"


@dataclass(frozen=True)
class Resample(Operation):
    """To this pixel scale, arcsec."""

    op = "resample"
    pixel_scale: float = _rule(_positive, "a number of arcsec above 0")


@dataclass(frozen=True)
class Bin(Operation):
    """See `geometry.bin_mean`."""

    op = "bin"
    factor: int = _rule(_count, "a whole number of pixels, 1 or more, whose mean becomes one pixel")


@dataclass(frozen=True)
class Frame(Operation):
    """To this many pixels a side."""

    op = "frame"
    size: int = _rule(_side, f"a whole number of pixels a side, from 1 to {LARGEST:,}")


@dataclass(frozen=True)
class NoiseUnits(Operation):
    """See `channels.noise_units`."""

    op = "noise_units"


@dataclass(frozen=True)
class Sqrt(Operation):
    """See `channels.sqrt`."""

    op = "sqrt"


@dataclass(frozen=True)
class Asinh(Operation):
    """See `channels.asinh`."""

    op = "asinh"
    softening: float = _rule(_positive, "a number above 0, the brightness up to which the stretch is linear")


@dataclass(frozen=True)
class AsinhPeak(Operation):
    """See `channels.asinh_peak`."""

    op = "asinh_peak"
    contrast: float = _rule(_positive, "a number above 0, the brightness of the peak to the stretch")


@dataclass(frozen=True)
class HighPass(Operation):
    """See `channels.high_pass`."""

    op = "high_pass"
    sigma: float = _rule(_positive, "a number of pixels above 0, the width of what is taken away")
    relative: float = _rule(_number, "a number, how much the light of the galaxy itself counts as noise")


@dataclass(frozen=True)
class Clip(Operation):
    """See `channels.clip`."""

    op = "clip"
    low: float = _rule(_number, "a number, the lowest value that stays")
    high: float = _rule(_number, "a number, the highest value that stays")


@dataclass(frozen=True)
class Standardise(Operation):
    """See `channels.standardise`."""

    op = "standardise"
    mean: tuple[float, ...] = _rule(_numbers, "a list of numbers, one a channel")
    std: tuple[float, ...] = _rule(_numbers, "a list of numbers, one a channel")


@dataclass(frozen=True)
class Stack(Operation):
    """Several operations of the same input, channels concatenated."""

    op = "stack"
    of: tuple[Operation, ...] = _rule(lambda value: _parts(value), "a list of operations, all of the same input")

    def declared(self) -> dict[str, Any]:
        """The mapping that `parse` reads back."""
        return {"op": self.op, "of": [operation.declared() for operation in self.of]}


PREPARING = (Blank, AbsentBands, Resample, Bin, Frame)
OPERATIONS = {
    cls.op: cls for cls in (*PREPARING, NoiseUnits, Sqrt, Asinh, AsinhPeak, HighPass, Clip, Standardise, Stack)
}


def parse(declared: Sequence[Mapping[str, Any]]) -> tuple[Operation, ...]:
    """The operations that a list of mappings declares.

    Raises:
        SpecError: an unknown operation or key, a missing value, a wrong order, no `frame`.
    """
    operations = tuple(_parse_one(item) for item in declared)
    frames = [operation for operation in operations if isinstance(operation, Frame)]
    if len(frames) != 1:
        raise SpecError(f"preprocessing needs exactly one {{op: frame, size: ...}}, found {len(frames)}")
    preparing = [isinstance(operation, PREPARING) for operation in operations]
    if preparing != sorted(preparing, reverse=True):
        raise SpecError(
            "blank, absent_bands, resample, bin and frame come before all other operations of a preprocessing"
        )
    return operations


def n_channels(operations: Sequence[Operation], n_bands: int) -> int:
    """Channels of the network's input, of images of so many bands."""
    for operation in operations:
        if isinstance(operation, Stack):
            n_bands = sum(n_channels([part], n_bands) for part in operation.of)
    return n_bands


def digest(operations: Sequence[Operation]) -> str:
    """sha256 of the operations in canonical form."""
    canonical = json.dumps([operation.declared() for operation in operations], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parse_one(item: Mapping[str, Any]) -> Operation:
    if not isinstance(item, Mapping):
        raise SpecError(f"{item!r} is not an operation; write one as {{op: frame, size: 101}}")
    name = item.get("op")
    if name not in OPERATIONS:
        raise UnknownNameError.among("preprocessing operation", str(name), OPERATIONS)
    cls = OPERATIONS[name]
    given = {key: value for key, value in item.items() if key != "op"}
    allowed = {field.name: field for field in fields(cls)}
    if unknown := sorted(set(given) - set(allowed)):
        raise SpecError(f"operation {name!r} has no key {', '.join(unknown)}; it takes {', '.join(allowed) or 'none'}")
    missing = [key for key, field in allowed.items() if key not in given and field.default is MISSING]
    if missing:
        raise SpecError(f"operation {name!r} needs {', '.join(missing)}")
    return cls(**{key: _value(name, allowed[key], value) for key, value in given.items()})


def _value(name: str, of: Field, value: Any) -> Any:
    read = of.metadata["read"](value)
    if read is None:
        raise SpecError(f"operation {name!r}: {of.name} is {value!r}; it must be {of.metadata['must']}")
    return read


def _parts(value: Any) -> tuple[Operation, ...] | None:
    return tuple(_parse_one(part) for part in value) if isinstance(value, list | tuple) else None
