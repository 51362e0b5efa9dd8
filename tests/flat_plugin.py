"""An installed plugin with two published models, as pip leaves it."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from zoo_core.catalog.checksum import sha256_of

from .catalog.distributions import install, registry_text

FLAT = """
from dataclasses import dataclass

import zoo_core as zoo


@dataclass
class Arguments:
    width: int = 3


def build(channels, outputs, size, width):
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size**2, width), nn.ReLU(), nn.Linear(width, outputs))


@zoo.hookimpl
def zoo_architectures():
    heads = zoo.Heads(classes=("other", "lens"))
    frame = ({"op": "frame", "size": 8},)
    return [zoo.Architecture("flat", "classification", build, ("VIS",), heads, frame, Arguments)]
"""


@pytest.fixture
def flat_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed plugin zoo-flat that publishes flat.space, the default, and flat.ground, both bundled."""
    torch_state = {
        "1.weight": torch.full((3, 64), 0.01),
        "1.bias": torch.zeros(3),
        "3.weight": torch.ones(1, 3),
        "3.bias": torch.zeros(1),
    }
    save_file(torch_state, tmp_path / "weights.safetensors")
    sha256, size = sha256_of(tmp_path / "weights.safetensors"), (tmp_path / "weights.safetensors").stat().st_size
    entry = {"plugin": "zoo-flat", "weights": f'{{sha256: "{sha256}", size: {size}}}'}
    registry = registry_text({"flat.space": entry | {"default": "true"}, "flat.ground": entry})
    package = install(tmp_path / "site", "flat", "zoo_flat", FLAT, registry)
    (package / "weights").mkdir()
    for tag in ("space", "ground"):
        (package / "weights" / f"flat.{tag}.safetensors").write_bytes((tmp_path / "weights.safetensors").read_bytes())
    monkeypatch.syspath_prepend(tmp_path / "site")
    return package
