"""What a reader chooses a model by, beside its numbers."""

from dataclasses import dataclass

from ..bench.results import Result
from ..catalog.cost import operations
from ..catalog.specs import ANY, ModelSpec

__all__ = ["Facts", "facts_of", "images_per_second"]

UNKNOWN = "not stated"


@dataclass(frozen=True)
class Facts:
    """Facts about one model.

    Arguments:
        bands: joined by spaces.
        pixel_scale: of the training images, in arcsec, or "any".
        trained_on: domain of the training images.
        licence: SPDX identifier.
        size: of the weights, bytes, or None.
        parameters: number of weights that training sets, or None.
        flops: operations for an image, all views together, or None.
    """

    bands: str = UNKNOWN
    pixel_scale: str = UNKNOWN
    trained_on: str = UNKNOWN
    licence: str = UNKNOWN
    size: int | None = None
    parameters: int | None = None
    flops: int | None = None

    @property
    def megabytes(self) -> str:
        """The size as text."""
        if self.size is None:
            return "–"
        return f"{self.size / 1e6:.1f} MB" if self.size >= 1e5 else f"{self.size / 1e3:.1f} kB"

    @property
    def operations(self) -> str:
        """The operations as text."""
        return "–" if self.flops is None else operations(self.flops)


def facts_of(spec: ModelSpec | None) -> Facts:
    """From the entry; of a model that no registry lists nothing is known."""
    if spec is None:
        return Facts()
    scale = ANY if spec.pixel_scale == ANY else f"{spec.pixel_scale:g}″"
    parameters, flops = (None, None) if spec.cost is None else (spec.cost.parameters, spec.cost.flops)
    return Facts(
        bands=" ".join(spec.bands),
        pixel_scale=scale,
        trained_on=spec.domain,
        licence=spec.licence,
        size=spec.weights.size or None,
        parameters=parameters,
        flops=None if flops is None else flops * spec.views,
    )


def images_per_second(result: Result) -> float | None:
    """Images per second on the machine that measured, views and preprocessing included; None where no time was kept."""
    return sum(result.images.values()) / result.seconds if result.seconds > 0 else None
