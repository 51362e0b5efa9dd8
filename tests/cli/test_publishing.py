"""The real `lastro.space`, published by the command line, and used by somebody who has none of its files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
import yaml
from astropy.io import fits

from zoo_core.catalog.registry import catalog, core_registry
from zoo_core.catalog.weights import golden_file
from zoo_core.catalog.yaml12 import read_mapping
from zoo_core.errors import RegistryError
from zoo_core.testing.golden import read_golden, tolerance

from ..catalog.distributions import install
from ..hub_server import HubServer
from ..publishing_process import PublishingProcess

MODEL, THERE, REPO = "lastro.space", "lastro.hub", "survey/lastro-space"
RESULTS = Path(__file__).parents[2] / "docs" / "leaderboard" / "results"


@pytest.fixture(scope="module")
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture(scope="module")
def somebody(hub: HubServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublishingProcess]:
    with PublishingProcess(hub, tmp_path_factory.mktemp("somebody")) as process:
        yield process


def install_listing(site: Path, weights: str) -> None:
    """A distribution that only lists `lastro.hub`: the entry of `lastro.space`, but for the weights given."""
    registry = read_mapping(core_registry(), RegistryError)
    entry = registry["models"][MODEL] | yaml.safe_load(weights) | {"default": False}
    listed = {"schema": 2, "papers": registry["papers"], "models": {THERE: entry}}
    install(site, "index", "zoo_index", registry=yaml.safe_dump(listed))


def write_fits(folder: Path) -> dict[str, float]:
    """The golden images of the model as files; what it said of each."""
    golden = read_golden(golden_file(catalog().model(MODEL)))
    folder.mkdir()
    for name, image, scale in zip(golden.ids, golden.images, golden.pixel_scales, strict=True):
        header = fits.Header(
            {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CDELT1": -scale / 3600, "CDELT2": scale / 3600}
        )
        fits.writeto(folder / f"{name}.fits", image[0], header)
    return dict(zip(golden.ids, golden.expected["probabilities"][:, 1].tolist(), strict=True))


@pytest.mark.slow
def test_the_published_model_gives_the_golden_predictions_to_somebody_without_its_files(somebody, hub, tmp_path):
    (tmp_path / "results" / "sky_space").mkdir(parents=True)
    for suffix in (".json", ".parquet"):
        copy(RESULTS / "sky_space" / f"{MODEL}{suffix}", tmp_path / "results" / "sky_space")
    published = somebody.zoo("publish", MODEL, "--repo", REPO, "--results", tmp_path / "results")
    assert published.code == 0, published.err
    head, _, weights = published.out.partition("\n")
    assert head == f"{MODEL} is at {hub.url}/{REPO}; its entry in the registry:"
    assert "%" not in published.err, "no progress bar where nobody looks"
    files = {"README.md", "config.json", "golden.safetensors", "model.safetensors"}
    assert files <= set(hub.files(REPO))

    install_listing(tmp_path / "site", weights)
    somebody.sees(tmp_path / "site")
    expected = write_fits(tmp_path / "cutouts")
    predicted = somebody.zoo("predict", THERE, tmp_path / "cutouts", "-o", tmp_path / "scores.csv", "--device", "cpu")
    assert predicted.code == 0, predicted.err
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert {row["id"] for row in rows} == set(expected)
    found = [float(row["p_lens"]) for row in rows]
    np.testing.assert_allclose(found, [expected[row["id"]] for row in rows], atol=tolerance("cpu"))
    assert hub.asked("GET", "/objects/"), "its weights came from the Hub"

    hub.requests.clear()
    checked = somebody.zoo("check", THERE, "--weights", "--rounds", 1)
    assert checked.code == 0, checked.out + checked.err
    assert "golden" in checked.out
    assert not hub.asked("GET", "model.safetensors"), "and lie in the cache now"


def test_without_measured_results_nothing_is_uploaded(somebody, hub, tmp_path):
    hub.forget()

    refused = somebody.zoo("publish", MODEL, "--repo", REPO, "--results", tmp_path)

    assert refused.code == 1
    assert f"zoo benchmark {MODEL} --on" in refused.err and "Traceback" not in refused.err
    assert hub.requests == []


def test_in_another_folder_the_stored_results_are_found(zoo_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    card = zoo_command("publish", "trivial.space", "--repo", REPO, "--dry-run")
    mistakes = zoo_command("explain", "trivial.space", "--on", "sky_space", "-o", "worst.png")

    assert card.code == 0 and "sky_space" in card.out, card.err
    assert "--data" in mistakes.err and "is not there" not in mistakes.err  # they wait for nothing but images
