"""A model of one's own is proposed whole or not at all, and what is missing or false is named."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file, save_file

import zoo_core as zoo
from zoo_core.bench.verify import faults_on_file
from zoo_core.catalog.checksum import sha256_of
from zoo_core.catalog.folder import read_folder, write_folder
from zoo_core.catalog.registry import catalog, core_registry, read_registry
from zoo_core.catalog.specs import Cost, ModelSpec
from zoo_core.catalog.weights import golden_file, weights_file
from zoo_core.errors import PublishError, RegistryError, WeightsError
from zoo_core.models.cost import cost_of
from zoo_core.publish import checks
from zoo_core.publish.bundle import bundle, ship
from zoo_core.publish.declaration import faults_of_declaration
from zoo_core.publish.proposal import submit
from zoo_core.publish.samples import samples_of
from zoo_core.testing.golden import replay

from .contribution import Contribution, contributed, forget

ID = "mynet.first"
RESULT = f"docs/leaderboard/results/finding_space/{ID}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contribution]:
    with pytest.MonkeyPatch.context() as patch:
        yield contributed(tmp_path_factory.mktemp("contribution"), patch)
    forget()


@pytest.fixture
def changed(made: Contribution, tmp_path: Path) -> Callable[..., Path]:
    """The model's folder with other statements; its weights are the same."""

    def write(change: Callable[[ModelSpec], ModelSpec]) -> Path:
        spec = read_folder(made.model)
        return write_folder(tmp_path / "changed", change(spec), weights_file(spec))

    return write


@pytest.fixture
def measured(made: Contribution, tmp_path: Path) -> Path:
    """A copy of the result, to be forged."""
    shutil.copytree(made.results, tmp_path / "results")
    return tmp_path / "results" / "finding_space" / f"{ID}.json"


def test_a_proposal_is_laid_out_as_the_repository_and_lists_the_model(made, tmp_path):
    proposal = submit(made.model, tmp_path / "proposal", made.results)

    assert proposal.passed, proposal.checks
    assert {
        "registry.yaml",
        f"{RESULT}.json",
        f"{RESULT}.parquet",
        f"docs/leaderboard/cards/{ID}.md",
        "plugins/mynet/pyproject.toml",
        "plugins/mynet/zoo_mynet/network.py",
        f"plugins/mynet/zoo_mynet/weights/{ID}.safetensors",
        f"plugins/mynet/zoo_mynet/weights/{ID}.golden.safetensors",
    } <= {path.relative_to(proposal.to).as_posix() for path in proposal.to.rglob("*") if path.is_file()}
    before, after = core_registry(), read_registry(proposal.to / "registry.yaml", "zoo-core")
    assert set(after.models) - set(read_registry(before, "zoo-core").models) == {ID}
    entry = after.models[ID]
    assert (entry.licence, entry.known_failures, entry.domain) == ("BSD-3-Clause", ("nearly everything",), "simulated")
    assert entry.cost == cost_of(zoo.load(made.model, device="cpu")) != Cost(0, 0)
    golden = proposal.to / f"plugins/mynet/zoo_mynet/weights/{ID}.golden.safetensors"
    assert sha256_of(golden) == entry.weights.golden_sha256
    assert replay(zoo.load(made.model, device="cpu"), golden)[0].value < 1e-4


def test_a_checkout_gets_the_entry_among_its_own_lines(made, tmp_path):
    checkout = tmp_path / "checkout"
    (checkout / "zoo_core").mkdir(parents=True)
    (checkout / "plugins").mkdir()
    shutil.copyfile(core_registry(), checkout / "registry.yaml")
    (checkout / "plugins" / "requirements.txt").write_text("-e .\n")
    before = core_registry().read_text().splitlines()

    submit(made.model, checkout, made.results)

    after = (checkout / "registry.yaml").read_text().splitlines()
    start = after.index(f"  {ID}:")
    end = after.index("", start)
    assert after[:start] + after[end:] == before
    assert (checkout / "plugins" / "requirements.txt").read_text() == "-e .\n-e plugins/mynet\n"


def test_everything_that_is_missing_is_said_at_once_and_nothing_is_written(made, changed, tmp_path):
    def empty(spec):
        trained_on = tuple(replace(one, sha256=None) for one in spec.trained_on)
        return replace(spec, known_failures=(), paper="", training_data="", summary="", trained_on=trained_on)

    proposal = submit(changed(empty), tmp_path / "proposal", tmp_path / "no results")

    found = {check.subject: "; ".join(check.faults) for check in proposal.checks}
    assert "summary is empty" in found["entry and licence"]
    assert "known_failures is empty" in found["known failures"]
    assert "paper is empty: give the BibTeX" in found["paper"]
    assert "training_data is empty" in found["training data"]
    assert "finding_space has no sha256" in found["training data"]
    assert "zoo benchmark" in found["results"]
    assert found["laws"] == found["golden file"] == found["weights"] == ""
    assert not (tmp_path / "proposal").exists()


def test_a_licence_that_is_none_is_named(made, changed):
    folder = changed(lambda spec: spec)
    config = folder / "config.json"
    config.write_text(config.read_text().replace("BSD-3-Clause", "free for all"))

    with pytest.raises(WeightsError, match="not a licence of the SPDX list"):
        submit(folder, None, made.results)


@pytest.mark.parametrize("arguments", [{"seed": 12}, {"n": 25}])
def test_other_training_images_than_the_fingerprint_shows_are_refused(made, arguments):
    spec = read_folder(made.model)
    (one,) = spec.trained_on
    denied = replace(spec, trained_on=(replace(one, arguments={**one.arguments, **arguments}),))

    assert not list(faults_of_declaration(spec))
    assert "declare the images that it was trained on" in "; ".join(faults_of_declaration(denied))


def test_what_a_listed_model_says_of_its_images_is_not_asked_of_those_who_begin_with_its_weights(made):
    spec = read_folder(made.model)
    (before,) = zoo.list_models("lastro.space")[0].trained_on
    begun = replace(spec, trained_on=(before, *spec.trained_on))
    other = replace(begun, trained_on=(replace(before, seed=7), *spec.trained_on))

    assert before.sha256 is None
    assert not list(faults_of_declaration(begun))
    assert ["has no sha256" in fault for fault in faults_of_declaration(other)] == [True]


def test_images_of_a_benchmark_under_another_name_are_refused(made, changed, measured):
    (sky,) = zoo.list_benchmarks("finding_space")

    def deny(spec):
        return replace(spec, trained_on=(replace(spec.trained_on[0], sha256=sky.sha256),))

    sentence = "has the fingerprint of the benchmark finding_space"
    assert sentence in "; ".join(faults_of_declaration(deny(read_folder(made.model))))
    assert sentence in "; ".join(faults_on_file(measured, changed(deny)))


def test_a_number_that_was_changed_is_refused(made, measured):
    content = json.loads(measured.read_text())
    content["metrics"]["auroc"]["value"] = 0.999
    measured.write_text(json.dumps(content))

    assert "auroc is 0.999 in the result, but" in "; ".join(faults_on_file(measured, made.model))


def test_predictions_that_were_changed_are_refused(made, measured):
    table = pq.read_table(measured.with_suffix(".parquet"))
    perfect = pa.array(table["true_label"].to_numpy().astype(float))
    table = table.set_column(table.column_names.index("p_lens"), "p_lens", perfect)
    pq.write_table(table, measured.with_suffix(".parquet"))

    assert "is not what mynet.first was measured from" in "; ".join(faults_on_file(measured, made.model))


def test_weights_that_were_swapped_after_measuring_are_refused(made, measured, tmp_path):
    spec, swapped = read_folder(made.model), tmp_path / "swapped.safetensors"
    tensors = load_file(weights_file(spec))
    save_file({name: np.asarray(tensor + tensor.dtype.type(1)) for name, tensor in tensors.items()}, swapped)
    folder = write_folder(tmp_path / "folder", spec, swapped)

    assert "its weights have the sha256" in "; ".join(faults_on_file(measured, folder))


def test_weights_too_large_for_the_repository_are_sent_to_the_hub(made, monkeypatch):
    monkeypatch.setattr(checks, "LARGEST", 1000)

    proposal = submit(made.model, None, made.results)

    assert "zoo publish" in {check.subject: "; ".join(check.faults) for check in proposal.checks}["weights"]


def test_a_folder_that_holds_something_is_left_alone(made, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(PublishError, match="--to takes a new folder, or a checkout"):
        submit(made.model, tmp_path, made.results)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_plugin_whose_models_another_registry_lists_is_given_none(made):
    registry = made.plugin / "zoo_mynet" / "registry.yaml"
    aside = registry.rename(registry.with_suffix(".aside"))
    before = sorted(made.plugin.rglob("*.safetensors"))

    with pytest.raises(PublishError, match=r"zoo_mynet has no registry\.yaml .* `zoo submit FOLDER --to CHECKOUT`"):
        ship(made.model)
    assert sorted(made.plugin.rglob("*.safetensors")) == before
    aside.rename(registry)


def test_a_plugin_is_given_its_model_again_when_its_statements_changed(made, changed, tmp_path):
    registry = made.plugin / "zoo_mynet" / "registry.yaml"
    registry.write_text(registry.read_text() + "datasets: {}\n")
    before = registry.read_text()

    shipped = ship(made.model)
    again = ship(changed(lambda spec: replace(spec, known_failures=("rings", "spirals"))))

    assert shipped.model == again.model == ID
    spec = catalog().model(ID)
    assert spec.cost == cost_of(zoo.load(ID, device="cpu"))
    assert spec.known_failures == ("rings", "spirals")
    assert replay(zoo.load(ID, device="cpu"), golden_file(spec))[0].value < 1e-4
    assert registry.read_text().count(f"{ID}:") == 1 and registry.read_text().endswith("datasets: {}\n")
    other = write_folder(tmp_path / "other", read_folder(made.model), made.registry)
    with pytest.raises(RegistryError, match="has other weights"):
        ship(other)
    registry.write_text(before)
    published = (made.plugin / "zoo_mynet" / "weights" / f"{ID}.safetensors").read_bytes()
    with pytest.raises(PublishError, match="holds other weights under this id"):
        bundle(other, made.plugin / "zoo_mynet", samples_of(read_folder(other)))
    assert (made.plugin / "zoo_mynet" / "weights" / f"{ID}.safetensors").read_bytes() == published
