"""The command `zoo`: each subcommand calls one function of the library."""

import logging
import shlex
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

import click

from ..errors import ArgumentError, SpecError, UnknownNameError, ZooError, one_line
from .show import WholeSentences

__all__ = ["main", "zoo"]

COMMANDS = {
    "models": "listing",
    "info": "listing",
    "datasets": "listing",
    "benchmarks": "listing",
    "plugins": "listing",
    "predict": "predict",
    "deblend": "deblending",
    "explain": "explaining",
    "pack": "packing",
    "features": "features",
    "similar": "features",
    "outliers": "features",
    "search": "searching",
    "simulate": "making",
    "train": "making",
    "finetune": "finetuning",
    "new": "making",
    "benchmark": "measuring",
    "verify": "measuring",
    "score": "measuring",
    "leaderboard": "boards",
    "compare": "boards",
    "check": "measuring",
    "bundle": "sharing",
    "fetch": "sharing",
    "publish": "sharing",
    "submit": "sharing",
    "review": "sharing",
    "env": "listing",
}
WRONG_USAGE = (ArgumentError, SpecError, UnknownNameError)
FAULT = "zoo: this is a fault of the zoo and not of what you gave it; please report all of these lines"
INTERRUPTED, TERMINATED = 130, 143  # what shells report for Ctrl-C and for SIGTERM


class _Commands(WholeSentences):
    """Imports the module of a subcommand when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in COMMANDS:
            raise click.UsageError(str(UnknownNameError.among("command", args[0], COMMANDS)), ctx)
        return super().resolve_command(ctx, args)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="zoo-core", prog_name="zoo")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")
def zoo(quiet: bool) -> None:
    """Networks for strong gravitational lenses: find them, run them, compare them, add one."""
    _log_to_stderr(logging.WARNING if quiet else logging.INFO)
    warnings.filterwarnings(
        "ignore", r"`torch\.jit\.script` is deprecated", FutureWarning
    )  # by torch's own derivatives


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit: 0 if it did what was asked, 1 if not, 2 for wrong usage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with _termination_as_interruption():
        sys.exit(_exit_code(given))


def _exit_code(arguments: list[str]) -> int:
    command = shlex.join(["zoo", *arguments]).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    try:
        return zoo.main(args=arguments, prog_name="zoo", standalone_mode=False, obj=command) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ZooError as error:
        click.echo(f"zoo: {one_line(str(error))}", err=True)
        return 2 if isinstance(error, WRONG_USAGE) else 1
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error.__cause__, EOFError):  # of a file; click takes it for the end of what somebody types
            error.__cause__.add_note(FAULT)
            raise error.__cause__ from None
        click.echo("zoo: interrupted", err=True)
        return TERMINATED if isinstance(error.__cause__, _Terminated) else INTERRUPTED
    except OSError as error:
        from ..files import refused

        click.echo(f"zoo: {one_line(refused(error))}", err=True)
        return 1
    except Exception as error:
        error.add_note(FAULT)
        raise


class _Terminated(KeyboardInterrupt):
    """SIGTERM, as batch systems send it before they kill: the command ends as by Ctrl-C."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


@contextmanager
def _termination_as_interruption() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # which alone is sent signals
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _ToStandardError(logging.Handler):
    """What the library logs, as lines of the command."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        click.echo(f"zoo: {one_line(record.getMessage())}", err=True)


def _log_to_stderr(level: int) -> None:
    logger = logging.getLogger("zoo")
    logger.setLevel(level)
    if not any(isinstance(handler, _ToStandardError) for handler in logger.handlers):
        logger.addHandler(_ToStandardError())
