"""Regression: the parameters of a lens, or of what is in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..errors import SpecError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction
from ..references import lazy
from ..scores import KNOWN, KnownAnswers, ParameterScores, known_ids
from ..symmetries import Angle, Symmetry, average, average_gaussians, matrices
from .flows import Flow
from .likelihoods import likelihood_of
from .posterior import QUANTILES, Regression
from .task import Task, unlike

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["TASK", "RegressionTask"]


class RegressionTask(Task):
    """Lens parameters under a Gaussian likelihood: (B, O), see `likelihoods`; or (B, M, O) of a mixture."""

    name = "regression"
    trains_on = ("regression",)
    states_errors = True
    pictures = lazy("zoo_core.board.features:draw_features_of")
    reported: Mapping[str, bool] = {"mae": False}
    example_heads = Heads(parameters=("theta_E", "q"), units=("arcsec", ""))

    def outputs(self, heads: Heads) -> int:
        """A mean for each parameter, and what the covariance is made of."""
        if not heads.parameters or len(heads.parameters) != len(heads.units):
            raise SpecError(f"regression needs parameters with a unit each, got {heads.parameters} and {heads.units}")
        return likelihood_of(heads).outputs

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Regression:
        """The Gaussian of each image, the mixture, or the flow."""
        likelihood = likelihood_of(heads)
        stated = (Regression.of if output.ndim == 2 else Regression.of_mixture)(*likelihood.gaussian(output), heads)
        if not likelihood.is_gaussian:
            stated = replace(stated, flows=output if output.ndim == 3 else output[:, None])
        return stated.scaled(calibration.error_scales) if calibration.error_scales else stated

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Negative log likelihood, without its constant; `target` (B, P). Of a mixture -ln 1/M sum_m p_m."""
        likelihood = likelihood_of(heads)
        if output.ndim == 2:
            return likelihood.nll(output, target).mean()
        each = likelihood.nll(output, target[:, None])
        return -(-each.double()).logsumexp(1).mean().float() + math.log(each.shape[1])

    def first_output(self, targets: Callable[[], np.ndarray], heads: Heads) -> np.ndarray:
        """Mean and variances of the training images."""
        return likelihood_of(heads).first_output(targets())

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """Mean absolute error, of each parameter and averaged over them."""
        mean = likelihood_of(heads).mean(output)
        error = ((mean if mean.ndim == 2 else mean.mean(1)) - target).abs().mean(0)
        each = dict(zip((f"mae_{name}" for name in heads.parameters), error.tolist(), strict=True))
        return {"mae": float(error.mean()), **each}

    def metrics(self, heads: Heads) -> list[Metric]:
        """Metrics of each parameter, and of the posterior."""
        from ..bench.metrics.posteriors import posterior_metrics
        from ..bench.metrics.regression import regression_metrics

        return [*regression_metrics(heads.parameters), *posterior_metrics(heads.parameters)]

    def known_answers(self, heads: Heads, rng: np.random.Generator) -> KnownAnswers:
        """Parameters from 0.5 to 1.5, measured well, in the order of other images, far off, and coarsely."""
        import numpy as np

        true = {name: rng.uniform(0.5, 1.5, KNOWN) for name in heads.parameters}
        error = {name: np.full(KNOWN, 0.1) for name in true}

        def scores(measured: Callable[[np.ndarray], np.ndarray]) -> ParameterScores:
            return ParameterScores({name: measured(values) for name, values in true.items()}, error)

        return KnownAnswers(
            {"id": known_ids(), **true},
            perfect=scores(lambda values: values + rng.normal(0, 1e-3, KNOWN)),
            random=scores(rng.permutation),
            opposite=scores(lambda values: 5 * (2 - values)),
            tied=scores(lambda values: np.round(values, 1)),
        )

    def example(self, output: Tensor, heads: Heads) -> Tensor:
        """Parameters from -1 to 1."""
        import torch

        return torch.linspace(-1, 1, len(output))[:, None].expand(len(output), len(heads.parameters))

    def faults(self, output: Tensor | tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """See `Task.faults`; a mixture has an axis of its own."""
        if isinstance(output, tuple) or output.ndim != 3:
            yield from super().faults(output, channels, heads)
        else:
            yield from unlike(output, (len(channels), output.shape[1], self.outputs(heads)), self.name)

    def empty_columns(self, heads: Heads) -> Columns:
        """`<parameter>`, `<parameter>_err`, and of flows quantiles."""
        return {column: [] for name in heads.parameters for column in _columns(name, heads)}

    def units(self, heads: Heads) -> dict[str, str]:
        """Units of the parameters, also of their errors."""
        pairs = zip(heads.parameters, heads.units, strict=True)
        return {column: unit for name, unit in pairs if unit for column in _columns(name, heads)}

    def average(self, outputs: Sequence[Tensor], heads: Heads, symmetries: Sequence[Symmetry]) -> Tensor:
        """Gaussians of the images as they were before they were turned; each of a mixture is averaged by itself.

        Of flows the answer is the mixture of all.

        Raises:
            SpecError: a flow has a position angle, which is no multiple of what it was before the image was turned.
        """
        likelihood = likelihood_of(heads)
        if isinstance(likelihood, Flow):
            return _turned_back(likelihood, outputs, heads, symmetries)
        rows = [output.flatten(0, -2) for output in outputs]
        if heads.likelihood == "diagonal":
            together = average(rows, heads.parameters, symmetries)
        else:
            gaussians = [likelihood.gaussian(row) for row in rows]
            together = likelihood.output_of(*average_gaussians(gaussians, heads.parameters, symmetries))
        return together.unflatten(0, outputs[0].shape[:-1])

    def output_of(self, prediction: Prediction, heads: Heads, calibration: Calibration) -> Tensor:
        """Its Gaussians or flows (B, M, O), whose errors are scaled already."""
        likelihood, stated = likelihood_of(heads), cast(Regression, prediction)
        if stated.flows is not None and isinstance(likelihood, Flow):
            return likelihood.turned(stated.flows)
        return likelihood.output_of(*stated.components())

    def pooled(self, outputs: Sequence[Tensor]) -> Tensor:
        """The mixture of all Gaussians of the members."""
        import torch

        return torch.cat(list(outputs), 1)

    def marginal(self, outputs: Sequence[Tensor], calibration: Calibration) -> Tensor:
        """The mixture of the Gaussians of all samples; what they differ by is part of the epistemic covariance."""
        return self.pooled([output if output.ndim == 3 else output[:, None] for output in outputs])

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ParameterScores:
        """Means and standard deviations, by name; and quantiles, where columns have them."""
        means = {name: columns[name] for name in heads.parameters}
        errors = {name: columns[f"{name}_err"] for name in heads.parameters}
        if likelihood_of(heads).is_gaussian:
            return ParameterScores(means, errors)
        quantiles = {name: {x: columns[f"{name}_{word}"] for word, x in QUANTILES.items()} for name in heads.parameters}
        return ParameterScores(means, errors, quantiles)


def _columns(name: str, heads: Heads) -> list[str]:
    """Columns of a parameter."""
    words = () if likelihood_of(heads).is_gaussian else tuple(QUANTILES)
    return [name, f"{name}_err", *(f"{name}_{word}" for word in words)]


def _turned_back(flow: Flow, outputs: Sequence[Tensor], heads: Heads, symmetries: Sequence[Symmetry]) -> Tensor:
    """Rows (B, M, O) of all views of an image, as densities of its parameters before it was turned."""
    import torch

    if angles := [symmetry.name for symmetry in symmetries if isinstance(symmetry, Angle)]:
        raise SpecError(
            f"flows of the angle {angles[0]} cannot be averaged over views; state e1 and e2, or take 1 view"
        )
    back = matrices(heads.parameters, symmetries)
    rows = [output if output.ndim == 3 else output[:, None] for output in outputs]
    return torch.cat([flow.turned(row, R) for row, R in zip(rows, back, strict=True)], 1)


TASK = RegressionTask()
