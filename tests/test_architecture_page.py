"""The additions of docs/architecture.md are made as it says, and do what it shows."""

import doctest
import json
import re
import shlex
import textwrap
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import zoo_core as zoo
from zoo_core.bench.metrics import anomaly
from zoo_core.cli import _exit_code
from zoo_core.images import channels, operations
from zoo_core.tasks import TASKS

from .catalog.distributions import declare

PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
FILE = re.compile(r'^( *)```\w+ title="(?P<file>[^"]+)"\n(?P<code>.*?)^\1```$', re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^```pycon\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    zoo (.*)$", re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").partition(f"### {title}\n")[2].partition("\n### ")[0]


def files(title: str) -> dict[str, str]:
    """The files that a section shows, or what it adds to them."""
    return {block["file"]: textwrap.dedent(block["code"]) for block in FILE.finditer(section(title))}


def with_added(module: ModuleType, title: str) -> dict[str, Any]:
    """The names of a module after what a section adds to its file."""
    names = dict(vars(module))
    exec(files(title)[f"{module.__name__.replace('.', '/')}.py"], names)
    return names


def assert_as_shown(title: str) -> None:
    (session,) = SESSION.findall(section(title))
    test = doctest.DocTestParser().get_doctest(session, {}, title, str(PAGE), 0)
    shown: list[str] = []
    assert doctest.DocTestRunner(optionflags=FLAGS).run(test, out=shown.append).failed == 0, "".join(shown)


def test_an_operation_is_two_additions(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(channels, "power", with_added(channels, "A preprocessing operation")["power"], raising=False)
    power = with_added(operations, "A preprocessing operation")["Power"]
    monkeypatch.setitem(operations.OPERATIONS, power.op, power)

    assert_as_shown("A preprocessing operation")


def test_a_metric_is_one_addition_and_its_place_in_a_list(monkeypatch: pytest.MonkeyPatch):
    before, added = anomaly.anomaly_metrics, with_added(anomaly, "A metric")["MEDIAN_GAP"]
    monkeypatch.setattr(anomaly, "anomaly_metrics", lambda classes: [*before(classes), added])

    assert_as_shown("A metric")


@pytest.fixture
def sixth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: Callable) -> Path:
    """The folder of the plugin of the page, in a zoo that has the page's task."""
    for name, code in files("A task").items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        if name.startswith("zoo_core/"):
            room = import_module(path.parent.relative_to(tmp_path).as_posix().replace("/", "."))
            monkeypatch.setattr(room, "__path__", [*room.__path__, str(path.parent)])
    declare(tmp_path, "zoo-counts", counts="zoo_counts")
    seen(tmp_path)
    task = import_module("zoo_core.tasks.counting").TASK
    monkeypatch.setitem(TASKS, task.name, task)  # as if the file had lain there when the package was imported
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_sixth_task_is_checked_trained_predicted_and_ranked(sixth: Path, capsys: pytest.CaptureFixture):
    for command in COMMAND.findall(section("A task")):
        assert _exit_code(shlex.split(command)) == 0, command
    assert_as_shown("A task")
    result = json.loads((sixth / "results" / "count_spots" / "counts.first.json").read_text())
    model, spots = zoo.load(sixth / "runs" / "counts.first" / "model", device="cpu"), zoo.open_dataset("count_spots")
    drawn = model.task.pictures(model, spots, range(20), sixth / "first")

    assert "counts.first" in capsys.readouterr().out
    assert len((sixth / "counts.csv").read_text().splitlines()) == 21
    assert result["metrics"]["count_error"]["value"] < 0.9  # whoever always answers three is wrong by 1.2 on average
    assert [picture.name for picture in drawn] == ["first-counts.png"] and drawn[0].stat().st_size
