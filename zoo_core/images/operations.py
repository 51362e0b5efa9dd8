"""The closed list of preprocessing operations, as a catalogue entry declares them.

    - {op: blank, values: [100.0]}                 bad pixels by value; NaN and infinities always are
    - {op: absent_bands}                           bands of which nothing was measured become zero
    - {op: resample, pixel_scale: 0.1}             flux conserving, arcsec
    - {op: bin, factor: 2}                         mean of blocks of pixels
    - {op: frame, size: 101}                       central crop, or its background continued around it
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

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..errors import SpecError, UnknownNameError
from . import channels
from .operation import ChannelOperation, Operation, channel_operations, n_channels
from .rules import LARGEST, a_count, a_number, a_positive, a_side, a_truth, numbers, rule

__all__ = ["OPERATIONS", "PREPARING", "parse"]


@dataclass(frozen=True)
class Blank(Operation):
    """Which values mark pixels that were not measured."""

    op = "blank"
    values: tuple[float, ...] = rule(numbers, "a list of the numbers that mark bad pixels, as in [100.0]", ())
    repeated: bool = rule(a_truth, "true or false: whether a value that many pixels share marks them as bad", True)


@dataclass(frozen=True)
class AbsentBands(Operation):
    """Bands of which nothing was measured become zero, unless that is all of them; otherwise the image is refused."""

    op = "absent_bands"


@dataclass(frozen=True)
class Resample(Operation):
    """To this pixel scale, arcsec."""

    op = "resample"
    pixel_scale: float = rule(a_positive, "a number of arcsec above 0")


@dataclass(frozen=True)
class Bin(Operation):
    """See `geometry.bin_mean`."""

    op = "bin"
    factor: int = rule(a_count, "a whole number of pixels, 1 or more, whose mean becomes one pixel")


@dataclass(frozen=True)
class Frame(Operation):
    """To this many pixels a side."""

    op = "frame"
    size: int = rule(a_side, f"a whole number of pixels a side, from 1 to {LARGEST:,}")


@dataclass(frozen=True)
class NoiseUnits(ChannelOperation):
    """See `channels.noise_units`."""

    op = "noise_units"

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.noise_units`."""
        return channels.noise_units(pixels, noise)


@dataclass(frozen=True)
class Sqrt(ChannelOperation):
    """See `channels.sqrt`."""

    op = "sqrt"

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.sqrt`."""
        return channels.sqrt(pixels)


@dataclass(frozen=True)
class Asinh(ChannelOperation):
    """See `channels.asinh`."""

    op = "asinh"
    softening: float = rule(a_positive, "a number above 0, the brightness up to which the stretch is linear")

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.asinh`."""
        return channels.asinh(pixels, self.softening)


@dataclass(frozen=True)
class AsinhPeak(ChannelOperation):
    """See `channels.asinh_peak`."""

    op = "asinh_peak"
    contrast: float = rule(a_positive, "a number above 0, the brightness of the peak to the stretch")

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.asinh_peak`."""
        return channels.asinh_peak(pixels, self.contrast)


@dataclass(frozen=True)
class HighPass(ChannelOperation):
    """See `channels.high_pass`."""

    op = "high_pass"
    sigma: float = rule(a_positive, "a number of pixels above 0, the width of what is taken away")
    relative: float = rule(a_number, "a number, how much the light of the galaxy itself counts as noise")

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.high_pass`."""
        return channels.high_pass(pixels, self.sigma, self.relative)


@dataclass(frozen=True)
class Clip(ChannelOperation):
    """See `channels.clip`."""

    op = "clip"
    low: float = rule(a_number, "a number, the lowest value that stays")
    high: float = rule(a_number, "a number, the highest value that stays")

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.clip`."""
        return channels.clip(pixels, self.low, self.high)

    def fault(self) -> str:
        """The limits are the wrong way round."""
        return "" if self.low < self.high else f"low is {self.low:g} and high is {self.high:g}; low must be less"


@dataclass(frozen=True)
class Standardise(ChannelOperation):
    """See `channels.standardise`."""

    op = "standardise"
    mean: tuple[float, ...] = rule(numbers, "a list of numbers, one a channel")
    std: tuple[float, ...] = rule(numbers, "a list of numbers, one a channel")

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """See `channels.standardise`."""
        return channels.standardise(pixels, self.mean, self.std)

    def fault(self) -> str:
        """There is not a width above 0 for each mean."""
        if len(self.mean) != len(self.std):
            return f"mean has {len(self.mean)} numbers and std has {len(self.std)}; each channel needs one of both"
        return "" if min(self.std, default=1.0) > 0 else f"std is {list(self.std)}; every number must be above 0"


@dataclass(frozen=True)
class Stack(ChannelOperation):
    """Several operations of the same input, channels concatenated."""

    op = "stack"
    of: tuple[Operation, ...] = rule(lambda value: _parts(value), "a list of operations, all of the same input")

    def declared(self) -> dict[str, Any]:
        """The mapping that `parse` reads back."""
        return {"op": self.op, "of": [operation.declared() for operation in self.of]}

    def fault(self) -> str:
        """One of them prepares an image, or there is none."""
        preparing = [part.op for part in self.of if not isinstance(part, ChannelOperation)]
        if preparing:
            return f"of holds {preparing[0]}, which prepares one image; it must come before all that make channels"
        return "" if self.of else "of is empty; it must hold the operations whose channels are concatenated"

    def apply(self, pixels: Tensor, noise: Tensor | None) -> Tensor:
        """The channels of each, one after the other."""
        return torch.cat([part.apply(pixels, noise) for part in channel_operations(self.of)], dim=1)

    def n_channels(self, before: int) -> int:
        """The channels of all parts together."""
        return sum(n_channels([part], before) for part in self.of)


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
    _check_order(operations)
    return operations


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
        needed = "; ".join(f"{key}, {allowed[key].metadata['must']}" for key in missing)
        raise SpecError(f"operation {name!r} needs {needed}")
    operation = cls(**{key: _value(name, allowed[key], value) for key, value in given.items()})
    if fault := operation.fault():
        raise SpecError(f"operation {name!r}: {fault}")
    return operation


def _check_order(operations: Sequence[Operation]) -> None:
    """Refuse an operation that prepares one image after one that makes channels of a batch."""
    for before, after in pairwise(operations):
        if isinstance(before, ChannelOperation) and isinstance(after, PREPARING):
            raise SpecError(
                f"preprocessing has {after.op} after {before.op}; {', '.join(cls.op for cls in PREPARING)} prepare one "
                "image and come before all other operations"
            )


def _value(name: str, of: Field, value: Any) -> Any:
    read = of.metadata["read"](value)
    if read is None:
        raise SpecError(f"operation {name!r}: {of.name} is {value!r}; it must be {of.metadata['must']}")
    return read


def _parts(value: Any) -> tuple[Operation, ...] | None:
    return tuple(_parse_one(part) for part in value) if isinstance(value, list | tuple) else None
