"""Installed plugins are found without importing any, and looked for again when something else is installed."""

import importlib.metadata
import shutil
from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.installed import installed_plugins

from .catalog.distributions import install, registry_text


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """An empty folder for distributions, on the path, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


@pytest.fixture
def scans(monkeypatch) -> list:
    """An entry each time that Python looks through all that is installed."""
    found, scans = importlib.metadata.entry_points, []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **group: scans.append(group) or found(**group))
    return scans


def found() -> set[str]:
    return {plugin.name for plugin in installed_plugins()}


def test_what_is_installed_is_looked_for_once(site, scans):
    install(site, "tiny", "zoo_tiny")

    assert found() == found() >= {"tiny", "lastro"}
    assert len(scans) == 1


def test_what_is_installed_or_removed_later_is_noticed(site):
    install(site, "tiny", "zoo_tiny")
    assert "tiny" in found() and "small" not in found()

    install(site, "small", "zoo_small")
    assert {"tiny", "small"} <= found()

    shutil.rmtree(site / "zoo_tiny-1.0.dist-info")
    assert "small" in found() and "tiny" not in found()


def test_entry_points_that_come_after_their_folder_are_noticed(site):
    install(site, "tiny", "zoo_tiny")
    (site / "zoo_tiny-1.0.dist-info" / "entry_points.txt").rename(site / "entry_points.txt")
    assert "tiny" not in found()

    (site / "entry_points.txt").rename(site / "zoo_tiny-1.0.dist-info" / "entry_points.txt")
    assert "tiny" in found()


def test_a_registry_that_comes_or_changes_later_is_listed(site):
    package = install(site, "tiny", "zoo_tiny")
    assert zoo.list_models("tiny.*") == []

    (package / "registry.yaml").write_text(registry_text({"tiny.one": {}}))
    assert [spec.id for spec in zoo.list_models("tiny.*")] == ["tiny.one"]

    (package / "registry.yaml").write_text(registry_text({"tiny.one": {}, "tiny.two": {}}))
    assert [spec.id for spec in zoo.list_models("tiny.*")] == ["tiny.one", "tiny.two"]
