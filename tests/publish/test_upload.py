import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import zoo_core as zoo
from zoo_core.bench.results import read_result, write_result
from zoo_core.catalog.folder import read_folder, write_folder
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.weights import weights_file
from zoo_core.errors import PublishError
from zoo_core.publish.upload import rehearse, write_repository

from ..hub_server import HubServer
from ..publishing_process import PublishingProcess
from .conftest import DISTRIBUTION, MODEL

REPO = "survey/second-tiny"


@pytest.fixture(scope="module")
def server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def hub(server) -> HubServer:
    """The Hub, empty."""
    server.forget()
    return server


@pytest.fixture(scope="module")
def somebody(server, site, tmp_path_factory) -> Iterator[PublishingProcess]:
    """Who knows the plugin and has a token for the Hub."""
    with PublishingProcess(server, tmp_path_factory.mktemp("somebody")) as process:
        process.sees(site, DISTRIBUTION)
        yield process


@pytest.fixture(scope="package")
def repository(trained, results, tmp_path_factory) -> Path:
    """What is to be uploaded."""
    return write_repository(trained, tmp_path_factory.mktemp("repository") / "model", results, "survey")


def test_the_repository_is_a_folder_that_loads_and_predicts_alike(repository):
    assert {path.name for path in repository.iterdir()} == {
        ".eval_results",
        "README.md",
        "config.json",
        "golden.safetensors",
        "model.safetensors",
    }
    image = np.random.default_rng(0).normal(size=(1, 2, 33, 33)).astype(np.float32)
    here, there = (zoo.load(name)(image).mean for name in (MODEL, repository))
    assert here.equal(there)


def test_a_published_model_is_loaded_back_from_the_hub(somebody, trained, results, hub, site, tmp_path):
    """Through a registry entry with the lines that publishing gave, from an empty cache."""
    published = somebody.zoo("publish", trained, "--repo", REPO, "--results", results)
    assert published.code == 0, published.err
    assert set(hub.files(REPO)) == {"README.md", "config.json", "golden.safetensors", "model.safetensors"}
    install_index(tmp_path / "elsewhere", "second.hub", published.out.partition("\n")[2])
    somebody.sees(tmp_path / "elsewhere", site, DISTRIBUTION)

    loaded = somebody.replayed("second.hub")

    assert hub.asked("GET", "/objects/"), "its weights came from the Hub"
    assert Path(loaded["weights"]).parts[-2:] == (hub.repositories[REPO][-1].oid, "model.safetensors")
    assert loaded["difference"] < 1e-4


def test_a_rehearsal_shows_the_card_and_sends_nothing(somebody, trained, results, hub):
    ended = somebody.zoo(
        "publish", trained, "--repo", REPO, "--results", results, "--benchmarks", "survey", "--dry-run"
    )

    assert ended.code == 0, ended.err
    assert f"nothing was sent; {REPO} would hold" in ended.out
    files = ("README.md", "config.json", "golden.safetensors", "model.safetensors", ".eval_results/second_rings.yaml")
    assert all(name in ended.out for name in files)
    assert "# second.tiny" in ended.out
    assert hub.repositories == {} and hub.requests == []


def test_a_rehearsal_fails_as_the_upload_would(site, tmp_path):
    with pytest.raises(PublishError, match="measured results"):
        rehearse(MODEL, tmp_path)


def test_publishing_again_changes_nothing(somebody, repository, hub):
    first, second = (somebody.commit(repository, REPO) for _ in range(2))
    assert first == second
    assert len(hub.repositories[REPO]) == 2, "the initial commit and one more"


def test_other_weights_under_the_same_id_are_refused(somebody, repository, hub):
    hub.add(REPO, {"model.safetensors": b"earlier weights"})
    answer = somebody.commit(repository, REPO)
    assert answer["error"] == "PublishError"
    assert "under a new tag" in answer["message"]
    assert hub.files(REPO) == {"model.safetensors": b"earlier weights"}


def test_without_the_right_to_write_the_token_is_named(somebody, repository, hub):
    hub.fail("POST", "/api/repos/create", status=403)
    answer = somebody.commit(repository, REPO)
    assert answer["error"] == "PublishError"
    assert "HF_TOKEN" in answer["message"]


def test_an_upload_that_fails_half_way_publishes_nothing(somebody, repository, hub):
    hub.fail("POST", "/commit/", status=500)
    answer = somebody.commit(repository, REPO)
    assert answer["error"] == "PublishError"
    assert hub.files(REPO) == {}
    assert somebody.commit(repository, REPO)["error"] == ""


@pytest.mark.parametrize("repo", ["no owner", "a/b/c", "-/-"])
def test_a_name_that_cannot_be_a_repository_is_refused(somebody, repository, repo):
    answer = somebody.commit(repository, repo)
    assert answer["error"] == "PublishError"
    assert repo in answer["message"]


def test_a_model_without_results_is_not_published(site, tmp_path):
    with pytest.raises(PublishError, match=r"measured results \(zoo benchmark second\.tiny --on \.\.\.\)"):
        write_repository(MODEL, tmp_path / "repository", tmp_path)


def test_everything_that_is_missing_is_said_at_once(site, tmp_path):
    spec = replace(catalog().model(MODEL), summary="", training_data="")
    folder = write_folder(tmp_path / "run", spec, weights_file(spec))
    with pytest.raises(PublishError) as caught:
        write_repository(folder, tmp_path / "repository", tmp_path)
    assert all(what in str(caught.value) for what in ("summary", "training_data", "measured results", "golden file"))


def test_results_of_other_weights_are_refused(site, results, tmp_path):
    path = results / "second_rings" / f"{MODEL}.json"
    result = read_result(path)
    write_result(replace(result, hashes=result.hashes | {"weights": "0" * 64}), tmp_path / "second_rings" / path.name)
    with pytest.raises(PublishError, match="measured with other weights"):
        write_repository(MODEL, tmp_path / "repository", tmp_path)


def test_a_result_that_its_predictions_do_not_give_is_refused(site, results, tmp_path):
    shutil.copytree(results / "second_rings", tmp_path / "second_rings")
    path = tmp_path / "second_rings" / f"{MODEL}.json"
    result = read_result(path)
    name, estimate = next(iter(result.metrics.items()))
    write_result(replace(result, metrics=result.metrics | {name: replace(estimate, value=0.001)}), path)
    with pytest.raises(PublishError, match=rf"{re.escape(name)} is 0\.001 in the result, but .* from its predictions"):
        write_repository(MODEL, tmp_path / "repository", tmp_path)


def test_a_golden_file_that_does_not_replay_is_refused(trained, results, tmp_path):
    golden = tmp_path / "golden.safetensors"
    with safe_open(trained / golden.name, framework="numpy") as file:
        metadata = file.metadata()
    tensors = load_file(trained / golden.name)
    save_file(tensors | {"expected.mean": tensors["expected.mean"] + 0.01}, golden, metadata)
    spec = read_folder(trained)
    folder = write_folder(tmp_path / "folder", spec, weights_file(spec), golden)
    with pytest.raises(PublishError, match="does not replay its golden file: mean of"):
        write_repository(folder, tmp_path / "repository", results)


def install_index(site: Path, id: str, weights: str) -> None:
    """A distribution that is nothing but a registry: zoo-second's entry under another id, with these weights."""
    info = site / "zoo_index-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-index\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nindex = zoo_index\n")
    (site / "zoo_index").mkdir()
    (site / "zoo_index" / "__init__.py").write_text("")
    registry = yaml.safe_load((DISTRIBUTION / "zoo_second" / "registry.yaml").read_text())
    entry = registry["models"][MODEL] | yaml.safe_load(weights)
    (site / "zoo_index" / "registry.yaml").write_text(yaml.safe_dump({"schema": 2, "models": {id: entry}}))
