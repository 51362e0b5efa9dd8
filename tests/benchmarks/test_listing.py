"""Listing among many plugins: 100 of them with ten models each, made for the measurement.

pytest tests/benchmarks/test_listing.py --benchmark-only
"""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import zoo_core as zoo

from ..catalog.distributions import install, registry_text

MODELS = 10  # a plugin


@pytest.fixture
def plugins(request: pytest.FixtureRequest) -> int:
    """How many there are: many where time is measured, else few."""
    return 10 if request.config.getoption("benchmark_skip") else 100


@pytest.fixture
def many(plugins: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    for number in range(plugins):
        models = {f"many{number}.tag{tag}": {"plugin": f"zoo-many{number}"} for tag in range(MODELS)}
        install(site, f"many{number}", f"zoo_many{number}", "", registry_text(models))
    monkeypatch.syspath_prepend(site)
    return site


def test_all_of_them_are_listed(many, plugins):
    assert len(zoo.list_models("many*")) == plugins * MODELS


def listed(environment: dict[str, str]) -> float:
    """CPU time of `zoo models`, seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "zoo_core", "models", "--json"], check=True, capture_output=True, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_thousand_models_are_listed(benchmark, many, tmp_path):
    environment = {"PYTHONPATH": str(many), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    listed(environment)
    benchmark.pedantic(lambda: listed(environment), rounds=5)
