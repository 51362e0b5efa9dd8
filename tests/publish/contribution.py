"""A plugin of `zoo new`, trained for two steps on images of its own and measured on a small benchmark."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.catalog import registry
from zoo_core.testing.scaffold import new
from zoo_core.train.fit import train

from ..small_registry import write_small_registry

STATEMENTS = """
publish:
  licence: BSD-3-Clause
  paper: "@misc{Stranger2026, author = {Stranger, A.}, title = {MyNet}, year = {2026}}"
  training_data: 24 images of finding_space, for two steps
  known_failures: [nearly everything]
"""


@dataclass(frozen=True)
class Contribution:
    """What an author has before anything is proposed.

    Arguments:
        plugin: its source folder, installed.
        model: the folder that `zoo train` wrote.
        results: of one benchmark.
        registry: of the core, in which that benchmark is small.
    """

    plugin: Path
    model: Path
    results: Path
    registry: Path


def write_recipe(path: Path, statements: str = STATEMENTS) -> None:
    """The recipe of `zoo new`, of a few images and two steps, and what is stated of the weights."""
    text = path.read_text().replace("n: 20000", "n: 24").replace("n: 2000,", "n: 24,")
    text = text.replace("steps: 20000", "steps: 2").replace("validate_every: 1000", "validate_every: 2")
    path.write_text(text.replace("publish: {views: 8}\n", "") + statements)


def install_source(source: Path, site: Path) -> None:
    """Metadata of the plugin in `site`, as an editable installation leaves it."""
    name = source.name
    info = site / f"zoo_{name}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo]\n{name} = zoo_{name}\n")


def contributed(folder: Path, patch: pytest.MonkeyPatch) -> Contribution:
    """Make all of it in a folder; the patch undoes what this process knows of it."""
    small = write_small_registry(folder / "registry.yaml")
    patch.setattr(registry, "core_registry", lambda: small)
    patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    plugin = new("mynet", folder / "mynet")
    install_source(plugin, folder / "site")
    patch.syspath_prepend(folder / "site")
    patch.syspath_prepend(plugin)
    write_recipe(plugin / "recipes" / "first.yaml")
    model = train(plugin / "recipes" / "first.yaml", folder / "run", device="cpu", progress=False)
    (result,) = zoo.benchmark([str(model)], on="finding_space", results=folder / "results", device="cpu")
    assert result.status == "ok", result.message
    return Contribution(plugin, model, folder / "results", small)


def forget() -> None:
    """Unload the modules of the plugin."""
    for module in [name for name in sys.modules if name.split(".")[0] == "zoo_mynet"]:
        del sys.modules[module]
