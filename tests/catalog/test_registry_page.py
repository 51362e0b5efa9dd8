import re
from dataclasses import fields
from pathlib import Path

from zoo_core.catalog.registry import read_registry
from zoo_core.catalog.specs import BenchmarkSpec, DatasetSpec, ModelSpec, TrainedOn, WeightsSpec
from zoo_core.tasks import Calibration, Heads

PAGE = Path(__file__).parents[2] / "docs" / "registry.md"


def test_the_example_of_the_page_is_a_registry(tmp_path):
    path = tmp_path / "registry.yaml"
    path.write_text(re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
    listed = read_registry(path)
    assert list(listed.models) == ["ringnet.first"]
    assert list(listed.datasets) == list(listed.benchmarks) == ["ringnet_stamps"]


def test_the_page_names_every_key():
    specs = (ModelSpec, Heads, Calibration, TrainedOn, WeightsSpec, DatasetSpec, BenchmarkSpec)
    keys = {field.name for spec in specs for field in fields(spec)} - {"id", "name", "heads", "source"}
    named = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    assert keys - named == set()
