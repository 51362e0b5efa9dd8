"""A true claim is re-measured; a forged one is caught, whatever was forged."""

import json
from dataclasses import replace

import numpy as np
import pytest

from zoo_core.bench.drawn import images_needed
from zoo_core.bench.harness import measure
from zoo_core.bench.results import read_result, result_path, write_result
from zoo_core.bench.verification import badge_of, read_verification
from zoo_core.bench.verify import results_named, verify
from zoo_core.errors import ResultError

from ..cli.conftest import zoo_command as zoo_command
from ..forgery import forge_predictions


@pytest.fixture
def claim(tiny_model, bright, tmp_path, listed):
    """A model's folder, its result on a small benchmark that the catalogue lists, and the benchmark."""
    listed(bright)
    model = tiny_model("trivial.one", seed=1)
    measure([model], bright, results=tmp_path / "results")
    return model.spec.source.removesuffix("/config.json"), result_path(tmp_path / "results", "bright", "trivial.one")


def test_a_true_claim_is_re_measured_and_kept(claim):
    folder, path = claim

    verdict = verify(path, folder, device="cpu")

    assert (verdict.badge, verdict.faults) == ("re-measured", ())
    kept = read_verification(path)
    assert kept == verdict.verification and kept.is_of(read_result(path))
    assert (kept.images, kept.of) == (40, 40) and kept.largest <= kept.tolerance


def test_an_edited_metric_is_caught(claim):
    folder, path = claim
    content = json.loads(path.read_text())
    content["metrics"]["auroc"]["value"] = 0.987
    path.write_text(json.dumps(content))

    verdict = verify(path, folder, device="cpu")

    assert verdict.is_false and "auroc is 0.987 in the result, but" in verdict.faults[0]


def test_an_interval_that_was_moved_alone_is_caught(tiny_model, bright, tmp_path, listed):
    benchmark = replace(bright, metrics=("auroc", "brier"))
    listed(benchmark)
    model = tiny_model("trivial.one", seed=1)
    measure([model], benchmark, results=tmp_path / "results")
    path = result_path(tmp_path / "results", "bright", "trivial.one")
    result = read_result(path)
    narrower = replace(result.metrics["brier"], high=result.metrics["brier"].value)
    write_result(replace(result, metrics=result.metrics | {"brier": narrower}), path)

    verdict = verify(path, model.spec.source.removesuffix("/config.json"), device="cpu")

    assert verdict.faults == ("the interval of brier is not what its predictions give",)


def test_predictions_and_metrics_forged_together_are_caught_and_the_command_says_so(claim, bright, zoo_command):
    folder, path = claim
    forge_predictions(path, bright, lambda table: table.update(p_lens=0.1 + 0.8 * table["true_label"]))
    assert read_result(path).metrics["auroc"].value == 1

    verdict = verify(path, folder, device="cpu")

    assert (
        verdict.is_false and "of the 40 images that were scored again is not what the weights give" in verdict.faults[0]
    )
    answer = zoo_command("verify", folder, "--results", path.parents[1], "--no-keep", "--device", "cpu")
    assert answer.code == 1
    assert "FALSE" in answer.out and "is not what the weights give" in answer.out


def test_truth_and_metrics_forged_together_are_caught(claim, bright):
    folder, path = claim
    forge_predictions(
        path, bright, lambda table: table["true_label"].__setitem__(slice(0, 3), 1 - table["true_label"][:3])
    )

    verdict = verify(path, folder, device="cpu")

    assert verdict.is_false and "the true label of 3 images is another" in verdict.faults[0]


def test_other_weights_under_the_same_name_are_caught(claim, tiny_model):
    _, path = claim
    other = tiny_model("trivial.one", seed=2)

    verdict = verify(path, other.spec.source.removesuffix("/config.json"), device="cpu")

    assert verdict.is_false and "its weights have the sha256" in verdict.faults[0]


def test_a_false_claim_about_the_training_is_caught(claim):
    folder, path = claim
    write_result(replace(read_result(path), trained_on="real"), path)

    assert "it says that the training images are real" in verify(path, folder, device="cpu").faults[0]


@pytest.mark.parametrize("change", [{"images": 9999}, {"tolerance": 9.0}, {"hashes": {}}])
def test_a_verification_that_was_edited_by_hand_says_nothing(claim, change):
    folder, path = claim
    kept = verify(path, folder, device="cpu").verification

    assert badge_of(read_result(path), True, replace(kept, **change)) == "recomputed"
    assert badge_of(read_result(path), True, kept) == "re-measured"
    assert badge_of(read_result(path), False, None) == "self-reported"


def test_a_verification_says_nothing_of_predictions_that_came_later(claim, bright):
    folder, path = claim
    kept = verify(path, folder, device="cpu").verification
    forge_predictions(path, bright, lambda table: table["p_lens"].__setitem__(0, 0.5))

    assert not kept.is_of(read_result(path))


def test_the_seed_decides_which_images_are_scored(claim):
    folder, path = claim

    first, second = (verify(path, folder, images=10, seed=seed, device="cpu", keep=False) for seed in (3, 3))

    assert first == second and first.verification.images == 10
    assert first.verification.unseen == pytest.approx(1 - 0.05 ** (1 / 5))
    assert read_verification(path) is None


def test_a_narrow_claim_takes_more_images(stored):
    result = read_result(stored("a.one", images=4000))
    truth = {"id": np.arange(4000), "label": np.repeat([0, 1], 2000)}
    narrow = replace(result.metrics["auroc"], value=0.95, low=0.945, high=0.956)

    needed = images_needed(replace(result, metrics={"auroc": narrow}), truth)

    assert needed == {0: 598, 1: 598}  # ln 0.05 / ln 0.995
    wide = replace(narrow, low=0.5, high=1.0)
    assert images_needed(replace(result, metrics={"auroc": wide}), truth) == {0: 128, 1: 128}


def test_a_model_without_result_is_an_error(claim, tmp_path):
    with pytest.raises(ResultError, match=r"holds no result of trivial\.one on sky"):
        results_named(claim[0], tmp_path / "results", on="sky")
