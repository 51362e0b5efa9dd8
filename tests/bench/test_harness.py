"""The harness measures every model alike, once, and stores what its numbers follow from."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import roc_auc_score

import zoo_core as zoo
from zoo_core.bench.effort import Effort
from zoo_core.bench.harness import measure
from zoo_core.bench.results import predictions_of, read_result
from zoo_core.bench.scoring import SHARD
from zoo_core.datasets.simulated.frozen import table_sha256
from zoo_core.errors import ArgumentError, FileError, ResultError, UntrainedError
from zoo_core.images import find_sources
from zoo_core.predict.images import SourceImages
from zoo_core.predict.packing import pack

from .conftest import PREPROCESS, SIDE


class Calls(list):
    """Remembers what was scored: (model, finished images, all images) a call."""

    def __call__(self, model, done, total):
        self.append((model, done, total))

    def take(self):
        """The models that were scored since the last time."""
        models = sorted({model for model, _, _ in self})
        self.clear()
        return models


def test_the_numbers_follow_from_the_stored_predictions(tiny_model, bright, tmp_path):
    (result,) = measure([tiny_model("trivial.one")], bright, results=tmp_path / "results")

    table = pq.read_table(tmp_path / "results/bright/trivial.one.parquet").to_pydict()
    assert result.metrics["auroc"].value == pytest.approx(roc_auc_score(table["true_label"], table["p_lens"]))
    assert result.images == {"nonlens": 20, "lens": 20}
    assert np.sum(result.confusion) == 40
    assert result == read_result(tmp_path / "results/bright/trivial.one.json")


def test_the_stored_scores_are_those_of_the_model(tiny_model, bright, folder_of_images, tmp_path):
    model = tiny_model("trivial.one")
    (result,) = measure([model], bright, Effort(batch_size=7), results=tmp_path / "results")

    predictions, truth = predictions_of(tmp_path / "results/bright/trivial.one.json", result)
    images = np.stack([np.load(next(folder_of_images.glob(f"*/{name}.npy"))) for name in truth["id"]])
    expected = model(images[:, None]).to_table()["p_lens"]
    np.testing.assert_allclose(predictions["p_lens"], expected, atol=1e-6)  # float32, other batches
    assert truth["label"].tolist() == [int(name.startswith("lens")) for name in truth["id"]]


def test_packs_are_measured_as_the_files_that_they_were_made_of(tiny_model, bright, folder_of_images, tmp_path):
    packs = tmp_path / "packs"
    for name in bright.arguments["classes"]:
        pack(SourceImages(list(find_sources(folder_of_images / name)), ("VIS",)), ("VIS",), packs / name)
    model, of_packs = tiny_model("trivial.one"), replace(bright, arguments={**bright.arguments, "path": str(packs)})

    (of_files,) = measure([model], bright, results=tmp_path / "files")
    (packed,) = measure([model], of_packs, results=tmp_path / "packed")

    assert packed.metrics == of_files.metrics and packed.images == of_files.images


def test_what_was_measured_is_not_measured_again(tiny_model, bright, tmp_path):
    calls, model = Calls(), tiny_model("trivial.one")
    first = measure([model], bright, Effort(progress=calls), results=tmp_path / "results")
    assert calls.take() == ["trivial.one"]

    assert measure([model], bright, Effort(progress=calls), results=tmp_path / "results") == first
    assert calls.take() == []


def test_another_weight_or_preprocessing_measures_that_model_alone(tiny_model, bright, tmp_path):
    calls = Calls()
    one, two = tiny_model("trivial.one"), tiny_model("trivial.two")
    clipped = (*PREPROCESS, {"op": "clip", "low": -10.0, "high": 5.0})

    def score(*models):
        measure(models, bright, Effort(progress=calls), results=tmp_path / "results")
        return calls.take()

    assert score(one, two) == ["trivial.one", "trivial.two"]
    assert score(one, tiny_model("trivial.two", seed=1)) == ["trivial.two"]
    assert score(tiny_model("trivial.one", preprocess=clipped), tiny_model("trivial.two", seed=1)) == ["trivial.one"]
    assert score(tiny_model("trivial.one", preprocess=clipped).with_views(8)) == ["trivial.one"]


def test_another_image_measures_again(tiny_model, bright, folder_of_images, tmp_path):
    calls, model = Calls(), tiny_model("trivial.one")
    measure([model], bright, results=tmp_path / "results")
    np.save(folder_of_images / "lens" / "another.npy", np.eye(SIDE, dtype="float32"))

    (result,) = measure([model], bright, Effort(progress=calls), results=tmp_path / "results")

    assert calls.take() == ["trivial.one"]
    assert result.images["lens"] == 21


def test_other_metrics_are_computed_from_the_stored_predictions(tiny_model, bright, tmp_path):
    calls, model = Calls(), tiny_model("trivial.one")
    measure([model], bright, results=tmp_path / "results")

    wider = replace(bright, metrics=("brier", "auroc"))
    (result,) = measure([model], wider, Effort(progress=calls), results=tmp_path / "results")

    assert calls.take() == []
    assert list(result.metrics) == ["brier", "auroc"]


def test_a_damaged_predictions_file_is_noticed_and_made_again(tiny_model, bright, tmp_path):
    calls, model = Calls(), tiny_model("trivial.one")
    (first,) = measure([model], bright, results=tmp_path / "results")
    path = tmp_path / "results/bright/trivial.one.parquet"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ResultError, match=r"is not what trivial\.one was measured from"):
        predictions_of(path, first)

    (again,) = measure([model], bright, Effort(progress=calls), results=tmp_path / "results")

    assert calls.take() == ["trivial.one"]
    assert again.metrics == first.metrics


def test_a_model_that_fails_is_a_failed_result_and_the_others_go_on(tiny_model, bright, tmp_path):
    broken = tiny_model("trivial.broken", weight=float("nan"))
    results = measure([broken, tiny_model("trivial.one")], bright, results=tmp_path / "results")

    assert [result.status for result in results] == ["failed", "ok"]
    assert "p_lens of image 0 is nan" in results[0].message
    assert read_result(tmp_path / "results/bright/trivial.broken.json") == results[0]


def test_a_failed_model_is_tried_again(tiny_model, bright, tmp_path):
    measure([tiny_model("trivial.one", weight=float("nan"))], bright, results=tmp_path / "results")

    (result,) = measure([tiny_model("trivial.one")], bright, results=tmp_path / "results")

    assert result.status == "ok"


def test_scoring_leaves_nothing_but_the_result(tiny_model, bright, tmp_path):
    measure([tiny_model("trivial.one")], bright, results=tmp_path / "results")

    left = sorted(path.name for path in (tmp_path / "results").rglob("*") if path.is_file())
    assert left == ["trivial.one.json", "trivial.one.parquet"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"task": "regression"},
            ArgumentError,
            "trivial.one is for classification, the benchmark bright for regression",
        ),
        ({"sha256": "0" * 64}, ResultError, "not the images of the benchmark"),
        ({"table_sha256": "0" * 64}, ResultError, "draws some of the others differently"),
        ({"metrics": ("auc",)}, zoo.ZooError, "no classification metric is called 'auc'; did you mean"),
        ({"strata": {"seeing": ()}}, ResultError, "the truth lacks seeing"),
    ],
)
def test_what_cannot_be_measured_is_an_error_and_leaves_nothing(tiny_model, bright, tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        measure([tiny_model("trivial.one")], replace(bright, **change), results=tmp_path / "results")

    assert not list((tmp_path / "results").rglob("*.json"))


def test_a_table_is_checked_before_scoring_and_not_again_for_what_is_known(tiny_model, bright, tmp_path, caplog):
    pinned = replace(bright, table_sha256=table_sha256(zoo.open_dataset("folder", **bright.arguments)))
    with caplog.at_level("INFO", "zoo"):
        for _ in range(2):
            (result,) = measure([tiny_model("trivial.one")], pinned, results=tmp_path / "results")
    assert result.status == "ok"
    assert caplog.text.count("checking the parameters of the 40 images of bright") == 1


def test_an_untrained_model_is_refused(bright, tmp_path):
    with pytest.raises(UntrainedError, match="random weights"):
        measure([zoo.build("trivial")], bright, results=tmp_path / "results")


def test_a_model_of_other_bands_is_refused(tiny_model, bright, folder_of_images, tmp_path):
    for path in folder_of_images.rglob("*.npy"):
        np.save(path, np.stack([np.load(path)] * 2))
    two_bands = replace(bright, arguments=bright.arguments | {"bands": ["g", "i"]})

    with pytest.raises(zoo.ZooError, match=r"trivial\.one takes the bands VIS, bright has g, i"):
        measure([tiny_model("trivial.one")], two_bands, results=tmp_path / "results")


KILLED = """
import os, signal, sys
import zoo_core as zoo
from zoo_core.bench.effort import Effort
from zoo_core.bench.harness import measure
from zoo_core.catalog.specs import BenchmarkSpec

def die(model, done, total):
    os.kill(os.getpid(), signal.SIGKILL)

model, images, results = sys.argv[1:]
arguments = {"path": images, "classes": ["nonlens", "lens"]}
measure([zoo.load(model)], BenchmarkSpec("bright", "folder", "classification", ("auroc",), arguments),
        Effort(progress=die), results=results)
"""


def test_a_killed_run_goes_on_where_it_was(tiny_model, bright, folder_of_images, tmp_path):
    many = np.random.default_rng(1).normal(size=(SHARD, SIDE, SIDE)).astype("float32")
    for number, image in enumerate(many):
        np.save(folder_of_images / "nonlens" / f"more{number:04d}.npy", image)
    model = tiny_model("trivial.one")
    folder = next(path for path in tmp_path.iterdir() if path.name.startswith("model-trivial.one"))
    arguments = [str(folder), str(folder_of_images), str(tmp_path / "results")]

    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    finished = list((tmp_path / "results/bright").rglob("*.parquet"))
    before = [path.stat().st_mtime_ns for path in finished]
    seen = []
    spec = replace(bright, metrics=("auroc",))
    (result,) = measure(
        [model],
        spec,
        Effort(progress=lambda *call: seen.append([path.stat().st_mtime_ns for path in finished])),
        results=tmp_path / "results",
    )

    assert killed.returncode == -9
    assert len(finished) == 1  # one shard of two
    assert seen[0] == before  # which was not written again
    assert sum(result.images.values()) == SHARD + 40
    (fresh,) = measure([model], spec, results=tmp_path / "fresh")
    assert fresh.metrics == result.metrics


def test_a_network_that_cannot_be_compiled_is_measured_as_it_is(tiny_model, bright, tmp_path, caplog, monkeypatch):
    model = tiny_model("trivial.one")
    (plain,) = measure([model], bright, results=tmp_path / "plain")
    monkeypatch.setattr(torch, "compile", lambda network, **_: None)
    (asked,) = measure([model], bright, Effort(compile=True), results=tmp_path / "asked")
    assert "could not be compiled" in caplog.text and asked.metrics == plain.metrics


def test_bf16_is_another_measurement_with_nearly_the_same_scores(tiny_model, bright, tmp_path):
    model = tiny_model("trivial.one")
    exact, rounded = (
        measure([model], bright, Effort(precision=precision), results=tmp_path / precision)[0]
        for precision in ("float32", "bf16")
    )

    scores = [
        predictions_of(tmp_path / precision / "bright/trivial.one.json", result)[0]["p_lens"]
        for precision, result in (("float32", exact), ("bf16", rounded))
    ]
    assert exact.key != rounded.key
    np.testing.assert_allclose(*scores, atol=0.05)  # 8 bits of mantissa through 65 terms


def test_a_cell_that_another_run_measures_is_refused(tiny_model, bright, tmp_path):
    def second(model, done, total):
        with pytest.raises(FileError, match="another run is writing there"):
            measure([tiny_model("trivial.one")], bright, results=tmp_path / "results")

    (result,) = measure([tiny_model("trivial.one")], bright, Effort(progress=second), results=tmp_path / "results")
    assert result.status == "ok"


def test_files_that_are_rewritten_with_the_same_size_are_measured_again(tiny_model, bright, folder_of_images, tmp_path):
    calls, model = Calls(), tiny_model("trivial.one")
    measure([model], bright, results=tmp_path / "results")
    path = folder_of_images / "lens" / "lens00.npy"
    np.save(path, np.eye(SIDE, dtype="float32"))
    os.utime(path, ns=(0, 1))
    measure([model], bright, Effort(progress=calls), results=tmp_path / "results")
    assert calls.take() == ["trivial.one"]
