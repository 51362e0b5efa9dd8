"""What the value of a field of a preprocessing operation may be.

A rule has two parts: a function that reads the value that was declared, or returns None where it is wrong, and the
words that follow "it must be" in the error.
"""

from collections.abc import Callable
from dataclasses import MISSING, field
from typing import Any

__all__ = ["LARGEST", "a_count", "a_number", "a_positive", "a_side", "a_truth", "numbers", "rule"]

LARGEST = 16384  # pixels a side: one such image fills a gigabyte


def rule(read: Callable[[Any], Any], must: str, default: Any = MISSING) -> Any:
    """A field of an operation.

    Arguments:
        read: returns the value as the operation holds it, or None if it is wrong.
        must: what the value must be, in words.
        default: where nothing is declared; none: the field must be given.
    """
    return field(default=default, metadata={"read": read, "must": must})


def a_number(value: Any) -> float | None:
    """Any number.

    >>> a_number(3), a_number("3"), a_number(True)
    (3.0, None, None)
    """
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def a_positive(value: Any) -> float | None:
    """A number above 0."""
    read = a_number(value)
    return read if read is not None and read > 0 else None


def a_count(value: Any) -> int | None:
    """A whole number, 1 or more.

    >>> a_count(2), a_count(2.0), a_count(0)
    (2, None, None)
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and value > 0 else None


def a_side(value: Any) -> int | None:
    """A number of pixels that an image may have a side."""
    read = a_count(value)
    return read if read is not None and read <= LARGEST else None


def a_truth(value: Any) -> bool | None:
    """True or false."""
    return value if isinstance(value, bool) else None


def numbers(value: Any) -> tuple[float, ...] | None:
    """A list of numbers, which may be empty."""
    read = [a_number(item) for item in value] if isinstance(value, list | tuple) else [None]
    return None if None in read else tuple(item for item in read if item is not None)
