"""The tutorial that models a lens, as the page has it."""

import pytest

from .cli.conftest import zoo_command as zoo_command
from .walked_page import printed, shown

PAGE = "modelling.md"


@pytest.mark.slow
def test_the_page_prints_what_it_shows(tmp_path, monkeypatch, capsys, zoo_command):
    monkeypatch.chdir(tmp_path)

    assert printed(PAGE, zoo_command, capsys) == shown(PAGE)
    assert all((tmp_path / name).exists() for name in ("lens.png", "refined.png", "arcs.png"))
