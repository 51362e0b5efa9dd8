"""Nothing in the sources that threads disturb or that a fork would break."""

from pathlib import Path

import pytest

import zoo_core as zoo

PACKAGE = Path(zoo.__file__).parent
SOURCES = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "plugins").glob("*/zoo_*/**/*.py")]


@pytest.mark.parametrize(
    "name",
    [
        "forward_ad",  # its levels are those of the process, so that another thread gets wrong derivatives
        "jacfwd",
        "jvp(",
        "num_workers",  # a loader's process, forked from one that has threads, hangs
    ],
)
def test_no_source_names_it(name):
    assert [str(path) for path in SOURCES if name in path.read_text(encoding="utf-8")] == []
