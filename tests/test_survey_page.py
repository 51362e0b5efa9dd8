"""The tutorial from a catalogue to a ranked table, as the page has it, on two workers."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("lsdb")
pytest.importorskip("distributed")

PAGE = (Path(__file__).parents[1] / "docs" / "tutorials" / "survey.md").read_text()
BLOCK = re.compile(r"```(?P<kind>python|text)\n(?P<text>.*?)```|^    zoo (?P<line>[^\n]+)$", re.MULTILINE | re.DOTALL)


def steps() -> list[str]:
    """Python code, and the command as Python that runs it, in the order of the page."""
    found = []
    for block in BLOCK.finditer(PAGE):
        if block["line"]:
            words = [sys.executable, "-m", "zoo_core", *shlex.split(block["line"])]
            found.append(f"import subprocess\nsubprocess.run({words!r}, check=True)")
        elif block["kind"] == "python":
            found.append(block["text"])
    return found


def shown() -> list[str]:
    """What the page says that is printed."""
    return [line for block in BLOCK.finditer(PAGE) if block["kind"] == "text" for line in block["text"].splitlines()]


@pytest.mark.slow
def test_the_page_prints_what_it_shows(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "\n".join(steps())],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    printed = [line for line in ran.stdout.splitlines() if line in shown()]
    assert printed == shown(), ran.stdout
    assert (tmp_path / "scores.hats").is_dir()
