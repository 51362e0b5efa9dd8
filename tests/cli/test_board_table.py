"""The board on a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from zoo_core.board.leaderboard import leaderboard
from zoo_core.cli.board_table import show_board

from ..bench.conftest import storing


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    store = storing(tmp_path_factory.mktemp("measured") / "results")
    store("a.one", separation=1.5)
    store("b.two_with_a_name_that_is_long", separation=2.5)
    store("c.three", status="failed", message="ValueError: no [bold]such[/bold] band", metrics={}, strata=[])
    return leaderboard(store("d.four", separation=2.4).parents[1], on="sky")


def shown(board, width, first=None):
    written = StringIO()
    show_board(board, first, Console(file=written, width=width))
    return written.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_fit_the_terminal_and_keep_rank_model_caveats_and_the_metric_that_ranks(board, width):
    text = shown(board, width)

    assert max(map(len, text.splitlines())) <= width
    (header,) = [line for line in text.splitlines() if line.strip().startswith("rank")]
    assert header.split()[:3] == ["rank", "model", "auroc"]
    first = next(line for line in text.splitlines() if "b.two_with_a_name_that_is_long" in line)
    assert first.split()[0] == "1" and "unlisted: in no registry" in " ".join(text.split())
    assert "no [bold]such[/bold]" in " ".join(text.split())


def test_what_does_not_fit_is_named_and_what_is_asked_for_comes_first(board):
    assert "purity_1e-3" in shown(board, 60).split("more on a wider terminal")[1]
    assert "more on a wider terminal" not in shown(board, 200)
    (header,) = [line for line in shown(board, 60, "recall").splitlines() if line.strip().startswith("rank")]
    assert header.split()[2] == "recall"
