"""The worst mistakes are those of the stored predictions, and their frames are the benchmark's."""

import matplotlib.image
import numpy as np
import pytest

from zoo_core.bench.harness import measure
from zoo_core.bench.results import predictions_of
from zoo_core.board.mistakes import draw_worst, worst
from zoo_core.errors import ResultError


def test_the_worst_are_those_whose_true_class_is_least_probable(tiny_model, bright, tmp_path):
    model, results = tiny_model("trivial.one"), tmp_path / "results"
    (result,) = measure([model], bright, results=results)
    predictions, truth = predictions_of(results / "bright/trivial.one.json", result)
    of_truth = np.where(truth["label"] == 1, predictions["p_lens"], 1 - predictions["p_lens"])

    found = draw_worst(model, bright, results, tmp_path / "worst.png", 5)

    assert [one.row for one in found] == np.argsort(of_truth, kind="stable")[:5].tolist()
    assert [one.id for one in found] == truth["id"][[one.row for one in found]].tolist()
    assert all(one.id.startswith(one.truth) for one in found)  # files are named for their class
    assert matplotlib.image.imread(tmp_path / "worst.png").ndim == 3
    every = worst(results, "bright", model.id, model.heads, len(of_truth))
    right = [one.answer.endswith(" (right)") for one in every]
    assert right == sorted(right) and right.count(True) == np.count_nonzero(of_truth > 0.5)


def test_what_is_not_measured_is_an_error_that_says_how(tiny_model, tmp_path):
    with pytest.raises(ResultError, match=r"run zoo benchmark trivial\.space --on finding_space first"):
        worst(tmp_path, "finding_space", "trivial.space", tiny_model("trivial.one").heads, 3)


def test_a_model_that_failed_has_no_mistakes_to_show(tiny_model, bright, tmp_path):
    model = tiny_model("trivial.one", weight=float("nan"))
    measure([model], bright, results=tmp_path)

    with pytest.raises(ResultError, match=r"^trivial\.one failed on bright: "):
        worst(tmp_path, "bright", "trivial.one", model.heads, 3)


def test_three_mistakes_leave_no_empty_place(tiny_model, bright, tmp_path):
    model = tiny_model("trivial.one")
    measure([model], bright, results=tmp_path)

    for count in (3, 4):
        draw_worst(model, bright, tmp_path, tmp_path / f"{count}.png", count)

    three, four = (matplotlib.image.imread(tmp_path / f"{count}.png").shape[1] for count in (3, 4))
    assert three / four == pytest.approx(3 / 4, abs=0.01)
