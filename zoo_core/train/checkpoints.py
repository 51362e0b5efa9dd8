"""Checkpoints of Lightning: when they are written, whole or not there, and one line for those that cannot be read."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.fabric.plugins.io import TorchCheckpointIO
from lightning.pytorch.callbacks import Checkpoint

from ..errors import TrainingError
from ..files import whole

__all__ = ["LastCheckpoint", "WholeCheckpoints"]


class LastCheckpoint(Checkpoint):
    """Keeps what a run goes on from: of a step that is validated, the state after its validation.

    Lightning's own writes it before, and a run that was killed in between would never know what the validation found.

    Arguments:
        path: of the file, which each checkpoint replaces.
        every: steps between two of them.
        validate_every: steps between two validations.
    """

    def __init__(self, path: Path, every: int, validate_every: int):
        self.path, self.every, self.validate_every = path, every, validate_every

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        """Save, if no validation follows."""
        if trainer.global_step % self.every == 0 and trainer.global_step % self.validate_every:
            trainer.save_checkpoint(self.path)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; a validation out of turn, as of a run whose time is up, is none that a run goes on from."""
        if trainer.global_step % self.validate_every == 0:
            trainer.save_checkpoint(self.path)


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that are whole or not there; Lightning's own are copied, and a run that is killed leaves a part."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write it beside its place, and put it there at the end.

        Raises:
            FileError: the operating system refuses.
        """
        with whole(Path(path)) as part:
            super().save_checkpoint(checkpoint, part, storage_options)

    def load_checkpoint(self, path: Any, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """What was saved.

        Raises:
            TrainingError: the file is damaged.
        """
        try:
            return super().load_checkpoint(path, *arguments, **keywords)
        except OSError:
            raise
        except Exception as error:  # torch promises none, and raises those of zip, of unpickling and its own
            reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
            raise TrainingError(
                f"{path}: the checkpoint cannot be read ({reason}); begin anew (--restart, resume=False)"
            ) from error
