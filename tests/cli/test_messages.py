"""What a command says is lines of text, whatever files are called."""

import logging
import shlex
from pathlib import Path

import pytest

from zoo_core.cli.outcome import say_next


def test_no_name_of_a_file_moves_the_cursor_or_begins_a_line(zoo_command, flat_plugin, tmp_path):
    name = "a\x1b[2J\nzoo: all is well.fits"
    answer = zoo_command("predict", "flat.space", tmp_path / name, "-o", tmp_path / "gone\n" / "t.csv")
    assert answer.code == 1
    assert answer.err.count("\n") == 1 and "\x1b" not in answer.err


def test_a_yaml_file_with_bytes_that_are_no_text_is_one_line(zoo_command, tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"id: a\x7fb\n")
    answer = zoo_command("train", tmp_path / "r.yaml", "-o", tmp_path / "run")
    assert answer.code == 1 and answer.err.count("\n") == 1


@pytest.mark.parametrize("published", [False, True])
def test_what_comes_next_can_be_pasted_into_a_shell(caplog, published):
    with caplog.at_level(logging.INFO, "zoo"):
        say_next(Path("my runs/b&w/model"), published)

    commands = [record.getMessage().partition(" zoo ")[2] for record in caplog.records]
    assert [command.split()[0] for command in commands] == ["predict", *["benchmark", "submit"][: 2 * published]]
    assert all(shlex.split(command)[1] == "my runs/b&w/model" for command in commands)
