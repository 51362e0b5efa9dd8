import re
import runpy
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import click
import pytest

from zoo_core.bench.harness import benchmark
from zoo_core.bench.results import result_path
from zoo_core.bench.verify import verify
from zoo_core.board.leaderboard import leaderboard
from zoo_core.cli import zoo
from zoo_core.datasets.writer import simulate
from zoo_core.plugins import HOOKS
from zoo_core.testing.check import check
from zoo_core.testing.laws import NETWORK_LAWS
from zoo_core.testing.trained import TRAINED_LAWS
from zoo_core.train.fit import train

from .catalog.distributions import declare
from .test_imports import LAYERS, PACKAGE

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "writing-a-plugin.md"
BLOCK = re.compile(r'^```\w+ title="(?P<file>[^"]+)"\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?: {4}|.*\| `)zoo (?P<command>[^`\n]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)(?P<target>[^)#\s]+)")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The files that the page shows."""
    for block in BLOCK.finditer(PAGE.read_text()):
        path = tmp_path / "ringnet" / block["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["code"])
    return tmp_path / "ringnet"


@pytest.mark.slow
def test_the_plugin_of_the_docs_is_checked_trained_shipped_and_measured(
    written: Path, tmp_path: Path, install_into: Callable, seen: Callable, monkeypatch, capsys
):
    monkeypatch.chdir(written)
    declare(written, "zoo-ringnet", ringnet="zoo_ringnet")
    seen(written)
    train("recipes/first.yaml", device="cpu", progress=False)
    capsys.readouterr()
    runpy.run_path("ship.py")
    listed = capsys.readouterr().out.removeprefix("schema: 2\n")
    registry = written / "zoo_ringnet" / "registry.yaml"
    registry.write_text(registry.read_text().replace("models: {}\n", listed))

    install_into(written, tmp_path / "site")
    seen(tmp_path / "site")
    report = check("ringnet", weights=True, device="cpu", rounds=1)
    (result,) = benchmark(["ringnet.first"], on="ringnet_stamps", results="results", device="cpu")
    verdict = verify(result_path("results", "ringnet_stamps", "ringnet.first"), device="cpu")
    (row,) = [row for table in leaderboard("results", on="ringnet_stamps").tables for row in table.rows]

    assert report.passed, report.rows()
    assert result.status == "ok", result.message
    assert result.metrics["auroc"].value > 0.99  # a ring in noise of an eighth of its brightness cannot be missed
    assert 0 <= result.metrics["least_ring"].value <= 1
    assert verdict.badge == "re-measured", verdict
    assert (row.status, row.badge) == ("ok", "re-measured"), row


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_in_the_docs_and_in_a_test_distribution(hook):
    assert f"def {hook}(" in PAGE.read_text()
    assert (
        f"def {hook}(" in (ROOT / "tests" / "distributions" / "zoo-second" / "zoo_second" / "__init__.py").read_text()
    )


@pytest.mark.parametrize("law", ["import", *NETWORK_LAWS, *TRAINED_LAWS])
def test_every_law_is_in_the_docs(law):
    assert f"| `{law}` |" in PAGE.read_text()


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]), ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path):
    targets = [match["target"] for match in LINK.finditer(page.read_text())]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_is_short_but_for_its_tables():
    text = re.sub(r"<!-- \w+ -->.*?<!-- end -->", "", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert len(text.splitlines()) < 150


def commands() -> list[tuple[str, str]]:
    """Every command line that the pages show, with the page's name."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [(match["command"], page.name) for page in pages for match in COMMAND.finditer(page.read_text())]


@pytest.mark.parametrize(("command", "page"), commands())
def test_every_command_of_the_pages_has_these_arguments(command: str, page: str, tmp_path: Path, monkeypatch):
    name, *arguments = shlex.split(command.replace("RECIPE", "recipe.yaml"), comments=True)
    for before, word in pairwise([name, *arguments]):
        if before == "--data" or word.endswith(".yaml"):  # files that must be there
            (tmp_path / word).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / word).touch()
    monkeypatch.chdir(tmp_path)
    group = click.Context(zoo)
    subcommand = zoo.get_command(group, name)
    assert subcommand is not None, f"{page} shows an unknown command {name}"
    subcommand.make_context(name, arguments, parent=group)


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    simulate("finding_space", 2, 5, tmp_path / "demo" / "cutouts")
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)

    exec("".join(blocks), {})

    output = capsys.readouterr().out
    assert "finding_space-5-000000" in output and "p_lens" in output


def test_every_room_is_on_the_page_of_the_architecture():
    rooms = {name for layer in LAYERS for name in layer} - {"__main__"}
    assert rooms <= set(re.findall(r"`([\w/]+?)(?:/|\.py)`", (ROOT / "docs" / "architecture.md").read_text()))


def test_the_floors_of_the_picture_are_those_of_the_imports():
    picture = (ROOT / "docs" / "images" / "house.svg").read_text()
    names = re.findall(r'class="room".*?\n<text class="name"[^>]* y="(\d+)">([^<]+)<', picture)
    floors = [{name for y, name in names if y == floor} for floor in dict.fromkeys(y for y, _ in names)]
    assert floors[::-1] == [layer for layer in LAYERS if layer != {"__main__"}]


def test_every_file_that_the_architecture_page_names_exists():
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = re.findall(r"`((?:\w+/)+[\w.]+)`", page)
    gone = [name for name in named if not any((place / name).exists() for place in (ROOT, PACKAGE))]
    assert [name for name in gone if "counting" not in name and "mynet" not in name] == []  # which are its examples
