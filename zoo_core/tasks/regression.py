"""Regression: the parameters of a lens, or of what is in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import SpecError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction
from ..scores import TRIED, ParameterScores, Trial, trial_ids
from ..symmetries import Symmetry, average, recognised
from .task import Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "Regression", "RegressionTask"]


@dataclass(frozen=True)
class Regression(Prediction):
    """Parameters of each image, with their uncertainty.

    Arguments:
        mean: (B, P), in `units`.
        covariance: (B, P, P), aleatoric plus epistemic.
        aleatoric: (B, P, P), expected covariance of the likelihood.
        epistemic: (B, P, P), covariance of the mean over posterior samples of the weights; zero for one network.
        samples: (S, B, P) draws of the predictive distribution, or None.
    """

    mean: Tensor
    covariance: Tensor
    aleatoric: Tensor
    epistemic: Tensor
    parameters: tuple[str, ...]
    units: tuple[str, ...]
    samples: Tensor | None = None

    def scaled(self, factors: Sequence[float]) -> Regression:
        """The same with each standard deviation multiplied by its factor s: C_jk becomes s_j s_k C_jk."""
        import torch

        s = torch.tensor(factors, dtype=self.mean.dtype, device=self.mean.device)
        return replace(
            self,
            covariance=self.covariance * s[:, None] * s,
            aleatoric=self.aleatoric * s[:, None] * s,
            epistemic=self.epistemic * s[:, None] * s,
            samples=None if self.samples is None else self.mean + (self.samples - self.mean) * s,
        )

    def to_table(self) -> Columns:
        """`<parameter>` and `<parameter>_err`, one standard deviation."""
        table: Columns = {}
        for k, name in enumerate(self.parameters):
            table[name] = self.mean[:, k].tolist()
            table[f"{name}_err"] = self.covariance[:, k, k].sqrt().tolist()
        return table


class RegressionTask(Task):
    """Lens parameters under a diagonal Gaussian likelihood: (B, 2 P), means then log variances."""

    name = "regression"
    trains_on = ("regression",)
    states_errors = True
    reported: Mapping[str, bool] = {"mae": False}
    example_heads = Heads(parameters=("theta_E", "q"), units=("arcsec", ""))

    def outputs(self, heads: Heads) -> int:
        """A mean and a log variance for each parameter."""
        if not heads.parameters or len(heads.parameters) != len(heads.units):
            raise SpecError(f"regression needs parameters with a unit each, got {heads.parameters} and {heads.units}")
        return 2 * len(heads.parameters)

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Regression:
        """The Gaussian of each image."""
        import torch

        mean, log_variance = output.float().chunk(2, dim=1)
        aleatoric = torch.diag_embed(log_variance.exp())
        epistemic = torch.zeros_like(aleatoric)
        stated = Regression(mean, aleatoric, aleatoric, epistemic, heads.parameters, heads.units)
        return stated.scaled(calibration.error_scales) if calibration.error_scales else stated

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Gaussian negative log likelihood, without its constant; `target` (B, P).

        Source: Perreault Levasseur, Hezaveh & Wechsler (2017), ApJL 850, L7.
        """
        mean, log_variance = output.chunk(2, dim=1)
        return (0.5 * ((target - mean) ** 2 * (-log_variance).exp() + log_variance)).sum(1).mean()

    def first_output(self, targets: Callable[[], np.ndarray]) -> np.ndarray:
        """Mean and log variance of the training images."""
        import numpy as np

        known = targets()
        return np.concatenate([known.mean(0), np.log(np.maximum(known.var(0), 1e-12))])

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """Mean absolute error, of each parameter and averaged over them."""
        error = (output[:, : len(heads.parameters)] - target).abs().mean(0)
        each = dict(zip((f"mae_{name}" for name in heads.parameters), error.tolist(), strict=True))
        return {"mae": float(error.mean()), **each}

    def metrics(self, heads: Heads) -> list[Metric]:
        """Those of each parameter."""
        from ..bench.metrics.regression import regression_metrics

        return regression_metrics(heads.parameters)

    def trial(self, heads: Heads, rng: np.random.Generator) -> Trial:
        """Parameters from 0.5 to 1.5, measured well, in the order of other images, far off, and coarsely."""
        import numpy as np

        true = {name: rng.uniform(0.5, 1.5, TRIED) for name in heads.parameters}
        error = {name: np.full(TRIED, 0.1) for name in true}

        def scores(measured: Callable[[np.ndarray], np.ndarray]) -> ParameterScores:
            return ParameterScores({name: measured(values) for name, values in true.items()}, error)

        return Trial(
            {"id": trial_ids(), **true},
            perfect=scores(lambda values: values + rng.normal(0, 1e-3, TRIED)),
            random=scores(rng.permutation),
            opposite=scores(lambda values: 5 * (2 - values)),
            tied=scores(lambda values: np.round(values, 1)),
        )

    def example(self, output: Tensor, heads: Heads) -> Tensor:
        """Parameters from -1 to 1."""
        import torch

        return torch.linspace(-1, 1, len(output))[:, None].expand(len(output), len(heads.parameters))

    def empty_columns(self, heads: Heads) -> Columns:
        """`<parameter>`, `<parameter>_err`."""
        return {column: [] for name in heads.parameters for column in (name, f"{name}_err")}

    def units(self, heads: Heads) -> dict[str, str]:
        """Those of the parameters, also of their errors."""
        pairs = zip(heads.parameters, heads.units, strict=True)
        return {column: unit for name, unit in pairs if unit for column in (name, f"{name}_err")}

    def symmetries(self, heads: Heads, declared: Sequence[Symmetry] = ()) -> tuple[Symmetry, ...]:
        """Those that are declared, or what the names of the parameters mean."""
        return tuple(declared) or recognised(heads.parameters, heads.units)

    def average(self, outputs: Sequence[Tensor], heads: Heads, symmetries: Sequence[Symmetry]) -> Tensor:
        """Means and log variances of the images as they were before they were turned."""
        return average(outputs, heads.parameters, symmetries)

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ParameterScores:
        """Means and standard deviations, by name."""
        means = {name: columns[name] for name in heads.parameters}
        return ParameterScores(means, {name: columns[f"{name}_err"] for name in heads.parameters})


TASK = RegressionTask()
