"""A network in training, and what is kept of it."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from ..errors import TrainingError
from ..files import whole
from ..metric import Metric
from ..models.model import Model
from ..scores import Truth
from ..tasks import Columns
from .metrics import LOSS, Monitor, measured
from .recipe import Recipe

__all__ = ["BestWeights", "TrainedNetwork", "TrainingModule"]

log = logging.getLogger("zoo")

SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "cosine": lambda done: 0.5 * (1 + float(np.cos(np.pi * done))),
    "constant": lambda done: 1.0,
    "thirds": lambda done: 0.1 ** min(2, int(3 * done + 1e-9)),  # a third of the steps is not always a whole number
}
"""Factor of the learning rate by the share of the steps that are done after the warm-up."""


class TrainingModule(pl.LightningModule):
    """A network under its recipe's optimiser, with metrics of the validation images.

    Arguments:
        network: in training.
        recipe: its optimiser and steps.
        rates: factor of the learning rate of each parameter, see `layers.rates`.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, rates: Mapping[str, float]):
        super().__init__()
        self.network, self.recipe, self.rates = network, recipe, rates

    @abstractmethod
    def metrics(self) -> dict[str, float]:
        """`val_<name>` of each metric, of the validation pass that just ended."""

    def configure_optimizers(self) -> Any:
        """The recipe's optimiser; AdamW limits the size of neither biases nor scales."""
        chosen = self.recipe.optimiser
        groups = [
            {"params": parameters, "lr": chosen.lr * rate, "weight_decay": chosen.weight_decay if decayed else 0.0}
            for (rate, decayed), parameters in sorted(self._groups().items(), reverse=True)
        ]
        algorithm = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[chosen.algorithm]
        optimiser: Optimizer = algorithm(groups, lr=chosen.lr, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient; Lightning does not where the optimiser is fused."""
        if self.recipe.optimiser.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optimiser.clip)

    def _groups(self) -> dict[tuple[float, bool], list[nn.Parameter]]:
        """Parameters by the factor of their rate and whether their size is limited."""
        groups: dict[tuple[float, bool], list[nn.Parameter]] = {}
        for name, parameter in self.network.named_parameters():
            if parameter.requires_grad:
                decayed = parameter.ndim > 1 or self.recipe.optimiser.algorithm == "adam"
                groups.setdefault((self.rates[name], decayed), []).append(parameter)
        return groups

    def _rate(self, step: int) -> float:
        warmup, total = self.recipe.optimiser.warmup_steps, max(self.recipe.steps, 1)
        if step < warmup:
            return (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(total - warmup, 1))
        return SCHEDULES[self.recipe.optimiser.schedule](done)


class TrainedNetwork(TrainingModule):
    """The network of a model and the loss of its task.

    Arguments:
        model: in training.
        recipe, rates: as of `TrainingModule`.
        monitor: what decides which weights are kept.
        truth: columns of the truth of the validation images, for the monitor's metric.
    """

    def __init__(self, model: Model, recipe: Recipe, rates: Mapping[str, float], monitor: Monitor, truth: Truth):
        super().__init__(model.network, recipe, rates)
        self.task, self.heads, self.monitor, self.truth = model.task, model.heads, monitor, truth
        self.outputs: list[Tensor] = []
        self.targets: list[Tensor] = []
        self.losses: list[float] = []
        self.columns: list[Columns] = []

    def training_step(self, batch: tuple[Tensor, Tensor], step: int) -> Tensor:
        """Loss of one batch."""
        images, truth = batch
        output = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = self.task.loss(output, self.task.target(images, truth), self.heads)
        self.log("train_loss", loss.detach(), prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], step: int) -> None:
        """Keep the outputs, as metrics are of the whole set; of outputs that are images, only the loss."""
        images, truth = batch
        output = self.network(images.contiguous(memory_format=torch.channels_last))
        if self.monitor.metric is not None:
            self.columns.append(self.task.prediction(output, self.heads).to_table())
        if isinstance(output, tuple):
            loss = float(self.task.loss(output, self.task.target(images, truth), self.heads))
            self.losses += [loss] * len(images)
        else:
            self.outputs.append(output.float())
            self.targets.append(truth)

    def metrics(self) -> dict[str, float]:
        """The loss, what is usual for the task, and the monitor's metric."""
        if self.losses:
            found = {"val_loss": float(np.mean(self.losses))}
        else:
            found = measured(torch.cat(self.outputs), torch.cat(self.targets), self.task, self.heads)
        if self.monitor.metric is not None:
            found[self.monitor.key] = self._of_predictions(self.monitor.metric)
        for kept in (self.outputs, self.targets, self.losses, self.columns):
            kept.clear()
        return found

    def _of_predictions(self, metric: Metric) -> float:
        """The metric of all validation images; NaN if a prediction is not finite."""
        names = self.task.empty_columns(self.heads)
        columns = {name: np.array([value for part in self.columns for value in part[name]]) for name in names}
        if not all(np.isfinite(column).all() for column in columns.values()):
            return float("nan")
        return metric.value(self.task.scores(columns, self.heads), self.truth)


class BestWeights(pl.Callback):
    """Measures the network on the validation set and keeps the best as safetensors.

    It stands before weight averaging among the callbacks, so that what it measures and keeps is the average.

    Arguments:
        path: of the safetensors file.
        monitor: which metric decides.
    """

    def __init__(self, path: Path, monitor: Monitor):
        self.path, self.monitor = path, monitor
        self.best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best = state_dict["best"]

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log the metrics; save the weights if they are the best so far.

        Raises:
            TrainingError: what decides is not finite, and there are no weights from before, so that the run has ended.
        """
        assert isinstance(pl_module, TrainingModule)
        metrics = pl_module.metrics()
        pl_module.log_dict(metrics, prog_bar=True)
        line = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        log.info("step %d: %s", trainer.global_step, line)
        value = metrics[self.monitor.key] * (1 if self.monitor.higher_is_better else -1)
        if not np.isfinite(value):
            self._end(trainer.global_step, metrics)
        elif self.best is None or value > self.best:
            self.best = value
            state = {name: tensor.contiguous() for name, tensor in pl_module.network.state_dict().items()}
            with whole(self.path) as part:
                part.write_bytes(save(state))  # save_file has an error of its own for a full disk

    def _end(self, step: int, metrics: Mapping[str, float]) -> None:
        """Say what stops the run: Lightning does so at a monitor that is not finite, without a word."""
        fault, loss = f"step {step}: {self.monitor.name} is not finite", metrics.get(LOSS.key, np.nan)
        if self.best is not None:
            log.warning("%s; training ends here, and the weights that were best before are kept", fault)
        elif np.isfinite(loss):
            raise TrainingError(
                f"{fault}, while the loss is {loss:.4g}: predictions are no numbers yet, or it is not defined for the "
                "validation images; write `monitor: loss`, or validate later (validate_every)"
            )
        else:
            raise TrainingError(f"{fault}; lower lr, or look for truths that are no numbers")
