"""The models and results of the tests of `bench`, which a board is made of."""

from pathlib import Path

import pytest

from ..bench.conftest import bright as bright
from ..bench.conftest import finder as finder
from ..bench.conftest import folder_of_images as folder_of_images
from ..bench.conftest import stored as stored
from ..bench.conftest import tiny_model as tiny_model


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty; child processes have the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"
