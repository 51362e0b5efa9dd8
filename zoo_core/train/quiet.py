"""Lightning without its announcements: which accelerators there are, what else one could install."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quietly"]

LIBRARY = logging.getLogger("lightning.pytorch")


@contextmanager
def quietly() -> Iterator[None]:
    """Lightning says nothing but warnings of its logger inside; its advice on settings is ours to follow."""
    level = LIBRARY.level
    LIBRARY.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\.")
            yield
    finally:
        LIBRARY.setLevel(level)
