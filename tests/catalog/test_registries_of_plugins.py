"""Registries of plugins are found, and read without importing the plugin."""

import logging
import sys
from pathlib import Path

import pytest

from zoo_core.catalog.registry import catalog

from .distributions import install, registry_text


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """An empty folder for distributions, on the path."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder


def test_a_plugins_registry_is_read_without_importing_it(site):
    install(site, "tiny", "zoo_tiny", "raise RuntimeError('imported')", registry_text({"tiny.a": {"plugin": None}}))
    spec = catalog().model("tiny.a")
    assert spec.plugin == "zoo-tiny"
    assert "zoo_tiny" not in sys.modules


def test_a_plugins_registry_is_found_where_its_package_is(site, tmp_path, monkeypatch):
    """As an editable install: the metadata in one folder, the package in another."""
    source = tmp_path / "source"
    source.mkdir()
    monkeypatch.syspath_prepend(source)
    package = install(site, "tiny", "zoo_tiny.hooks", registry=registry_text({"tiny.a": {}}), package_root=source)
    assert catalog().model("tiny.a").source == str(package / "registry.yaml")


def test_a_plugin_inside_a_namespace_has_its_own_registry(site):
    install(site, "tiny", "survey.tiny")
    (site / "survey" / "__init__.py").unlink()
    package = site / "survey" / "tiny"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "registry.yaml").write_text(registry_text({"tiny.a": {}}))
    assert catalog().model("tiny.a").source == str(package / "registry.yaml")


def test_a_malformed_registry_is_reported_by_name_and_disturbs_nothing(site, caplog):
    install(site, "bad", "zoo_bad", registry="schema: 2\nmodels: {bad.a: {views: 3}}\n")
    install(site, "tiny", "zoo_tiny", registry=registry_text({"tiny.a": {}}))
    with caplog.at_level(logging.WARNING, "zoo"):
        listed = catalog()
    assert listed.model("tiny.a").id == "tiny.a"
    (problem,) = listed.problems
    assert "plugin 'bad' of zoo-bad 1.0" in problem
    assert "models: bad.a: task is missing" in problem
    assert "views" in problem
    assert problem in caplog.text


@pytest.mark.parametrize("module", ["zoo_gone", "zoo_gone.hooks"])
def test_a_plugin_whose_package_is_missing_disturbs_nothing(site, module):
    package = install(site, "gone", module)
    (package / "__init__.py").unlink()
    package.rmdir()
    assert catalog().problems == ()


def test_a_plugin_without_a_registry_is_no_problem(site):
    install(site, "tiny", "zoo_tiny")
    assert catalog().problems == ()
