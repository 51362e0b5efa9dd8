"""The commands of the page on contributing a model, as the page has them, from `zoo new` to a listed row."""

import os
import re
import shlex
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from zoo_core.bench.verification import read_verification
from zoo_core.catalog import registry
from zoo_core.catalog.measured import RESULTS
from zoo_core.publish.review import review

from .cli.conftest import zoo_command as zoo_command
from .publish.contribution import forget, write_recipe
from .small_registry import write_small_registry

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "contributing-a-model.md").read_text()
BLOCK = re.search(r'^```yaml title="(?P<file>[^"]+)"\n(?P<text>.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)
OWN, HERE = "In a distribution of your own", "In the registry of the zoo"
RESULT = Path("finding_space") / "mynet.first.json"


def commands(section: str) -> list[str]:
    """The lines of the section's first block of commands."""
    text = "\n" + PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    block = re.search(r"\n\n((?:    .+\n)+)", text)
    assert block is not None
    return [line.strip() for line in block[1].splitlines()]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_registry(tmp_path_factory.mktemp("registry") / "registry.yaml")


@pytest.fixture
def stranger(tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch, zoo_command: Callable) -> Iterator[Callable]:
    """Types a command in an empty folder: `zoo` in this process, `pip` and `git` in their own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / RESULTS).mkdir(parents=True)  # nothing else is published here
    monkeypatch.setattr(registry, "core_registry", lambda: small)
    monkeypatch.setenv("XDG_CACHE_HOME", str(small.parent / "cache"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    environment = os.environ | {
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_TARGET": str(tmp_path / "site"),
        **{f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def typed(line: str) -> str:
        program, *words = shlex.split(line)
        if program == "zoo":
            answer = zoo_command(*words)
            assert answer.code == 0, f"{line}\n{answer.out}{answer.err}"
            if words[0] == "new":
                state_what_the_page_states(tmp_path)
            return answer.out
        starts = {"pip": [sys.executable, "-m", "pip"], "git": ["git"]}[program]
        done = subprocess.run([*starts, *words], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if program == "pip":
            site.addsitedir(str(tmp_path / "site"))
            sys.path_importer_cache.clear()
        return done.stdout

    yield typed
    forget()


def state_what_the_page_states(folder: Path) -> None:
    """The statements that the page shows, in a recipe of fewer images and steps."""
    assert BLOCK is not None
    write_recipe(folder / BLOCK["file"], BLOCK["text"])


def clone(folder: Path, small: Path) -> None:
    """As far as a proposal touches it, under version control."""
    (folder / "zoo_core").mkdir(parents=True)
    (folder / "zoo_core" / "__init__.py").touch()
    (folder / "plugins").mkdir()
    (folder / "plugins" / "requirements.txt").write_text("-e .\n")
    shutil.copyfile(small, folder / "registry.yaml")


@pytest.mark.parametrize("section", [OWN, HERE])
def test_a_way_takes_at_most_eight_commands_from_nothing(section):
    assert commands(section)[0] == "zoo new mynet"
    assert len(commands(section)) <= 8


@pytest.mark.slow
def test_a_distribution_of_one_s_own_lists_a_verified_row(stranger, tmp_path):
    outputs = [stranger(line) for line in commands(OWN)]

    assert "re-measured" in outputs[-2]
    assert "`mynet.first`" in outputs[-1] and "re-measured" in outputs[-1]
    assert read_verification(tmp_path / "results" / RESULT) is not None


@pytest.mark.slow
def test_a_pull_request_holds_what_the_review_asks_for(stranger, small, tmp_path, monkeypatch):
    for folder in ("zoo", "before"):
        clone(tmp_path / folder, small)
    for line in ("git -C zoo init -q", "git -C zoo add --all", "git -C zoo commit -q -m before"):
        stranger(line)

    for line in commands(HERE):
        stranger(line)

    assert stranger("git -C zoo status --porcelain") == ""
    found = review(tmp_path / "zoo", tmp_path / "before")
    assert (found.models, found.faults) == (("mynet.first",), ())
    monkeypatch.setattr(registry, "core_registry", lambda: tmp_path / "zoo" / "registry.yaml")
    board = stranger("zoo leaderboard --results zoo/docs/leaderboard/results --on finding_space")
    assert "`mynet.first`" in board and "recomputed" in board
