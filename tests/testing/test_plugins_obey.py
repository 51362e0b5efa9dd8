"""Every plugin of this repository obeys the laws; with its published weights, where it has any."""

from pathlib import Path

import pytest

from zoo_core.catalog.registry import catalog
from zoo_core.plugins import Plugin, list_plugins
from zoo_core.testing.check import check

REPOSITORY = Path(__file__).parents[2]
ROUNDS = 1  # of predictions in threads; `make laws` repeats them twenty times, with all views


def is_ours(plugin: Plugin) -> bool:
    """Whether it lies in this repository: what else is installed here is none of these tests' business."""
    folder = plugin.folder()
    return folder is not None and folder.resolve().is_relative_to(REPOSITORY)


NAMES = [plugin.name for plugin in list_plugins(import_them=False) if is_ours(plugin)]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_plugin_obeys_the_laws(name):
    published = {spec.plugin for spec in catalog().models.values()}
    distribution = next(plugin.distribution for plugin in list_plugins(import_them=False) if plugin.name == name)
    report = check(name, weights=distribution in published, rounds=ROUNDS)
    assert report.passed, [row for row in report.rows() if row["status"] != "obeyed"]


@pytest.mark.parametrize("name", sorted(spec.id for spec in catalog().models.values() if spec.members))
def test_what_is_made_of_published_models_has_the_members_of_its_entry(name):
    report = check(name)
    assert report.passed, report.rows()
