"""The macro-lens as a function of few parameters: isothermal lens, shear, Sersic source, Gaussian PSF.

Lengths are in pixels of the image as it came, the origin is the centre of the frame. The deflection is that of
caustics, its derivatives come from forward-mode differentiation; those of the Sersic profile are written out, since
they share the profile's exponential.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from caustics.lenses import func
from caustics.light.func import k_sersic
from torch import Tensor
from torch.func import jvp, vmap
from torch.nn import functional as F

__all__ = ["LENS_SHAPE", "PARAMETERS", "MacroModel", "derivatives", "source_gradient", "source_image"]

LENS = ("theta_E", "lens_x", "lens_y", "lens_e1", "lens_e2", "gamma_1", "gamma_2")
SOURCE = ("x", "y", "log_R", "e1", "e2", "n")
LENS_SHAPE = ("lens_e1", "lens_e2")
PARAMETERS = (*LENS, *SOURCE)
"""Einstein radius, lens centre and ellipticity, shear; source position relative to the lens, log of the geometric mean
of its half-light axes, ellipticity, Sersic index. An ellipticity is (1 - q) / (1 + q) times (cos, sin) of twice the
position angle."""

AT_REST = {"theta_E": 20.0, "log_R": math.log(8.0), "n": 1.5}
SOFTENING = 0.2  # pixels: what is finer than a pixel does not reach the image
OFF_CENTRE = 1e-3  # pixels: no pixel's centre lies on the lens, where the deflection has no derivative
ROUND = 1e-3  # added to the first ellipticity of the lens: at 0 the position angle has no derivative


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
        light: images of other light of unknown amplitude, (K, side, side) with side = size / binning, as seen through
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

    def with_prior(self, name: str, mean: float, deviation: float) -> "MacroModel":
        """The same with another prior of one parameter; deviation 0 fixes it."""
        return replace(self, priors={**self.priors, name: (mean, deviation)})

    def axis(self, like: Tensor) -> Tensor:
        """Coordinates of the binned pixels along either axis, (side,)."""
        return (torch.arange(self.side).to(like) - (self.side - 1) / 2) * self.binning

    def sigma(self, seen: Tensor) -> Tensor:
        """Standard deviation of the pixels of binned images (N, side, side), from a lightly smoothed look at them."""
        smooth = F.avg_pool2d(seen[:, None], 3, stride=1, padding=1, count_include_pad=False)[:, 0]
        return (self.noise**2 + self.photon * smooth.clamp(min=0)).sqrt()

    def others(self, like: Tensor) -> Tensor:
        """Background and other lights (1 + K, side, side)."""
        background = torch.ones(1, self.side, self.side).to(like)
        return torch.cat([background, self.light.to(like)]) if len(self.light) else background

    def blur(self, like: Tensor) -> Tensor:
        """Matrix (side, side) of the PSF and the pixel along one axis; light beyond the frame is lost."""
        deviation = math.sqrt(self.psf**2 + (self.binning**2 - 1) / 12)  # samples stand for the binned pixels
        axis = self.axis(like)
        kernel = torch.exp(-0.5 * ((axis[:, None] - axis) / deviation) ** 2)
        whole = math.sqrt(2 * math.pi) * deviation / self.binning
        return kernel / max(whole, 1.0)


def source_image(model: MacroModel, parameters: Tensor) -> Tensor:
    """The lensed source (B, side, side), of unit brightness at its half-light radius, of parameters (B, 13)."""
    x, y = _source_plane(model, parameters)
    profile = _Sersic.at(_named(parameters), x, y)
    blur = model.blur(parameters)
    return blur @ profile.brightness @ blur


def derivatives(model: MacroModel, parameters: Tensor) -> Tensor:
    """`source_image`, then its derivatives with respect to the free parameters, (B, 1 + free, side, side)."""
    x, y = _source_plane(model, parameters)
    profile = _Sersic.at(_named(parameters), x, y)
    by_x, by_y = profile.gradient()
    lens = [name for name in model.free if name in LENS]
    source = [name for name in model.free if name in SOURCE]
    planes = [profile.brightness, *profile.slopes(source, by_x, by_y)]
    if lens:
        along_x, along_y = _lens_tangents(model, parameters, lens)
        planes[1:1] = list(by_x * along_x + by_y * along_y)
    blur = model.blur(parameters)
    return blur @ torch.stack(planes, dim=1) @ blur


def source_gradient(model: MacroModel, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """How brightness changes with the position in the source plane, before any blur, (B, side, side) each."""
    x, y = _source_plane(model, parameters)
    return _Sersic.at(_named(parameters), x, y).gradient()


def _named(parameters: Tensor) -> dict[str, Tensor]:
    return {name: parameters[:, k, None, None] for k, name in enumerate(PARAMETERS)}


def _source_plane(model: MacroModel, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Where the pixels' rays meet the source plane, relative to the lens, (B, side, side) each."""
    lens = _named(parameters)
    axis = model.axis(parameters) + OFF_CENTRE
    x, y = axis[None, None, :], axis[None, :, None]
    alpha_x, alpha_y = _deflection(model, lens, x, y)
    return x - lens["lens_x"] - alpha_x, y - lens["lens_y"] - alpha_y


def _deflection(model: MacroModel, lens: Mapping[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    x0, y0 = lens["lens_x"], lens["lens_y"]
    if all(model.prior(name) == (0.0, 0.0) for name in LENS_SHAPE):
        alpha_x, alpha_y = func.reduced_deflection_angle_sis(x0, y0, lens["theta_E"], x, y)
    else:
        e1, e2 = lens["lens_e1"] + ROUND, lens["lens_e2"]
        e, phi = torch.hypot(e1, e2), torch.atan2(e2, e1) / 2
        alpha_x, alpha_y = func.reduced_deflection_angle_sie(x0, y0, (1 - e) / (1 + e), phi, lens["theta_E"], x, y)
    shear_x, shear_y = func.reduced_deflection_angle_external_shear(x0, y0, lens["gamma_1"], lens["gamma_2"], x, y)
    return alpha_x + shear_x, alpha_y + shear_y


def _lens_tangents(model: MacroModel, parameters: Tensor, names: list[str]) -> tuple[Tensor, Tensor]:
    """Derivatives of `_source_plane` with respect to parameters of the lens, (names, B, side, side) each."""
    directions = torch.zeros(len(names), *parameters.shape).to(parameters)
    for row, name in enumerate(names):
        directions[row, :, PARAMETERS.index(name)] = 1
    ray: Callable[[Tensor], tuple[Tensor, Tensor]] = lambda table: _source_plane(model, table)  # noqa: E731
    return vmap(lambda direction: jvp(ray, (parameters,), (direction,))[1])(directions)


@dataclass(frozen=True)
class _Sersic:
    """A Sersic profile at points of the source plane, with what its derivatives are made of.

    Arguments:
        source: parameters by name, (B, 1, 1) each.
        u, v: position relative to the source.
        a, b: the same where its isophotes are circles.
        square: squared elliptical radius, softened.
        steepness: -d log brightness / d log radius.
        brightness: over that at the half-light radius.
    """

    source: Mapping[str, Tensor]
    u: Tensor
    v: Tensor
    a: Tensor
    b: Tensor
    square: Tensor
    steepness: Tensor
    brightness: Tensor

    @classmethod
    def at(cls, source: Mapping[str, Tensor], x: Tensor, y: Tensor) -> "_Sersic":
        e1, e2, n = source["e1"], source["e2"], source["n"]
        u, v = x - source["x"], y - source["y"]
        a, b = (1 - e1) * u - e2 * v, (1 + e1) * v - e2 * u
        square = (a * a + b * b) / (1 - e1**2 - e2**2) + SOFTENING**2
        power = ((0.5 * square.log() - source["log_R"]) / n).exp()
        k = k_sersic(n)
        return cls(source, u, v, a, b, square, k * power / n, torch.exp(k * (1 - power)))

    def gradient(self) -> tuple[Tensor, Tensor]:
        """Derivatives of the brightness along x and y in the source plane."""
        e1, e2 = self.source["e1"], self.source["e2"]
        inward = self._by_square()
        return inward * ((1 - e1) * self.a - e2 * self.b), inward * ((1 + e1) * self.b - e2 * self.a)

    def slopes(self, names: Sequence[str], by_x: Tensor, by_y: Tensor) -> list[Tensor]:
        """Derivatives with respect to parameters of the source; `by_x`, `by_y` are the gradient."""
        e1, e2 = self.source["e1"], self.source["e2"]
        slope = {
            "x": lambda: -by_x,
            "y": lambda: -by_y,
            "log_R": lambda: self.brightness * self.steepness,
            "e1": lambda: self._by_square() * (self.b * self.v - self.a * self.u + e1 * self.circular),
            "e2": lambda: self._by_square() * (e2 * self.circular - self.a * self.v - self.b * self.u),
            "n": self._by_n,
        }
        return [slope[name]() for name in names]

    @property
    def circular(self) -> Tensor:
        """Squared elliptical radius without the softening."""
        return self.square - SOFTENING**2

    def _by_square(self) -> Tensor:
        """Twice the derivative of the brightness with respect to `square`, over 1 - e^2."""
        rest = 1 - self.source["e1"] ** 2 - self.source["e2"] ** 2
        return -self.brightness * self.steepness / self.square / rest

    def _by_n(self) -> Tensor:
        n = self.source["n"]
        k, k_slope = jvp(k_sersic, (n,), (torch.ones_like(n),))[:2]
        power = self.steepness * n / k
        log_radius = 0.5 * self.square.log() - self.source["log_R"]
        return self.brightness * (k_slope * (1 - power) + k * power * log_radius / n**2)
