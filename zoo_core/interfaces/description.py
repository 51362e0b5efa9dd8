"""What a data set is, apart from its images."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import SpecError, UnknownNameError
from ..symmetries import Symmetry, check_symmetries
from ..tasks import Heads

__all__ = ["DOMAINS", "Description", "domain_named"]

DOMAINS = ("simulated", "real")


def domain_named(name: str) -> str:
    """The name of a domain of images, "simulated" or "real".

    Raises:
        UnknownNameError: there is no such domain.
    """
    if name not in DOMAINS:
        raise UnknownNameError.among("domain", name, DOMAINS)
    return name


@dataclass(frozen=True)
class Description:
    """What a data set is, apart from its images.

    Arguments:
        name: what users type.
        version: changes whenever any pixel or truth changes.
        task: what the truth can train and measure.
        domain: "simulated" or "real".
        bands: physical bands, in the order of the image axis.
        pixel_scale: arcsec, or None if unknown.
        heads: classes or parameters of the truth.
        symmetries: how each parameter changes when the image is turned; none: what its name means in the field, see
            `zoo_core.symmetries`.

    Raises:
        SpecError: another domain, a pixel scale that is not positive, names that no table can hold, or symmetries that
            are not of exactly these parameters.

    Example:
        >>> import zoo_core as zoo
        >>> heads = zoo.Heads(parameters=("theta_E", "e1", "e2"), units=("arcsec", "", ""))
        >>> about = zoo.Description("mine", "1", "regression", "simulated", bands=("g", "r"), heads=heads)
        >>> len(about.bands), about.heads.names
        (2, ('theta_E', 'e1', 'e2'))
        >>> zoo.Description("mine", "1", "regression", "space", bands=("g", "r"), heads=heads)
        Traceback (most recent call last):
        zoo_core.errors.SpecError: data set mine: domain is 'space'; choose simulated or real
    """

    name: str
    version: str
    task: str
    domain: str
    bands: tuple[str, ...]
    pixel_scale: float | None = None
    heads: Heads = field(default_factory=Heads)
    symmetries: tuple[Symmetry, ...] = ()

    def __post_init__(self) -> None:
        if self.pixel_scale is not None and not 0 < self.pixel_scale < float("inf"):
            raise SpecError(f"data set {self.name}: pixel_scale is {self.pixel_scale}; it must be a positive number")
        if self.domain not in DOMAINS:
            raise SpecError(f"data set {self.name}: domain is {self.domain!r}; choose {' or '.join(DOMAINS)}")
        if fault := self.heads.fault():
            raise SpecError(f"data set {self.name}: {fault}")
        if self.symmetries:
            try:
                check_symmetries(self.symmetries, self.heads.parameters)
            except SpecError as error:
                raise SpecError(f"data set {self.name}: {error}") from None
