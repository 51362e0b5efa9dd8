import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from zoo_core.catalog.registry import core_registry, read_registry

from .conftest import built

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
SOURCES = sorted([*ROOT.glob("zoo_core/**/*.py"), *ROOT.glob("plugins/*/zoo_*/**/*.py")])
UNPICKLING = re.compile(r"torch\.load\(|pickle\.loads?\(|allow_pickle=True|weights_only=False|joblib\.load\(")


def test_the_one_command_installs_every_plugin():
    required = (ROOT / "plugins" / "requirements.txt").read_text().split("\n")
    assert set(filter(None, required)) == {"-e .[umap]", *(f"-e plugins/{path.name}" for path in PLUGINS)}


def test_a_plugin_s_folder_entry_point_and_distribution_have_one_name():
    projects = [tomllib.loads((folder / "pyproject.toml").read_text())["project"] for folder in PLUGINS]
    found = [(project["name"], [*project["entry-points"]["zoo"]]) for project in projects]
    assert found == [(f"zoo-{folder.name}", [folder.name]) for folder in PLUGINS]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_laws_asks_for_weights_of_the_plugins_that_have_published_some_and_for_the_longest_tests(tmp_path: Path):
    for name in ("zoo", "pytest"):
        (tmp_path / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / name).chmod(0o755)

    make = ["make", "-s", "-o", ".venv/.developer", "laws", f"BIN={tmp_path}"]
    ran = subprocess.run(make, cwd=ROOT, check=True, capture_output=True, text=True)

    published = {spec.plugin for spec in read_registry(core_registry()).models.values()}
    expected = [f"check {one.name}" + " --weights" * (f"zoo-{one.name}" in published) for one in PLUGINS]
    assert ran.stdout.splitlines() == [
        *expected,
        "-m release",
        "--hypothesis-profile=thorough tests/images/test_corrupt_files.py",
    ]


def test_the_wheel_holds_the_registry_the_scaffold_and_the_board(tmp_path: Path):
    names = zipfile.ZipFile(built(ROOT, tmp_path)).namelist()
    assert "zoo_core/registry.yaml" in names
    assert "zoo_core/testing/template/zoo_mynet/network.py" in names
    assert {"zoo_core/board/boards.yaml", "zoo_core/web/templates/base.html", "zoo_core/web/static/board.js"} <= set(
        names
    )
    assert [name for name in names if not name.startswith(("zoo_core/", "zoo_core-"))] == []


def test_nothing_is_unpickled():
    assert len(SOURCES) > len(PLUGINS)
    assert [str(path.relative_to(ROOT)) for path in SOURCES if UNPICKLING.search(path.read_text())] == []


IMPORT = re.compile(r"^ *(?:import (\w+)|from (\w+)[\w.]* import )", re.MULTILINE)
DISTRIBUTIONS = {
    "PIL": "pillow",
    "distributed": "dask",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}
OPTIONAL = {  # which extra brings what a part of the package needs
    "explain": {"captum"},
    "flow": {"zuko"},
    "scale": {"dask", "dask-jobqueue", "hats", "hats-import"},
    "board": {"jinja2", "vl-convert-python"},
    "umap": {"umap-learn"},
}
PLUGINS_BRING = {"timm"}


def required(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in requirements}


def test_whatever_the_package_imports_is_installed_with_it_or_with_the_extra_that_says_so():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = required(project["dependencies"])
    for extra, names in OPTIONAL.items():
        assert names <= required(project["optional-dependencies"][extra])

    sources = (source.read_text() for source in ROOT.glob("zoo_core/**/*.py"))
    imported = {first or second for text in sources for first, second in IMPORT.findall(text)}
    imported -= {*sys.stdlib_module_names, "zoo_core"}

    needed = {DISTRIBUTIONS.get(name, name.lower().replace("_", "-")) for name in imported}
    assert needed - declared - set().union(*OPTIONAL.values()) == PLUGINS_BRING
