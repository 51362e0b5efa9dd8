"""A checkpoint is whole, or not there, or refused in one line."""

import pytest
import torch

from zoo_core.errors import FileError, TrainingError
from zoo_core.train.checkpoints import WholeCheckpoints

from ..test_files import files_of_at_most

HELD = {"step": 3, "weights": torch.arange(1000.0)}


@pytest.mark.parametrize("damage", [lambda stored: b"", lambda stored: stored[:2000], lambda stored: b"junk" * 99])
def test_one_that_cannot_be_read_says_how_to_begin_anew(tmp_path, damage):
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint(HELD, path)
    assert torch.equal(WholeCheckpoints().load_checkpoint(path, weights_only=True)["weights"], HELD["weights"])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match=r"last\.ckpt: the checkpoint cannot be read .*--restart"):
        WholeCheckpoints().load_checkpoint(path, weights_only=True)


def test_one_that_cannot_be_written_leaves_the_one_before(tmp_path):
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"step": 1}, path)
    with pytest.raises(FileError, match=f"^{path}: file too large"), files_of_at_most(100):
        WholeCheckpoints().save_checkpoint(HELD, path)
    assert WholeCheckpoints().load_checkpoint(path, weights_only=True) == {"step": 1}
    assert [*tmp_path.iterdir()] == [path]
