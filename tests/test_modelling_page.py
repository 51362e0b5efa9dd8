"""The tutorial that models a lens, as the page has it."""

import re
import shlex
from pathlib import Path

import pytest

from .cli.conftest import zoo_command as zoo_command

PAGE = (Path(__file__).parents[1] / "docs" / "tutorials" / "modelling.md").read_text()
BLOCK = re.compile(r"```(?P<kind>python|text)\n(?P<text>.*?)```|^    zoo (?P<line>[^\n]+)$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_page_prints_what_it_shows(tmp_path, monkeypatch, capsys, zoo_command):
    monkeypatch.chdir(tmp_path)
    names, printed, shown = {}, "", ""

    for block in BLOCK.finditer(PAGE):
        if block["line"]:
            answer = zoo_command(*shlex.split(block["line"]))
            assert answer.code == 0, answer.err
        elif block["kind"] == "python":
            exec(block["text"], names)
            printed += capsys.readouterr().out
        else:
            shown += block["text"]

    assert printed == shown
    assert all((tmp_path / name).exists() for name in ("lens.png", "refined.png", "arcs.png"))
