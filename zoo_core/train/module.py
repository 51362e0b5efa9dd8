"""A network in training, and what is kept of it."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn
from torch.optim import Optimizer

from ..tasks import Heads, Task
from .recipe import Recipe

__all__ = ["BestWeights", "TrainedNetwork"]


class TrainedNetwork(pl.LightningModule):
    """The network, its task's loss and its recipe's optimiser."""

    def __init__(self, network: nn.Module, task: Task, heads: Heads, recipe: Recipe):
        super().__init__()
        self.network, self.task, self.heads, self.recipe = network, task, heads, recipe
        self.outputs: list[Tensor] = []
        self.targets: list[Tensor] = []

    def training_step(self, batch: tuple[Tensor, Tensor], step: int) -> Tensor:
        """Loss of one batch."""
        images, targets = batch
        loss = self.task.loss(self.network(images.contiguous(memory_format=torch.channels_last)), targets, self.heads)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], step: int) -> None:
        """Keep the outputs; figures are of the whole set."""
        self.outputs.append(self.network(batch[0].contiguous(memory_format=torch.channels_last)).float())
        self.targets.append(batch[1])

    def configure_optimizers(self) -> Any:
        """AdamW under linear warm-up and cosine decay; no decay of biases and scales."""
        chosen = self.recipe.optimiser
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        free = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": chosen.weight_decay}, {"params": free, "weight_decay": 0.0}]
        optimiser: Optimizer = torch.optim.AdamW(
            groups, lr=chosen.lr, fused=chosen.clip == 0
        )  # Lightning can't clip a fused one
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _rate(self, step: int) -> float:
        warmup, total = self.recipe.optimiser.warmup_steps, max(self.recipe.steps, 1)
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + float(np.cos(np.pi * min(1.0, (step - warmup) / max(total - warmup, 1)))))


class BestWeights(pl.Callback):
    """Measures the network on the validation set and keeps the best as safetensors.

    It stands before weight averaging among the callbacks, so that what it measures and keeps is the average.

    Arguments:
        path: of the safetensors file.
        monitor: which figure decides.
        higher_is_better: for that figure.
    """

    def __init__(self, path: Path, monitor: str, higher_is_better: bool):
        self.path, self.monitor, self.sign = path, monitor, 1 if higher_is_better else -1
        self.best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run must know."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.best = state_dict["best"]

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Log the figures; save the weights if they are the best so far."""
        assert isinstance(pl_module, TrainedNetwork)
        outputs, targets = torch.cat(pl_module.outputs), torch.cat(pl_module.targets)
        pl_module.outputs.clear()
        pl_module.targets.clear()
        figures = _figures(outputs, targets, pl_module.task, pl_module.heads)
        pl_module.log_dict(figures, prog_bar=True)
        value = self.sign * figures[self.monitor]
        if self.best is None or value > self.best:
            self.best = value
            state = {name: tensor.contiguous() for name, tensor in pl_module.network.state_dict().items()}
            part = self.path.with_suffix(".part")
            save_file(state, part)
            part.replace(self.path)


def _figures(outputs: Tensor, targets: Tensor, task: Task, heads: Heads) -> dict[str, float]:
    """The loss, and for two classes the area under the ROC curve and the recall at 1 % false positives."""
    figures = {"val_loss": float(task.loss(outputs, targets, heads))}
    if task.name == "classification" and len(heads.classes) == 2:
        scores, labels = outputs[:, 0].cpu().numpy(), targets.cpu().numpy() > 0.5
        threshold = np.quantile(scores[~labels], 0.99)
        figures["val_auroc"] = float(roc_auc_score(labels, scores))
        figures["val_tpr_at_1e-2"] = float((scores[labels] > threshold).mean())
    return figures
