"""What a regression states of its images: the posteriors of their parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from ..errors import ArgumentError
from ..fit.mass_model import MassModel
from ..predictions import Columns, Heads, Prediction
from .flows import Flow, even_points

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["QUANTILES", "Regression", "with_error"]

DECIMALS = 4  # of a value without error
QUANTILES = {"q02": -2.0, "q16": -1.0, "q50": 0.0, "q84": 1.0, "q98": 2.0}
"""Columns of posteriors that are no Gaussians: quantiles Phi(x), by the x of a Gaussian's standard deviations."""


@dataclass(frozen=True)
class Regression(Prediction):
    """Parameters of each image, with their uncertainty: a Gaussian, or a mixture of M Gaussians that weigh the same.

    A mixture is what several networks state, or one with several masks of dropout: samples of the posterior of the
    weights. Instead of Gaussians there may be flows, see `flows.Flow`. Its covariance is that of the law of total
    variance,

        C = 1/M sum_m C_m + 1/M sum_m (mu_m - mu) (mu_m - mu)^T,    mu = 1/M sum_m mu_m

    Arguments:
        mean: (B, P), in `units`.
        covariance: (B, P, P), aleatoric plus epistemic.
        aleatoric: (B, P, P), expected covariance of the likelihood.
        epistemic: (B, P, P), covariance of the mean over posterior samples of the weights; zero for one network.
        means: (B, M, P) of the Gaussians of a mixture, or None.
        covariances: (B, M, P, P) of these, or None.
        flows: (B, M, O) rows of `flows.Flow`, where posteriors are no Gaussians, or None.

    Example:
        >>> import torch
        >>> from zoo_core.tasks import Heads, task_named
        >>> heads = Heads(parameters=("theta_E",), units=("arcsec",))
        >>> two = torch.tensor([[[1.0, -4.0], [1.2, -4.0]]])  # of one image; a mean and a log variance each
        >>> posterior = task_named("regression").prediction(two, heads)
        >>> round(float(posterior.mean), 3), round(float(posterior.aleatoric), 3), round(float(posterior.epistemic), 3)
        (1.1, 0.018, 0.01)
        >>> posterior.samples(1000).shape
        torch.Size([1000, 1, 1])
    """

    mean: Tensor
    covariance: Tensor
    aleatoric: Tensor
    epistemic: Tensor
    parameters: tuple[str, ...]
    units: tuple[str, ...]
    means: Tensor | None = None
    covariances: Tensor | None = None
    flows: Tensor | None = None

    @classmethod
    def of(cls, mean: Tensor, covariance: Tensor, heads: Heads) -> Regression:
        """One Gaussian an image; (B, P) and (B, P, P)."""
        return cls(mean, covariance, covariance, covariance.new_zeros(covariance.shape), *_names(heads))

    @classmethod
    def of_mixture(cls, means: Tensor, covariances: Tensor, heads: Heads) -> Regression:
        """M Gaussians an image; (B, M, P) and (B, M, P, P)."""
        mean, aleatoric = means.mean(1), covariances.mean(1)
        apart = means - mean[:, None]
        epistemic = apart.mT @ apart / means.shape[1]
        return cls(mean, aleatoric + epistemic, aleatoric, epistemic, *_names(heads), means, covariances)

    def samples(self, n: int, generator: Generator | int = 0) -> Tensor:
        """Draws (n, B, P) of the posterior.

        Arguments:
            n: draws of each image.
            generator: of random numbers, on the CPU, or its seed.
        """
        import torch

        rng = torch.Generator().manual_seed(generator) if isinstance(generator, int) else generator
        if self.flows is not None:
            return self._draws(self.flows, n, rng)
        means, covariances = self.components()
        images, chosen = len(self.mean), torch.randint(means.shape[1], (n, len(self.mean)), generator=rng)
        normal = torch.randn(n, images, means.shape[2], 1, generator=rng, dtype=torch.float64)
        rows = torch.arange(images)
        draws = (_roots(covariances.cpu().double())[rows, chosen] @ normal)[..., 0]
        return (means.cpu().double()[rows, chosen] + draws).to(self.mean)

    def _draws(self, flows: Tensor, n: int, rng: Generator) -> Tensor:
        """Draws (n, B, P) of mixtures of flows (B, M, O)."""
        import torch

        images, members = flows.shape[:2]
        chosen = torch.randint(members, (n, images), generator=rng).to(flows.device)
        normal = torch.randn(n, images, len(self.parameters), generator=rng).to(flows.device)
        draws = torch.zeros_like(normal)
        for member in range(members):
            values = self._flow.values(flows[:, member], normal)
            draws = torch.where((chosen == member)[..., None], values, draws)
        return draws.to(self.mean)

    def quantiles(self, probabilities: Sequence[float]) -> Tensor:
        """Quantiles (Q, B, P) of each parameter alone.

        Example:
            >>> import torch
            >>> from zoo_core.tasks import Heads, Regression
            >>> heads = Heads(parameters=("theta_E",), units=("arcsec",))
            >>> one = Regression.of(torch.tensor([[1.0]]), torch.tensor([[[0.04]]]), heads)
            >>> [round(value, 2) for value in one.quantiles([0.1587, 0.5, 0.8413]).flatten().tolist()]
            [0.8, 1.0, 1.2]
        """
        import torch

        wanted = torch.tensor(probabilities, dtype=self.mean.dtype, device=self.mean.device)
        if self.flows is None and self.means is None:
            sigma = self.covariance.diagonal(dim1=1, dim2=2).sqrt()
            return self.mean + torch.special.ndtri(wanted)[:, None, None] * sigma
        return self.points().quantile(wanted, dim=0)

    def points(self) -> Tensor:
        """Points (N, B, P) that follow the posteriors evenly, the same for equal ones."""
        if self.flows is not None:
            points = self._flow.points(self.flows)
        else:
            means, covariances = self.components()
            z = even_points(len(self.parameters)).to(means)[:, None, None, :, None]
            points = means + (_roots(covariances) @ z)[..., 0]
        return points.transpose(1, 2).flatten(0, 1)

    @property
    def _flow(self) -> Flow:
        return Flow(len(self.parameters))

    def scaled(self, factors: Sequence[float]) -> Regression:
        """The prediction with each standard deviation multiplied by its factor s: C_jk becomes s_j s_k C_jk."""
        import torch

        s = torch.tensor(factors, dtype=self.mean.dtype, device=self.mean.device)
        squares = s[:, None] * s
        means, covariances = self.means, self.covariances
        return replace(
            self,
            covariance=self.covariance * squares,
            aleatoric=self.aleatoric * squares,
            epistemic=self.epistemic * squares,
            means=None if means is None else self.mean[:, None] + (means - self.mean[:, None]) * s,
            covariances=None if covariances is None else covariances * squares,
            flows=None if self.flows is None else self._flow.stretched(self.flows, s, self.mean[:, None]),
        )

    def at(self, image: int) -> Regression:
        """That of one image of the batch."""
        from torch import is_tensor

        rows = slice(image, image + 1)
        return replace(self, **{name: value[rows] for name, value in vars(self).items() if is_tensor(value)})

    def mass_models(self) -> list[MassModel]:
        """The lens of each image, as its means have it; what is not measured is 0, and the lens isothermal.

        Raises:
            ArgumentError: the parameters are not those of a lens.
        """
        known = [field.name for field in fields(MassModel)]
        if "theta_E" not in self.parameters:
            raise ArgumentError(f"{', '.join(self.parameters)} are not the parameters of a lens: theta_E is missing")
        names = ["slope" if name == "lens_slope" else name for name in self.parameters]
        rows = [dict(zip(names, row, strict=True)) for row in self.mean.tolist()]
        return [MassModel(**{name: row[name] for name in known if name in row}) for row in rows]

    def to_lenstronomy(self) -> list[list[dict[str, float]]]:
        """`kwargs_lens` of each image for the lens models EPL and SHEAR; errors as of `mass_models`."""
        return [lens.to_lenstronomy() for lens in self.mass_models()]

    def source_positions(self) -> Tensor:
        """Place (B, 2) of each source, arcsec, as lenstronomy's `center_x` and `center_y` of its light.

        Truth and parameters have it relative to the lens: beta = (lens_x + source_x, lens_y + source_y).

        Raises:
            ArgumentError: the parameters do not say it.
        """
        import torch

        needed = ("lens_x", "lens_y", "source_x", "source_y")
        if missing := [name for name in needed if name not in self.parameters]:
            raise ArgumentError(f"{', '.join(self.parameters)} do not say where the source is: {missing[0]} is missing")
        lens_x, lens_y, x, y = (self.mean[:, self.parameters.index(name)] for name in needed)
        return torch.stack([lens_x + x, lens_y + y], 1)

    def to_table(self) -> Columns:
        """`<parameter>`, `<parameter>_err`, one standard deviation, and of flows quantiles, as of QUANTILES."""
        table: Columns = {}
        shape = {} if self.flows is None else dict(zip(QUANTILES, self.quantiles(_probabilities()), strict=True))
        for k, name in enumerate(self.parameters):
            table[name] = self.mean[:, k].tolist()
            table[f"{name}_err"] = self.covariance[:, k, k].sqrt().tolist()
            table |= {f"{name}_{word}": quantile[:, k].tolist() for word, quantile in shape.items()}
        return table

    def components(self) -> tuple[Tensor, Tensor]:
        """Means (B, M, P) and covariances (B, M, P, P) of the Gaussians; M is 1 for a single one."""
        if self.means is None or self.covariances is None:
            return self.mean[:, None], self.covariance[:, None]
        return self.means, self.covariances


def with_error(value: float, error: float) -> str:
    """Both with two digits of the error.

    Example:
        >>> from zoo_core.tasks.posterior import with_error
        >>> with_error(1.38172, 0.0213), with_error(-21.7, 0.344)
        ('1.382 +- 0.021', '-21.70 +- 0.34')
    """
    decimals = max(0, 1 - math.floor(math.log10(error))) if 0 < error < math.inf else DECIMALS
    return f"{value:.{decimals}f} +- {error:.{decimals}f}"


def _probabilities() -> list[float]:
    """Phi(x) of QUANTILES."""
    return [(1 + math.erf(x / math.sqrt(2))) / 2 for x in QUANTILES.values()]


def _names(heads: Heads) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return heads.parameters, heads.units


def _roots(covariances: Tensor) -> Tensor:
    """Matrices A with A A^T = C; C may have lost a rank by rounding, for which a Cholesky factor does not exist."""
    import torch

    variances, axes = torch.linalg.eigh(covariances)
    return axes * variances.clamp(min=0).sqrt()[..., None, :]
