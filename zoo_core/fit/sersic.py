"""A Sersic profile at points of the source plane, and its derivatives, which share its exponential."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from caustics.light.func import k_sersic
from torch import Tensor

__all__ = ["SOFTENING", "Sersic"]

SOFTENING = 0.2  # pixels: what is finer than a pixel does not reach the image


@dataclass(frozen=True)
class Sersic:
    """Brightness exp(-k ((r / R)^(1/n) - 1), over that at the half-light radius R.

    The elliptical radius r has r^2 = (a^2 + b^2) / (1 - e1^2 - e2^2) + softening^2, with
    a = (1 - e1) u - e2 v and b = (1 + e1) v - e2 u where (u, v) is the position relative to the source: on its axes
    r^2 = q u^2 + v^2 / q. The constant k(n) is the series of Ciotti & Bertin (1999).

    Arguments:
        source: x, y, log_R, e1, e2 and n, (B, 1, 1) each.
        u, v: position relative to the source.
        a, b: the same where its isophotes are circles.
        square: r^2.
        steepness: -d log brightness / d log r = k / n (r / R)^(1/n).
        brightness: of unit value at R.
        softening: length, within which there is no cusp.

    Source: Sersic (1963), Boletin de la Asociacion Argentina de Astronomia 6, 41; Ciotti & Bertin (1999), A&A 352, 447.
    """

    source: Mapping[str, Tensor]
    u: Tensor
    v: Tensor
    a: Tensor
    b: Tensor
    square: Tensor
    steepness: Tensor
    brightness: Tensor
    softening: Tensor | float

    @classmethod
    def at(cls, source: Mapping[str, Tensor], x: Tensor, y: Tensor, softening: Tensor | float = SOFTENING) -> "Sersic":
        """The profile at points (B, H, W) each."""
        e1, e2, n = source["e1"], source["e2"], source["n"]
        u, v = x - source["x"], y - source["y"]
        a, b = (1 - e1) * u - e2 * v, (1 + e1) * v - e2 * u
        square = (a * a + b * b) / (1 - e1**2 - e2**2) + softening**2
        power = ((0.5 * square.log() - source["log_R"]) / n).exp()
        k = k_sersic(n)
        return cls(source, u, v, a, b, square, k * power / n, torch.exp(k * (1 - power)), softening)

    def gradient(self) -> tuple[Tensor, Tensor]:
        """Derivatives of the brightness along x and y in the source plane."""
        e1, e2 = self.source["e1"], self.source["e2"]
        inward = self._by_square()
        return inward * ((1 - e1) * self.a - e2 * self.b), inward * ((1 + e1) * self.b - e2 * self.a)

    def slopes(self, names: Sequence[str], gradient: tuple[Tensor, Tensor]) -> list[Tensor]:
        """Derivatives of the brightness with respect to parameters of the source.

        Arguments:
            names: of the parameters.
            gradient: of the profile, which the caller has.
        """
        e1, e2 = self.source["e1"], self.source["e2"]
        slope: Mapping[str, Callable[[], Tensor]] = {
            "x": lambda: -gradient[0],
            "y": lambda: -gradient[1],
            "log_R": lambda: self.brightness * self.steepness,
            "e1": lambda: self._by_square() * (self.b * self.v - self.a * self.u + e1 * self._circular),
            "e2": lambda: self._by_square() * (e2 * self._circular - self.a * self.v - self.b * self.u),
            "n": self._by_n,
        }
        return [slope[name]() for name in names]

    @property
    def _circular(self) -> Tensor:
        """Squared elliptical radius without the softening."""
        return self.square - self.softening**2

    def _by_square(self) -> Tensor:
        """Twice the derivative of the brightness with respect to `square`, over 1 - e^2."""
        rest = 1 - self.source["e1"] ** 2 - self.source["e2"] ** 2
        return -self.brightness * self.steepness / self.square / rest

    def _by_n(self) -> Tensor:
        n = self.source["n"]
        power = self.steepness * n / k_sersic(n)
        log_radius = 0.5 * self.square.log() - self.source["log_R"]
        return self.brightness * (_k_slope(n) * (1 - power) + k_sersic(n) * power * log_radius / n**2)


def _k_slope(n: Tensor) -> Tensor:
    """Derivative of k, term by term: k = 2 n - 1/3 + 4 / (405 n) + 46 / (25515 n^2) + ...."""
    series = (4 / 405, 46 / 25515, 131 / 1148175, -2194697 / 30690717750)
    return 2 - sum((power * term * n ** -(power + 1) for power, term in enumerate(series, 1)), torch.zeros_like(n))
