"""What a command says is lines of text, whatever files are called."""

import logging
import shlex
import sys
from pathlib import Path

import pytest

from zoo_core.cli.outcome import say_next
from zoo_core.cli.show import loading


def test_no_name_of_a_file_moves_the_cursor_or_begins_a_line(zoo_command, flat_plugin, tmp_path):
    name = "a\x1b[2J\nzoo: all is well.fits"
    answer = zoo_command("predict", "flat.space", tmp_path / name, "-o", tmp_path / "gone\n" / "t.csv")
    assert answer.code == 1
    assert answer.err.count("\n") == 1 and "\x1b" not in answer.err


def test_a_yaml_file_with_bytes_that_are_no_text_is_one_line(zoo_command, tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"id: a\x7fb\n")
    answer = zoo_command("train", tmp_path / "r.yaml", "-o", tmp_path / "run")
    assert answer.code == 1 and answer.err.count("\n") == 1


class AtOnce:
    """A timer for which the moment has passed as soon as it is started."""

    def __init__(self, seconds, call, arguments):
        self.call, self.arguments, self.cancelled = call, arguments, False

    def start(self):
        self.call(*self.arguments)

    def cancel(self):
        self.cancelled = True


class Never(AtOnce):
    """A timer for which it never passes."""

    def start(self):
        pass


@pytest.mark.parametrize(
    ("timer", "terminal", "said"),
    [(AtOnce, True, ["loading lastro.space ..."]), (Never, True, []), (AtOnce, False, [])],
)
def test_what_takes_longer_than_a_moment_to_load_is_said_at_a_terminal(caplog, monkeypatch, timer, terminal, said):
    made = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)

    with (
        caplog.at_level(logging.INFO, "zoo"),
        loading("lastro.space", lambda *given: made.append(timer(*given)) or made[0]),
    ):
        pass

    assert [record.getMessage() for record in caplog.records] == said
    assert all(one.cancelled for one in made) and len(made) == terminal


@pytest.mark.parametrize("published", [False, True])
def test_what_comes_next_can_be_pasted_into_a_shell(caplog, published):
    with caplog.at_level(logging.INFO, "zoo"):
        say_next(Path("my runs/b&w/model"), published)

    commands = [record.getMessage().partition(" zoo ")[2] for record in caplog.records]
    assert [command.split()[0] for command in commands] == ["predict", *["benchmark", "submit"][: 2 * published]]
    assert all(shlex.split(command)[1] == "my runs/b&w/model" for command in commands)
