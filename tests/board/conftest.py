"""The models and results of the tests of `bench`, which a board is made of, and a catalogue that lists them."""

from pathlib import Path

import pytest

from zoo_core.board.leaderboard import Board
from zoo_core.board.tables import Row
from zoo_core.catalog.registry import merge, read_registry

from ..bench.conftest import bright as bright
from ..bench.conftest import finder as finder
from ..bench.conftest import folder_of_images as folder_of_images
from ..bench.conftest import stored as stored
from ..bench.conftest import tiny_model as tiny_model

MODEL = """
  {id}:
    plugin: zoo-any
    task: {task}
    bands: [VIS]
    preprocess: [{{op: frame, size: 33}}]
    pixel_scale: any
    weights: {{sha256: "{sha256}", size: 1}}
    heads: {{classes: [nonlens, lens]}}
    licence: MIT
    known_failures: []
    trained_on: [{{dataset: {trained_on}, domain: simulated}}]
"""
BENCHMARK = """
benchmarks:
  sky:
    dataset: finding_space
    plugin: zoo-core
    task: classification
    metrics: [auroc, tpr0]
    sha256: "{sha256}"
    truth_sha256: {truth}
    summary: Lenses on the sky
datasets:
  patch: {{plugin: zoo-core, task: classification, domain: simulated}}
"""


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, empty; child processes have the same."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def listed(tmp_path):
    """A catalogue that publishes the models given, with weights "111..." unless said otherwise."""

    def make(*models, images="2" * 64, truth_sha256="null", trained_on="elsewhere", **weights):
        facts = {"task": "classification", "trained_on": trained_on}
        entries = [MODEL.format(id=id, sha256=weights.get(id, "1") * 64, **facts) for id in models]
        path = tmp_path / "registry.yaml"
        path.write_text("schema: 2\nmodels:" + "".join(entries) + BENCHMARK.format(sha256=images, truth=truth_sha256))
        return merge([read_registry(path)])

    return make


def rows(board: Board, benchmark: str = "sky") -> dict[str, Row]:
    """The rows of the table of a benchmark, by model."""
    (table,) = [table for table in board.tables if table.benchmark == benchmark]
    return {row.model: row for row in table.rows}
