from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from zoo_core.bench.results import Estimate, Result, read_result, read_results
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import Cost, ModelSpec
from zoo_core.publish.card import model_card
from zoo_core.publish.eval_results import write_eval_results
from zoo_core.tasks import Heads

from .conftest import MODEL

RESULTS = Path(__file__).parents[2] / "docs/leaderboard/results"


@pytest.fixture
def spec(site) -> ModelSpec:
    return catalog().model(MODEL)


@pytest.fixture
def result(results) -> Result:
    (one,) = read_results(results)
    return one


def test_the_front_matter_is_what_the_hub_reads(spec, result, tmp_path):
    model_card(spec, [result]).save(tmp_path / "README.md")
    _, front, _ = (tmp_path / "README.md").read_text().split("---\n", 2)
    read = yaml.safe_load(front)
    assert read["license"] == "mit"
    assert read["library_name"] == "zoo-core"
    assert {"strong-gravitational-lensing", "regression", "second"} <= set(read["tags"])


def test_the_model_index_holds_every_measured_number(spec, result, tmp_path):
    model_card(spec, [result]).save(tmp_path / "README.md")
    read = ModelCard.load(tmp_path / "README.md").data
    assert read.model_name == MODEL
    measured = {name: one.value for name, one in result.metrics.items() if one.value is not None}
    assert {one.metric_type: one.metric_value for one in read.eval_results} == pytest.approx(measured)
    for one in read.eval_results:
        estimate = result.metrics[one.metric_type]
        assert one.dataset_type == "second_rings"
        assert one.dataset_args["domain"] == "simulated"
        if estimate.low is not None:
            assert one.metric_args["low"] == pytest.approx(estimate.low)
            assert one.metric_args["high"] == pytest.approx(estimate.high)


def test_the_hub_s_own_parser_reads_every_measured_number(result, tmp_path):
    path = write_eval_results(replace(result, seen=True), "survey", tmp_path)

    entries = parse_eval_result_entries(yaml.safe_load(path.read_text()))

    assert path.relative_to(tmp_path).as_posix() == ".eval_results/second_rings.yaml"
    measured = {name: one.value for name, one in result.metrics.items() if one.value is not None}
    assert {one.task_id: one.value for one in entries} == pytest.approx(measured)
    assert {(one.dataset_id, one.date) for one in entries} == {("survey/second_rings", result.measured)}
    notes = {one.task_id: one.notes for one in entries}["nmad[theta_E]"]
    assert f"95 % interval {result.metrics['nmad[theta_E]'].low:.6g} to" in notes
    assert "trained on images of this data set" in notes


def test_the_text_says_what_a_user_must_know(spec, result):
    spec = replace(spec, known_failures=("mergers",), paper="@article{a}", cost=Cost(12, 3_400_000_000))
    text = model_card(spec, [result]).text
    for fact in (
        'zoo.load("second.tiny")',
        "pip install zoo-core zoo-second",
        spec.weights.sha256,
        "theta_E (arcsec), q",
        '{"op": "frame", "size": 33}',
        "12 parameters; 3.4 GFLOP an image and view",
        "- mergers",
        "@article{a}",
        "trained on images of this data set",
    ):
        assert fact in text


def test_a_metric_that_is_not_defined_is_said_and_kept_out_of_the_index(spec, result):
    card = model_card(spec, [replace(result, metrics={"nmad": Estimate(None), "bias": Estimate(0.1)})])
    assert [one.metric_type for one in card.data.eval_results] == ["bias"]
    assert "| nmad | not defined |  |" in card.text


def test_the_card_of_a_finder_says_how_often_it_calls_a_real_galaxy_a_lens(spec):
    finder = read_result(RESULTS / "sky_space" / "deeplens.sky.json")

    text = model_card(spec, [finder]).text

    assert "False positives: 2.9 % (0.074 to 15 %) of the 34 nonlens images of sky_space have p &gt;= 0.5" in text
    assert "False positives" not in model_card(spec, [replace(finder, dataset={"domain": "simulated"})]).text


def test_a_failed_benchmark_is_shown_as_failed(spec, result):
    failed = replace(result, status="failed", message="out of memory", metrics={})
    assert "Failed: out of memory" in model_card(spec, [failed]).text


def test_words_of_others_are_text_on_a_card(spec, result):
    words = "<script>alert(1)</script> [a](javascript:b)"
    stated = replace(spec, summary=words, known_failures=(words,), training_data=words, paper=f"```\n{words}")
    failed = replace(result, status="failed", message=words, metrics={}, images={words: 3})

    text = model_card(stated, [failed]).text

    outside, fenced = text.split("```bibtex")
    assert "<script" not in outside and "[a](" not in outside
    assert fenced.count("```") == 1


def test_the_card_of_a_detector_says_what_its_score_means_and_no_temperature(spec):
    text = str(model_card(replace(spec, task="anomaly", heads=Heads()), []))

    assert "| outputs | score (higher is stranger), reconstruction, latent |" in text
    assert "temperature" not in text and "prior" not in text


def test_the_card_of_a_denoiser_says_where_its_images_go(spec):
    assert 'out_dir="restored")' in str(model_card(replace(spec, task="restoration", heads=Heads()), []))
    assert "out_dir" not in str(model_card(spec, []))


def test_the_card_of_a_clustering_says_that_no_label_was_seen(spec):
    text = str(model_card(replace(spec, task="clustering", heads=Heads(classes=("0", "1"))), []))

    assert "clusters 0, 1, found without labels" in text
