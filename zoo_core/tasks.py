"""The tasks: what is asked of a network, and what its output means.

Nothing here imports torch or numpy when it is loaded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .errors import SpecError, UnknownNameError
from .predictions import (
    UNCALIBRATED,
    Anomaly,
    Calibration,
    Classification,
    Clustering,
    Columns,
    Heads,
    Prediction,
    Ranking,
    Regression,
    Restoration,
)
from .references import Lazy, lazy
from .scores import AnomalyScores, ClassScores, ClusterScores, ColumnScores, ParameterScores, Scores
from .symmetries import Symmetry, average, recognised

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from .metric import Metric

__all__ = [
    "UNCALIBRATED",
    "Anomaly",
    "Calibration",
    "Classification",
    "Clustering",
    "Columns",
    "Heads",
    "Prediction",
    "Ranking",
    "Regression",
    "Restoration",
    "Task",
    "task_named",
    "tasks",
]


class Task(ABC):
    """What is asked of a network, and how its output becomes a prediction.

    Attributes:
        name: what users type.
        trains_on: tasks of the data sets that it can be trained on and measured on.
        normal_only: trained on nothing but images of label 0, the normal ones; the others are what it shall find.
        maps_images: the output is an image that turns with the input.
        names_outputs: the outputs are named after what is true of the images, so that only data of the same heads can
            measure them; scores and clusters that are found without labels are not.
        gives_probabilities: the outputs are probabilities, which have a temperature and a prior.
        balances_classes: training may draw the images of every class equally often.
        trains_itself: no data set holds what the loss compares the output with, so that each architecture needs a
            training of its own, see `Architecture.train`.
        reported: names of what `report` gives that a recipe may name as its `monitor`, and whether higher is better.
        pictures: `pictures(model, dataset, rows, stem)` draws what the board shows of it besides the plots; returns the
            paths of the files. None: nothing.
        pipeline: name of the task on the Hugging Face Hub.
    """

    name: str
    trains_on: tuple[str, ...]
    normal_only: bool = False
    maps_images: bool = False
    names_outputs: bool = True
    gives_probabilities: bool = False
    balances_classes: bool = False
    trains_itself: bool = False
    reported: Mapping[str, bool] = {}
    pictures: Lazy | None = None
    pipeline: str = "image-feature-extraction"

    @property
    def is_calibrated(self) -> bool:
        """The outputs are logits of classes with labels, which validation images calibrate and committees average."""
        return self.gives_probabilities and self.names_outputs

    @abstractmethod
    def outputs(self, heads: Heads) -> int:
        """Number of outputs (or output channels) that a network needs for these heads."""

    @abstractmethod
    def prediction(
        self, output: Tensor | tuple[Tensor, ...], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Prediction:
        """The prediction that a network's output means."""

    @abstractmethod
    def loss(self, output: Tensor | tuple[Tensor, ...], target: Tensor, heads: Heads) -> Tensor:
        """Mean over the batch of what training minimises."""

    def target(self, images: Tensor, truth: Tensor) -> Tensor:
        """What the loss compares the output for these channels with; `truth` as `Dataset.targets` gives it."""
        return truth

    def first_output(self, targets: Callable[[], np.ndarray]) -> np.ndarray | None:
        """The output (outputs,) that a network should give before it has learned anything; None: any.

        Arguments:
            targets: `Dataset.targets` of the training images, called where they matter.
        """
        return None

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """What training tells of the validation images (N, outputs) besides the loss; what is not defined is left out.

        Arguments:
            output: of a network that returns one tensor.
            target: as `Dataset.targets` gives it.
            heads: of the network.
        """
        return {}

    def metrics(self, heads: Heads) -> list[Metric]:
        """What the core can measure on data of these heads; the metrics of plugins come on top."""
        return []

    def example(self, output: Tensor | tuple[Tensor, ...], heads: Heads) -> Tensor:
        """A truth as `Dataset.targets` gives it for images of this output; what `zoo check` computes the loss with."""
        import torch

        return torch.zeros_like(_first(output))

    def faults(self, output: Tensor | tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """What of the output for these channels (B, C, size, size) has not the shape that the task needs."""
        yield from _unlike(_first(output), (len(channels), self.outputs(heads)), self.name)

    @abstractmethod
    def empty_columns(self, heads: Heads) -> Columns:
        """The columns of `to_table`, of no images."""

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> Scores:
        """The stored columns, typed; what metrics are computed from.

        Arguments:
            columns: as `empty_columns` names them, (N,) each.
            heads: of the model.
            prior: fractions of the classes that its probabilities assume; a single one is that of the positives.
        """
        return ColumnScores(columns)

    def describe(self, heads: Heads) -> str:
        """What a network of these heads answers, in words."""
        return ", ".join(heads.classes or map(_with_unit, heads.parameters, heads.units))

    def ranking(self, heads: Heads) -> Ranking | None:
        """What ranks images, highest first; None: nothing does."""
        return None

    def symmetries(self, heads: Heads, declared: Sequence[Symmetry] = ()) -> tuple[Symmetry, ...]:
        """How the outputs change when an image is turned.

        Raises:
            SpecError: it is neither declared nor known from their names.
        """
        return ()

    def average(self, outputs: Sequence[Tensor], heads: Heads, symmetries: Sequence[Symmetry]) -> Tensor:
        """One output from those of the views of an image, in the order of the elements of D4, turned back."""
        return sum(outputs[1:], outputs[0]) / len(outputs)


class ClassificationTask(Task):
    """Lens finding, substructure class: logits (B, K), or (B, 1) for two classes."""

    name = "classification"
    trains_on = ("classification",)
    gives_probabilities = True
    balances_classes = True
    reported: Mapping[str, bool] = {"auroc": True}
    pipeline = "image-classification"

    def outputs(self, heads: Heads) -> int:
        """One logit for two classes, else one a class."""
        if len(heads.classes) < 2:
            raise SpecError(f"classification needs at least two classes, got {list(heads.classes)}")
        return 1 if len(heads.classes) == 2 else len(heads.classes)

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Classification:
        """Softmax (two classes: sigmoid) of the logits over the temperature."""
        import torch

        logits = output.float() / calibration.temperature
        if logits.shape[1] == 1:
            probabilities = torch.cat([torch.sigmoid(-logits), torch.sigmoid(logits)], dim=1)
        else:
            probabilities = torch.softmax(logits, dim=1)
        return Classification(probabilities, output, heads.classes)

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Cross entropy; `target` (B,) is the index of the class, or a probability of the positive one."""
        from torch.nn import functional as F

        if output.shape[1] == 1:
            return F.binary_cross_entropy_with_logits(output[:, 0], target.to(output.dtype))
        return F.cross_entropy(output, target.long())

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """Area under the ROC curve, accuracy; of two classes also the recall at 1 % false positives."""
        return lazy("zoo_core.train.metrics:of_classes")(output, target)

    def metrics(self, heads: Heads) -> list[Metric]:
        """Those of two classes, or of more."""
        if len(heads.classes) == 2:
            return lazy("zoo_core.bench.metrics.classification:binary_metrics")()
        return lazy("zoo_core.bench.metrics.multiclass:multiclass_metrics")(heads.classes)

    def example(self, output: Tensor, heads: Heads) -> Tensor:
        """Every class in turn."""
        import torch

        return torch.arange(len(output)) % len(heads.classes)

    def empty_columns(self, heads: Heads) -> Columns:
        """`p_<class>`."""
        shown = heads.classes[1:] if len(heads.classes) == 2 else heads.classes
        return {f"p_{name}": [] for name in shown}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ClassScores:
        """Of two classes only the probability of the positive one is stored."""
        import numpy as np

        stored = [columns[name] for name in self.empty_columns(heads)]
        probabilities = np.stack([1 - stored[0], *stored] if len(stored) == 1 else stored, axis=1)
        return ClassScores(probabilities, (1 - prior[0], prior[0]) if len(prior) == 1 else tuple(prior))

    def ranking(self, heads: Heads) -> Ranking:
        """The probability of the last class."""
        return Ranking(f"p_{heads.classes[-1]}", is_probability=True)


class RegressionTask(Task):
    """Lens parameters under a diagonal Gaussian likelihood: (B, 2 P), means then log variances."""

    name = "regression"
    trains_on = ("regression",)
    reported: Mapping[str, bool] = {"mae": False}

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
        return Regression(mean, aleatoric, aleatoric, epistemic, heads.parameters, heads.units)

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
        return lazy("zoo_core.train.metrics:of_parameters")(output, target, heads.parameters)

    def metrics(self, heads: Heads) -> list[Metric]:
        """Those of each parameter."""
        return lazy("zoo_core.bench.metrics.regression:regression_metrics")(heads.parameters)

    def example(self, output: Tensor, heads: Heads) -> Tensor:
        """Parameters from -1 to 1."""
        import torch

        return torch.linspace(-1, 1, len(output))[:, None].expand(len(output), len(heads.parameters))

    def empty_columns(self, heads: Heads) -> Columns:
        """`<parameter>`, `<parameter>_err`."""
        return {column: [] for name in heads.parameters for column in (name, f"{name}_err")}

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


class RestorationTask(Task):
    """Denoising, deblending, convergence maps: an image (B, C, H, W)."""

    name = "restoration"
    trains_on = ("restoration",)
    maps_images = True
    pipeline = "image-to-image"

    def outputs(self, heads: Heads) -> int:
        """One channel for each parameter (map)."""
        return max(1, len(heads.parameters))

    def prediction(self, output: Tensor, heads: Heads, calibration: Calibration = UNCALIBRATED) -> Restoration:
        """The image in the first unit."""
        return Restoration(output.float(), heads.units[0] if heads.units else "")

    def loss(self, output: Tensor, target: Tensor, heads: Heads) -> Tensor:
        """Mean absolute error (Vojtekova et al. 2021, MNRAS 503, 3204)."""
        return (output - target).abs().mean()

    def empty_columns(self, heads: Heads) -> Columns:
        """None."""
        return {}


class AnomalyTask(Task):
    """Strangeness without labels: a tuple (score (B,), reconstruction, latent)."""

    name = "anomaly"
    trains_on = ("anomaly", "classification")
    normal_only = True
    names_outputs = False
    pictures = lazy("zoo_core.board.pictures:draw_anomalies")

    def outputs(self, heads: Heads) -> int:
        """One score."""
        return 1

    def prediction(
        self, output: tuple[Tensor, Tensor, Tensor], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Anomaly:
        """The three as they are."""
        score, reconstruction, latent = output
        return Anomaly(score.float(), reconstruction.float(), latent.float())

    def loss(self, output: tuple[Tensor, Tensor, Tensor], target: Tensor, heads: Heads) -> Tensor:
        """Mean squared error of the reconstruction; `target` is the network's input."""
        return ((output[1] - target) ** 2).mean()

    def target(self, images: Tensor, truth: Tensor) -> Tensor:
        """The network's input."""
        return images

    def metrics(self, heads: Heads) -> list[Metric]:
        """Those of the score; of several kinds of anomalies also of each."""
        return lazy("zoo_core.bench.metrics.anomaly:anomaly_metrics")(heads.classes)

    def faults(self, output: tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """A score an image, and a reconstruction like the input."""
        yield from _unlike(output[0], (len(channels),), self.name)
        if output[1].shape != channels.shape:
            yield f"the reconstruction has shape {tuple(output[1].shape)}, what it is of {tuple(channels.shape)}"

    def empty_columns(self, heads: Heads) -> Columns:
        """`anomaly_score`."""
        return {"anomaly_score": []}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> AnomalyScores:
        """The one column."""
        return AnomalyScores(columns["anomaly_score"])

    def describe(self, heads: Heads) -> str:
        """The three outputs."""
        return "score (higher is stranger), reconstruction, latent"

    def ranking(self, heads: Heads) -> Ranking:
        """`anomaly_score`."""
        return Ranking("anomaly_score")

    def average(
        self, outputs: Sequence[tuple[Tensor, Tensor, Tensor]], heads: Heads, symmetries: Sequence[Symmetry]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The mean score; reconstruction and latent of the first view."""
        mean = sum((output[0] for output in outputs[1:]), outputs[0][0]) / len(outputs)
        return mean, outputs[0][1], outputs[0][2]


class ClusteringTask(Task):
    """Classes without labels: a tuple (logits (B, K), embedding (B, D))."""

    name = "clustering"
    trains_on = ("clustering", "classification")
    names_outputs = False
    gives_probabilities = True
    trains_itself = True
    pictures = lazy("zoo_core.board.pictures:draw_clusters")

    def outputs(self, heads: Heads) -> int:
        """One logit a cluster."""
        return len(heads.classes)

    def prediction(
        self, output: tuple[Tensor, Tensor], heads: Heads, calibration: Calibration = UNCALIBRATED
    ) -> Clustering:
        """Softmax of the logits over the temperature."""
        logits, embedding = output
        return Clustering((logits.float() / calibration.temperature).softmax(1), embedding.float())

    def loss(self, output: tuple[Tensor, Tensor], target: Tensor, heads: Heads) -> Tensor:
        """Cross entropy to given clusters."""
        from torch.nn import functional as F

        return F.cross_entropy(output[0], target.long())

    def metrics(self, heads: Heads) -> list[Metric]:
        """Those of clusters that classes are matched to."""
        return lazy("zoo_core.bench.metrics.clustering:clustering_metrics")()

    def example(self, output: tuple[Tensor, ...], heads: Heads) -> Tensor:
        """Every cluster in turn."""
        import torch

        return torch.arange(len(output[0])) % output[0].shape[1]

    def empty_columns(self, heads: Heads) -> Columns:
        """`cluster`, `p_0` ..."""
        return {"cluster": []} | {f"p_{k}": [] for k in range(len(heads.classes))}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> ClusterScores:
        """Number and probabilities of the clusters."""
        import numpy as np

        probabilities = [columns[f"p_{k}"] for k in range(len(heads.classes))]
        return ClusterScores(columns["cluster"], np.stack(probabilities, axis=1))

    def describe(self, heads: Heads) -> str:
        """The clusters, and that they were found without labels."""
        return f"clusters {super().describe(heads)}, found without labels, and an embedding"

    def ranking(self, heads: Heads) -> Ranking:
        """The probability of the last cluster."""
        return Ranking(f"p_{len(heads.classes) - 1}", is_probability=True)

    def average(
        self, outputs: Sequence[tuple[Tensor, Tensor]], heads: Heads, symmetries: Sequence[Symmetry]
    ) -> tuple[Tensor, Tensor]:
        """The mean logits; the embedding of the first view."""
        return super().average([output[0] for output in outputs], heads, symmetries), outputs[0][1]


def _first(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    return output[0] if isinstance(output, tuple) else output


def _unlike(output: Tensor, shape: tuple[int, ...], task: str) -> Iterator[str]:
    if tuple(output.shape[: len(shape)]) != shape:
        yield f"{shape[0]} images give shape {tuple(output.shape)}, {task} with these heads begins {shape}"


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


TASKS: Mapping[str, Task] = {
    task.name: task
    for task in (ClassificationTask(), RegressionTask(), RestorationTask(), AnomalyTask(), ClusteringTask())
}


def tasks() -> list[str]:
    """Names of all tasks."""
    return list(TASKS)


def task_named(name: str) -> Task:
    """The task of that name, or an error that names the nearest one."""
    if name not in TASKS:
        raise UnknownNameError.among("task", name, TASKS)
    return TASKS[name]
