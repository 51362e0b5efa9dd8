"""The blocks of a tutorial, run in their order."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

__all__ = ["printed", "shown"]

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
BLOCK = re.compile(r"```(?P<kind>python|text)\n(?P<text>.*?)```|^    zoo (?P<line>[^\n]+)$", re.MULTILINE | re.DOTALL)


def _blocks(name: str) -> list[re.Match[str]]:
    return list(BLOCK.finditer((TUTORIALS / name).read_text()))


def shown(name: str) -> str:
    """What the page says that is printed."""
    return "".join(block["text"] for block in _blocks(name) if block["kind"] == "text")


def printed(name: str, command: Callable, capsys: pytest.CaptureFixture[str]) -> str:
    """What its Python prints; its commands must succeed."""
    names, said = {}, ""
    for block in _blocks(name):
        if block["line"]:
            answer = command(*shlex.split(block["line"]))
            assert answer.code == 0, answer.err
        elif block["kind"] == "python":
            exec(block["text"], names)
            said += capsys.readouterr().out
    return said
