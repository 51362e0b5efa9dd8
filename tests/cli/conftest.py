"""The command, run in this process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from zoo_core.cli import main

from ..flat_plugin import flat_plugin as flat_plugin


@dataclass(frozen=True)
class Answer:
    """What a command captured, and the code it exited with."""

    code: int
    out: str
    err: str


@pytest.fixture
def zoo_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs `zoo` with these arguments."""

    def run(*arguments: object) -> Answer:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Answer(int(stopped.value.code or 0), captured.out, captured.err)

    return run
