import runpy

import pytest

from zoo_core.errors import ArgumentError
from zoo_core.testing.check import check
from zoo_core.testing.scaffold import new
from zoo_core.train.recipe import read_recipe


def test_a_new_plugin_passes_zoo_check_and_its_own_tests_out_of_the_box(tmp_path, install_into, seen):
    folder = new("fancy_net", tmp_path / "fancy")
    install_into(folder, tmp_path / "site")
    seen(tmp_path / "site")

    report = check("fancy_net")

    assert report.summary() == "fancy_net: passed (8 ran, 8 required, 0 broken, 0 expected to fail, 6 skipped)"
    tests = runpy.run_path(str(folder / "tests" / "test_fancy_net.py"))
    tests["test_fancy_net_obeys_the_laws"]()


def test_nothing_of_the_template_s_name_is_left(tmp_path):
    folder = new("fancy_net", tmp_path / "fancy")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"pyproject.toml", "network.py", "registry.yaml", "test_fancy_net.py"}
    for path in files:
        assert "mynet" not in str(path.relative_to(tmp_path)).lower()
        assert "mynet" not in path.read_text().lower()
    assert 'name = "zoo-fancy-net"' in (folder / "pyproject.toml").read_text()
    assert read_recipe(folder / "recipes" / "first.yaml").plugin == "zoo-fancy-net"
    assert "class FancyNet(nn.Module)" in (folder / "zoo_fancy_net" / "network.py").read_text()


@pytest.mark.parametrize("name", ["My", "9net", "my-net", "my.net", "../net", "", "net_"])
def test_a_name_that_no_plugin_can_have_is_refused(tmp_path, name):
    with pytest.raises(ArgumentError, match="cannot name a plugin"):
        new(name, tmp_path / "new")


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="installed already"):
        new("lastro", tmp_path / "new")


def test_a_folder_that_exists_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="exists"):
        new("fancy", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
