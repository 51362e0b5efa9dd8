"""Every plugin that is installed obeys the laws; with its published weights, where it has any."""

import pytest

from zoo_core.catalog.registry import catalog
from zoo_core.plugins import list_plugins
from zoo_core.testing.check import check

NAMES = [plugin.name for plugin in list_plugins(import_them=False)]


@pytest.mark.parametrize("name", NAMES)
def test_an_installed_plugin_obeys_the_laws(name):
    published = {spec.plugin for spec in catalog().models.values()}
    distribution = next(plugin.distribution for plugin in list_plugins(import_them=False) if plugin.name == name)
    report = check(name, weights=distribution in published)
    assert report.passed, [row for row in report.rows() if row["status"] != "obeyed"]
