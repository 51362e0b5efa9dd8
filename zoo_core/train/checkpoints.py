"""Checkpoints of Lightning: whole or not there, and with one line for those that cannot be read."""

from pathlib import Path
from typing import Any

from lightning.fabric.plugins.io import TorchCheckpointIO

from ..errors import TrainingError
from ..files import whole

__all__ = ["WholeCheckpoints"]


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
