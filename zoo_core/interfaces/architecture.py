"""Networks that can be built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import SpecError
from ..references import Lazy
from ..tasks import Heads

if TYPE_CHECKING:
    from torch import nn

    from .training import Training

__all__ = ["Architecture", "any_size", "one_size"]

Network = TypeVar("Network", bound="nn.Module")


@dataclass(frozen=True)
class Architecture(Generic[Network]):
    """A network that can be built, `Architecture[Scan]` for one whose `build` returns a `Scan`.

    Arguments:
        name: what users type; the name of the plugin's folder when it provides only one.
        task: name of its task, see `zoo_core.tasks`.
        build: called as `build(channels=..., outputs=..., size=..., **arguments)`; returns the network with random
            weights. The network takes (B, channels, size, size), where size is that of the preprocessing, and returns
            what its task says. A method `features(x)` returning (B, D) is optional. `lazy("module:name")` keeps the
            plugin light.
        bands: names of the physical bands it takes by default.
        heads: classes or parameters by default.
        preprocess: the default preprocessing, a sequence of declarative operations (`zoo_core.images.preprocess`).
        arguments: dataclass of what `build` takes besides, with defaults; its docstring documents them. None: nothing.
        settings: dataclass of what a recipe may say to `train` under `settings:`; it may be `lazy`. None: nothing.
        summary: one line.
        paper: BibTeX, or empty.
        train: `train(network, training)` sets the weights and buffers in place, with what `Training` offers. None: the
            task's loss is minimised by gradient descent.
        compiled: `torch.compile` makes it faster on a CPU, as measured; long runs then do so.
        broken_laws: laws of `zoo check` that it is known to break, each with the reason.
        measures_noise: whether the network counts in units of the noise of its images, which it measures; it takes a
            second argument then, `noise` (B, bands, 1, 1), that of the image that was observed: behind what takes noise
            away it counts in that one.
        conditions: those of `arguments` that tell the network something of the images, such as how short the exposure
            is, and that no weights depend on: who predicts may choose them, `zoo.load(id, ratio=4)`.

    Example:
        >>> import zoo_core as zoo
        >>> ring = zoo.Architecture(
        ...     name="ring",
        ...     task="classification",
        ...     build=zoo.lazy("zoo_ring.network:Ring"),
        ...     bands=("VIS",),
        ...     heads=zoo.Heads(classes=("nonlens", "lens")),
        ...     preprocess=({"op": "frame", "size": 33}, {"op": "noise_units"}),
        ... )
        >>> ring.task, ring.heads.classes
        ('classification', ('nonlens', 'lens'))
    """

    name: str
    task: str
    build: Callable[..., Network]
    bands: tuple[str, ...]
    heads: Heads
    preprocess: tuple[Mapping[str, Any], ...]
    arguments: type | Lazy | None = None
    settings: type | Lazy | None = None
    summary: str = ""
    paper: str = ""
    train: Callable[[Network, Training], None] | None = None
    compiled: bool = False
    broken_laws: Mapping[str, str] = field(default_factory=dict)
    measures_noise: bool = False
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class SizedBuild(Generic[Network]):
    """`Architecture.build` of a network whose constructor does not take `size`.

    Arguments:
        build: called without it.
        size: the only one that the network takes; None: it takes any.
    """

    build: Callable[..., Network]
    size: int | None

    def __call__(self, *, size: int, **given: Any) -> Network:
        """The network.

        Raises:
            SpecError: the preprocessing frames another size.
        """
        if self.size not in (None, size):
            raise SpecError(
                f"the network takes images of {self.size} x {self.size} pixels and its preprocessing makes "
                f"{size} x {size}; write {{op: frame, size: {self.size}}}"
            )
        return self.build(**given)


def any_size(build: Callable[..., Network]) -> SizedBuild[Network]:
    """A `build` of a network that takes images of any size, and need not know it.

    Example:
        >>> import zoo_core as zoo
        >>> build = zoo.any_size(lambda channels, outputs: f"{channels} channels to {outputs} outputs")
        >>> build(channels=1, outputs=2, size=64)
        '1 channels to 2 outputs'
    """
    return SizedBuild(build, None)


def one_size(build: Callable[..., Network], size: int) -> SizedBuild[Network]:
    """A `build` of a network that takes images of one size only, and refuses a preprocessing that makes another.

    Example:
        >>> import zoo_core as zoo
        >>> build = zoo.one_size(lambda channels, outputs: f"{channels} channels to {outputs} outputs", 101)
        >>> build(channels=1, outputs=2, size=64)
        Traceback (most recent call last):
        zoo_core.errors.SpecError: the network takes images of 101 x 101 pixels and its preprocessing makes 64 x 64; ...
    """
    return SizedBuild(build, size)
