"""What came of a run over images, on the standard error."""

from __future__ import annotations

import logging
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..predict.finished import Finished

__all__ = ["fault_of", "remarks_of", "say", "say_next"]

MOST = 5  # remarks that are shown

logger = logging.getLogger("zoo")


def fault_of(finished: Finished) -> str:
    """What was wrong with the first image that could not be used; empty if all could."""
    if not finished.failed:
        return ""
    return next(message for status, message in _messages(finished) if status != "ok")


def remarks_of(finished: Finished) -> list[str]:
    """What must be known of the images that were used, the most frequent first, each with the number of images."""
    found = Counter(message for status, message in _messages(finished) if status == "ok" and message)
    return [f"{message} ({count} of {finished.rows} images)" for message, count in found.most_common(MOST)]


def say(
    done: str,
    finished: Finished,
    written: Sequence[Path | None],
    pictures: Sequence[Path | None],
    fault: str,
    told: str = "`message` says what was wrong with the others",
) -> None:
    """How many images could be used, what was written, and the fault of the first that could not.

    Arguments:
        done: to the images, "predicted".
        finished: the run.
        written: tables and folders that were asked for.
        pictures: likewise, which are drawn if any image could be used.
        fault: of the first image; empty if there is none.
        told: where those of the others are.
    """
    usable = finished.rows - finished.failed
    paths = [str(path) for path in (*written, *(pictures if usable else ())) if path is not None]
    where = f"; wrote {' and '.join(paths)}" if paths else ""
    if usable and not any(pictures) and sys.stdout.isatty():
        where += "; --gallery top.png shows them as pictures"
    others = "the one that was not" if finished.failed == 1 else f"{told}, first"
    why = f"; {others}: {fault}" if fault else ""
    logger.info("%d of %d images %s%s%s", usable, finished.rows, done, where, why)


def say_next(folder: Path, published: bool = False) -> None:
    """The commands that come after the training of a model, on the standard error.

    Arguments:
        folder: of the model.
        published: also those that measure it and propose it to others.
    """
    model = shlex.quote(str(folder))
    logger.info("next: zoo predict %s YOUR_IMAGES -o scores.csv", model)
    if published:
        logger.info("to publish it: zoo benchmark %s --on BENCHMARK --results results (see zoo benchmarks),", model)
        logger.info("then zoo submit %s --results results --to FOLDER", model)


def _messages(finished: Finished) -> Iterator[tuple[str, str]]:
    """Status and message of each row."""
    for piece in finished.pieces():
        yield from zip(*(piece[name].to_pylist() for name in ("status", "message")), strict=True)
