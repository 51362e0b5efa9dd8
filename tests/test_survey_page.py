"""The tutorial from a catalogue to a ranked table, as the page has it, on two workers."""

import pytest

from .cli.conftest import zoo_command as zoo_command
from .predict.conftest import quick_workers as quick_workers
from .walked_page import printed, shown

pytest.importorskip("lsdb")
pytest.importorskip("distributed")

PAGE = "survey.md"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of lsdb, about its own future
@pytest.mark.usefixtures("quick_workers")
def test_the_page_prints_what_it_shows(tmp_path, monkeypatch, capsys, zoo_command):
    monkeypatch.chdir(tmp_path)

    said, expected = printed(PAGE, zoo_command, capsys), shown(PAGE).splitlines()

    assert [line for line in said.splitlines() if line in expected] == expected, said
    assert (tmp_path / "scores.hats").is_dir()
