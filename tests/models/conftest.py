"""LASTRO with random weights, as an entry and as a folder."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from torch import Tensor

import zoo_core as zoo
from zoo_core.catalog.folder import write_folder
from zoo_core.catalog.specs import ModelSpec, WeightsSpec

from ..flat_plugin import flat_plugin as flat_plugin
from ..tiny_models import model as model
from ..tiny_models import tiny as tiny


@pytest.fixture(scope="session")
def lastro_spec(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelSpec, Path]:
    """An entry of LASTRO with random weights, and their file."""
    untrained = zoo.build("lastro")
    weights = tmp_path_factory.mktemp("weights") / "lastro.safetensors"
    state = {name: tensor.contiguous() for name, tensor in untrained.network.state_dict().items()}
    save_file(state, weights)
    spec = ModelSpec(
        id="lastro.test",
        architecture="lastro",
        plugin="zoo-lastro",
        task="classification",
        heads=untrained.heads,
        bands=untrained.bands,
        pixel_scale=0.1,
        preprocess=tuple(untrained.preprocess.declared()),
        weights=WeightsSpec("model.safetensors", "0" * 64, weights.stat().st_size),
        licence="MIT",
        known_failures=(),
    )
    return spec, weights


@pytest.fixture(scope="session")
def lastro_folder(lastro_spec: tuple[ModelSpec, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `zoo fetch` writes, of LASTRO with random weights."""
    return write_folder(tmp_path_factory.mktemp("models") / "lastro.test", *lastro_spec)


@pytest.fixture
def changed_folder(lastro_spec: tuple[ModelSpec, Path], tmp_path: Path) -> Callable[..., Path]:
    """Writes the folder of LASTRO with some keys of its entry changed, or with other weights."""

    def write(weights: dict[str, Tensor] | None = None, **changes: Any) -> Path:
        spec, file = lastro_spec
        if weights is not None:
            file = tmp_path / "changed.safetensors"
            save_file(weights, file)
        return write_folder(tmp_path / "changed", replace(spec, **changes), file)

    return write
