"""The macro-lens as a function of few parameters: isothermal lens, shear, Sersic source, Gaussian PSF.

The lensed source of the pixel at theta is that of the source plane at beta, seen through the PSF P:

    image(theta) = P s(beta),    beta = theta - alpha(theta; LENS),    s = Sersic profile of SOURCE.

Lengths are in pixels of the image as it came, the origin is the centre of the frame. All derivatives are written out,
here, in `isothermal` and in `sersic`: those of torch's forward mode live in levels that all threads of a process share,
and fits run in many threads at once.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpecError
from ..typed import read_typed
from .isothermal import ray_slopes, rays
from .sersic import Sersic

__all__ = [
    "LENS_SHAPE",
    "PARAMETERS",
    "MacroModel",
    "changed",
    "columns",
    "derivatives",
    "source_gradient",
    "source_image",
    "value",
]

LENS = ("theta_E", "lens_x", "lens_y", "lens_e1", "lens_e2", "gamma_1", "gamma_2")
SOURCE = ("x", "y", "log_R", "e1", "e2", "n")
LENS_SHAPE = ("lens_e1", "lens_e2")
PARAMETERS = (*LENS, *SOURCE)
"""Einstein radius, lens centre and ellipticity, shear; source position relative to the lens, log of the geometric mean
of its half-light axes, ellipticity, Sersic index. An ellipticity is (1 - q) / (1 + q) times (cos, sin) of twice the
position angle."""

AT_REST = {"theta_E": 20.0, "log_R": math.log(8.0), "n": 1.5}
OFF_CENTRE = 1e-3  # pixels: no pixel's centre lies on the lens, where the deflection has no derivative


@dataclass(frozen=True)
class MacroModel:
    """What all images of a data set share.

    Arguments:
        size: pixels a side of the images; a multiple of `binning`.
        binning: pixels a side that are averaged into one before anything is compared.
        psf: standard deviation of the Gaussian PSF, pixels.
        priors: mean and standard deviation of parameters; those with a positive standard deviation are fitted, the
            others stay at their mean. Not named: fixed, and as round and central as can be.
        grid: values of parameters to start from, all combinations.
        light: images of other light of unknown amplitude, (K, side, side) with side = size / binning, blurred by
            the PSF. A constant background is always added.
        noise: standard deviation of a dark (binned) pixel, in units of the image.
        photon: variance of a pixel over its brightness, which adds to it.
    """

    size: int
    binning: int = 1
    psf: float = 1.5
    priors: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    grid: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    light: Tensor = field(default_factory=lambda: torch.zeros(0, 1, 1))
    noise: float = 0.01
    photon: float = 0.0

    @classmethod
    def from_mapping(cls, size: int, content: Mapping[str, Any], where: str = "macro-lens") -> "MacroModel":
        """The model that a recipe or a registry writes down.

        Arguments:
            size: pixels a side of the images.
            content: psf, noise and priors; and grid, binning and photon where they are not the default.
            where: the beginning of the message of an error.

        Raises:
            SpecError: a key or the name of a parameter is unknown, or a key is missing; it names the valid ones.

        Example:
            >>> written = {"psf": 1.5, "noise": 0.01, "priors": {"theta_E": [20, 2]}}
            >>> MacroModel.from_mapping(64, written).prior("theta_E")
            (20.0, 2.0)
            >>> MacroModel.from_mapping(64, {"psf": 1.5, "noise": 0.01})
            Traceback (most recent call last):
            zoo_core.errors.SpecError: macro-lens: priors is missing; it takes psf, noise, priors, grid, binning, photon
        """
        return cls(size, **vars(read_typed(_Written, content, where, SpecError)))

    @property
    def side(self) -> int:
        """Binned pixels a side."""
        return self.size // self.binning

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the fitted parameters, in the order of `PARAMETERS`."""
        return tuple(name for name in PARAMETERS if self.prior(name)[1] > 0)

    def prior(self, name: str) -> tuple[float, float]:
        """Mean and standard deviation of a parameter."""
        mean, deviation = self.priors.get(name, (AT_REST.get(name, 0.0), 0.0))
        return mean, deviation

    @property
    def means(self) -> Tensor:
        """Means of the priors of all parameters, (13,), float64."""
        return torch.tensor([self.prior(name)[0] for name in PARAMETERS], dtype=torch.float64)

    def with_prior(self, name: str, mean: float, deviation: float) -> "MacroModel":
        """The same with another prior of one parameter; deviation 0 fixes it."""
        return replace(self, priors={**self.priors, name: (mean, deviation)})

    def axis(self, like: Tensor) -> Tensor:
        """Coordinates of the binned pixels along either axis, (side,)."""
        return (torch.arange(self.side).to(like) - (self.side - 1) / 2) * self.binning

    def sigma(self, images: Tensor) -> Tensor:
        """Standard deviation of the pixels of binned images (N, side, side).

            sigma^2 = noise^2 + photon max(0, d),

        d being the mean brightness of the nine pixels about each.
        """
        smooth = F.avg_pool2d(images[:, None], 3, stride=1, padding=1, count_include_pad=False)[:, 0]
        return (self.noise**2 + self.photon * smooth.clamp(min=0)).sqrt()

    def others(self, like: Tensor) -> Tensor:
        """Background and other lights (1 + K, side, side)."""
        background = torch.ones(1, self.side, self.side).to(like)
        return torch.cat([background, self.light.to(like)]) if len(self.light) else background

    def blur(self, like: Tensor) -> Tensor:
        """Matrix (side, side) of the PSF and the pixel along one axis; light beyond the frame is lost.

        A sample stands for a binned pixel of b pixels, whose width adds to the PSF: the variance of the Gaussian is

            psf^2 + (b^2 - 1) / 12,

        that of b evenly spaced points being the second term.
        """
        deviation = math.sqrt(self.psf**2 + (self.binning**2 - 1) / 12)  # samples stand for the binned pixels
        axis = self.axis(like)
        kernel = torch.exp(-0.5 * ((axis[:, None] - axis) / deviation) ** 2)
        whole = math.sqrt(2 * math.pi) * deviation / self.binning
        return kernel / max(whole, 1.0)


def columns(names: Iterable[str]) -> list[int]:
    """Where parameters stand in a row of all.

    >>> columns(["theta_E", "x", "y"])
    [0, 7, 8]
    """
    return [PARAMETERS.index(name) for name in names]


def value(parameters: Tensor, name: str) -> Tensor:
    """One parameter of rows (B, 13), (B,).

    >>> value(MacroModel(64).means[None], "theta_E")
    tensor([20.], dtype=torch.float64)
    """
    return parameters[:, PARAMETERS.index(name)]


def changed(parameters: Tensor, values: Mapping[str, Tensor | float]) -> Tensor:
    """Rows (B, 13) with other values, one for all rows or (B,), of some parameters.

    >>> changed(torch.zeros(1, 13), {"theta_E": 20.0}).sum()
    tensor(20.)
    """
    rows = parameters.clone()
    for name, other in values.items():
        rows[:, PARAMETERS.index(name)] = torch.as_tensor(other).to(rows)
    return rows


def source_image(model: MacroModel, parameters: Tensor) -> Tensor:
    """The lensed source (B, side, side), of unit brightness at its half-light radius, of parameters (B, 13)."""
    blur = model.blur(parameters)
    return blur @ _source(model, parameters).brightness @ blur


def derivatives(model: MacroModel, parameters: Tensor) -> Tensor:
    """`source_image`, then its derivatives with respect to the free parameters, (B, 1 + free, side, side).

    A parameter of the lens moves the rays, and they take the gradient of the source along: with s the brightness of the
    source at beta, d s(beta) / d p = (d s / d beta) . (d beta / d p).
    """
    profile = _source(model, parameters)
    by_x, by_y = gradient = profile.gradient()
    lens = [name for name in model.free if name in LENS]
    source = [name for name in model.free if name in SOURCE]
    planes = [profile.brightness, *profile.slopes(source, gradient)]
    if lens:
        along_x, along_y = ray_slopes(*_lens(model, parameters), names=lens)
        planes[1:1] = list(by_x * along_x + by_y * along_y)
    blur = model.blur(parameters)
    return blur @ torch.stack(planes, dim=1) @ blur


def source_gradient(model: MacroModel, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """How brightness changes with the position in the source plane, before any blur, (B, side, side) each."""
    return _source(model, parameters).gradient()


def _source(model: MacroModel, parameters: Tensor) -> Sersic:
    """The source where the pixels' rays meet it."""
    return Sersic.at(_named(parameters), *rays(*_lens(model, parameters)))


def _lens(model: MacroModel, parameters: Tensor) -> tuple[Mapping[str, Tensor], Tensor, Tensor, bool]:
    """The lens, the pixels' positions (1, 1, side) and (1, side, 1), and whether the model's lenses are spheres."""
    axis = model.axis(parameters) + OFF_CENTRE
    spherical = all(model.prior(name) == (0.0, 0.0) for name in LENS_SHAPE)
    return _named(parameters), axis[None, None, :], axis[None, :, None], spherical


def _named(parameters: Tensor) -> dict[str, Tensor]:
    return {name: parameters[:, k, None, None] for k, name in enumerate(PARAMETERS)}


@dataclass(frozen=True)
class _Written:
    """A model as recipes and registries write it down."""

    psf: float
    noise: float
    priors: Mapping[str, tuple[float, float]]
    grid: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    binning: int = 1
    photon: float = 0.0

    def __post_init__(self) -> None:
        for key, names in {"priors": self.priors, "grid": self.grid}.items():
            if unknown := sorted(set(names) - set(PARAMETERS)):
                raise ValueError(
                    f"{key}: no parameter is called {', '.join(unknown)}; there are {', '.join(PARAMETERS)}"
                )
