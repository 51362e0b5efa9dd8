"""The tutorial from a catalogue to a ranked table, as the page has it, on two workers."""

import re
import shlex
from pathlib import Path

import pytest

from .cli.conftest import zoo_command as zoo_command
from .predict.conftest import quick_workers as quick_workers

pytest.importorskip("lsdb")
pytest.importorskip("distributed")

PAGE = (Path(__file__).parents[1] / "docs" / "tutorials" / "survey.md").read_text()
BLOCK = re.compile(r"```(?P<kind>python|text)\n(?P<text>.*?)```|^    zoo (?P<line>[^\n]+)$", re.MULTILINE | re.DOTALL)


def shown() -> list[str]:
    """What the page says that is printed."""
    return [line for block in BLOCK.finditer(PAGE) if block["kind"] == "text" for line in block["text"].splitlines()]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of lsdb, about its own future
@pytest.mark.usefixtures("quick_workers")
def test_the_page_prints_what_it_shows(tmp_path, monkeypatch, capsys, zoo_command):
    monkeypatch.chdir(tmp_path)
    names, printed = {}, ""

    for block in BLOCK.finditer(PAGE):
        if block["line"]:
            answer = zoo_command(*shlex.split(block["line"]))
            assert answer.code == 0, answer.err
        elif block["kind"] == "python":
            exec(block["text"], names)
            printed += capsys.readouterr().out

    assert [line for line in printed.splitlines() if line in shown()] == shown(), printed
    assert (tmp_path / "scores.hats").is_dir()
