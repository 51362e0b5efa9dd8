"""What is asked of a network, and what its output means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, SpecError
from ..predictions import UNCALIBRATED, Calibration, Columns, Heads, Prediction, RankingColumn
from ..references import Lazy
from ..scores import ColumnScores, ImageTruth, KnownAnswers, Scores
from ..symmetries import Scalar, Symmetry, average_values, recognised

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ..metric import Metric

__all__ = ["Task", "unlike"]


class Task(ABC):
    """What is asked of a network, and how its output becomes a prediction.

    Attributes:
        name: what users type.
        trains_on: tasks of the data sets that it can be trained on and measured on.
        normal_only: trained on nothing but images of label 0, the normal ones; the others are what it shall find.
        maps_images: the output is an image that turns with the input.
        restores: that image shows the same sky in the unit of the telescope, so that other models can take it.
        names_outputs: the outputs are named after what is true of the images, so that only data of the same heads can
            measure them; scores and clusters that are found without labels are not.
        gives_probabilities: the outputs are probabilities, which have a temperature and a prior.
        states_errors: the prediction is a `Regression`, whose standard deviations validation images scale.
        balances_classes: training may draw the images of every class equally often.
        trains_itself: no data set holds what the loss compares the output with, so that each architecture needs a
            training of its own, see `Architecture.train`.
        reported: names of what `report` gives that a recipe may name as its `monitor`, and whether higher is better.
        written: columns with the paths of the files that `Prediction.write` leaves of what no table holds.
        beside: what the second of each pair of a gallery is, where files are written, in words after the first.
        pictures: `pictures(model, dataset, rows, stem)` draws what the board shows of it besides the plots; returns the
            paths of the files. None: nothing.
        pipeline: name of the task on the Hugging Face Hub.
        example_heads: heads such as its networks have. `zoo check` tries the metrics of a plugin with them that has no
            network of the task.
    """

    name: str
    trains_on: tuple[str, ...]
    normal_only: bool = False
    maps_images: bool = False
    restores: bool = False
    names_outputs: bool = True
    gives_probabilities: bool = False
    states_errors: bool = False
    balances_classes: bool = False
    trains_itself: bool = False
    reported: Mapping[str, bool] = {}
    written: tuple[str, ...] = ()
    beside: str = "before and after"
    pictures: Lazy | None = None
    pipeline: str = "image-feature-extraction"
    example_heads: Heads = Heads()

    @property
    def is_calibrated(self) -> bool:
        """The outputs are logits of classes with labels, which validation images calibrate."""
        return self.gives_probabilities and self.names_outputs

    @property
    def has_committees(self) -> bool:
        """Answers of several models are one answer: logits are averaged, Gaussians are a mixture."""
        return self.is_calibrated or self.states_errors

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

    def first_output(self, targets: Callable[[], np.ndarray], heads: Heads) -> np.ndarray | None:
        """The output (outputs,) that a network should give before it has learned anything; None: any.

        Arguments:
            targets: `Dataset.targets` of the training images, called where they matter.
            heads: of the network.
        """
        return None

    def report(self, output: Tensor, target: Tensor, heads: Heads) -> dict[str, float]:
        """What training reports of validation images (N, outputs) besides the loss; what is not defined is left out.

        Arguments:
            output: of a network that returns one tensor.
            target: as `Dataset.targets` gives it.
            heads: of the network.
        """
        return {}

    def metrics(self, heads: Heads) -> list[Metric]:
        """What the core can measure on data of these heads; the metrics of plugins come on top."""
        return []

    def known_answers(self, heads: Heads, rng: np.random.Generator) -> KnownAnswers | None:
        """Answers of known quality, on which `zoo check` tries the metrics of plugins; None: it does not try them."""
        return None

    def example(self, output: Tensor | tuple[Tensor, ...], heads: Heads) -> Tensor:
        """A truth as `Dataset.targets` gives it for images of this output; what `zoo check` computes the loss with."""
        import torch

        return torch.zeros_like(_first(output))

    def faults(self, output: Tensor | tuple[Tensor, ...], channels: Tensor, heads: Heads) -> Iterator[str]:
        """What of the output for these channels (B, C, size, size) has not the shape that the task needs."""
        yield from unlike(_first(output), (len(channels), self.outputs(heads)), self.name)

    @abstractmethod
    def empty_columns(self, heads: Heads) -> Columns:
        """The columns of `to_table`, of no images."""

    def units(self, heads: Heads) -> dict[str, str]:
        """Units of those columns of `to_table` that have one."""
        return {}

    def scores(self, columns: Mapping[str, np.ndarray], heads: Heads, prior: Sequence[float] = ()) -> Scores:
        """The stored columns, typed; what metrics are computed from.

        Arguments:
            columns: as `empty_columns` names them, (N,) each.
            heads: of the model.
            prior: fractions of the classes that its probabilities assume; a single one is that of the positives.
        """
        return ColumnScores(columns)

    def answers(self, prediction: Prediction, images: np.ndarray, truth: ImageTruth) -> Columns:
        """What is stored of the predictions for raw images (B, bands, H, W): what metrics are computed from.

        Arguments:
            truth: what the data set knows of the same images besides the columns of its truth.
        """
        return prediction.to_table()

    def describe(self, heads: Heads) -> str:
        """What a network of these heads answers, in words."""
        return heads.described

    def ranking(self, heads: Heads) -> RankingColumn | None:
        """What ranks images, highest first; None: nothing does."""
        return None

    def symmetries(self, heads: Heads, declared: Sequence[Symmetry] = ()) -> tuple[Symmetry, ...]:
        """How the outputs change when an image is turned: by default those that are `parameters` of the heads.

        Raises:
            SpecError: it is neither declared nor known from their names.
        """
        if self.maps_images or not heads.parameters:
            return ()
        return tuple(declared) or recognised(heads.parameters, heads.units)

    def output_of(self, prediction: Prediction, heads: Heads, calibration: Calibration) -> Tensor:
        """The output that means without a calibration what one with it has predicted; for tasks with committees."""
        raise NotImplementedError

    def pooled(self, outputs: Sequence[Tensor]) -> Tensor:
        """One output from those of the members of a committee, by default their mean."""
        import torch

        return torch.stack(list(outputs)).mean(0)

    def marginal(self, outputs: Sequence[Any], calibration: Calibration) -> Any:
        """The output that means the mean of what several mean, each for a sample of the same image.

        Arguments:
            outputs: of the network, of each sample.
            calibration: with which both are read.

        Raises:
            ArgumentError: the task knows none.
        """
        raise ArgumentError(f"{self.name}: what it says of samples of an image cannot be averaged")

    def average(self, outputs: Sequence[Tensor], heads: Heads, symmetries: Sequence[Symmetry]) -> Tensor:
        """One output from those of the views of an image, in the order of the elements of D4, turned back.

        By default their mean, of outputs (B, P) that are the `parameters` of the heads each turned back first.

        Raises:
            SpecError: the parameters change when an image is turned, and the outputs are not one of each.
        """
        if all(isinstance(symmetry, Scalar) for symmetry in symmetries):
            return sum(outputs[1:], outputs[0]) / len(outputs)
        if outputs[0].shape[1:] != (len(heads.parameters),):
            raise SpecError(
                f"{self.name}: outputs of shape {tuple(outputs[0].shape)} are not one of each of the "
                f"{len(heads.parameters)} parameters; `{type(self).__name__}.average` must turn views back"
            )
        return average_values(outputs, heads.parameters, symmetries)


def unlike(output: Tensor, shape: tuple[int, ...], task: str) -> Iterator[str]:
    """A sentence if the shape of the output does not begin with `shape`."""
    if tuple(output.shape[: len(shape)]) != shape:
        yield f"{shape[0]} images give shape {tuple(output.shape)}, {task} with these heads begins {shape}"


def _first(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    return output[0] if isinstance(output, tuple) else output
