"""Distributions from outside this repository, with another task and two bands, go through everything the zoo does."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from astropy.io import fits

from zoo_core import open_dataset

from ..cli.conftest import zoo_command as zoo_command

LISTED = """
import json, sys
import zoo_core as zoo

names = {
    "models": [spec.id for spec in zoo.list_models()],
    "benchmarks": [spec.id for spec in zoo.list_benchmarks()],
    "datasets": [spec.name for spec in zoo.list_datasets()],
}
print(json.dumps(names | {"imported": [name for name in ("torch", "zoo_second", "zoo_broken") if name in sys.modules]}))
"""


@pytest.fixture
def zoo(third_party_site: Path, seen, zoo_command, tmp_path: Path, monkeypatch) -> Callable[..., str]:
    """The command line where they are installed, in a folder of its own; what it prints, after it has ended well."""
    seen(third_party_site)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> str:
        answer = zoo_command(*arguments)
        assert answer.code == 0, answer.out + answer.err
        return answer.out

    return command


def test_its_registry_is_listed_and_nothing_of_it_is_imported(third_party: Callable):
    done = third_party("-c", LISTED)
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert "second.tiny" in listed["models"]
    assert "second_rings" in listed["benchmarks"]
    assert "second_rings" in listed["datasets"]
    assert listed["imported"] == []


def test_a_plugin_that_raises_at_import_is_reported_by_name_and_disturbs_no_other(zoo):
    rows = {row["name"]: row for row in json.loads(zoo("plugins", "--json"))}
    assert rows["broken"]["status"] == "OSError: libmissing.so.1: cannot open shared object file"
    assert rows["broken"]["distribution"] == "zoo-broken"
    assert rows["second"]["provides"] == "second, second_rings, within_a_tenth"
    assert rows["core"]["status"] == "ok"


@pytest.mark.usefixtures("zoo")
def test_a_broken_plugin_that_is_asked_for_says_what_is_wrong_with_it(zoo_command):
    answer = zoo_command("check", "broken")
    assert answer.code == 1
    assert answer.err.startswith("zoo: plugin 'broken' of zoo-broken cannot be imported: OSError: libmissing.so.1")
    assert "Traceback" not in answer.err


def test_it_predicts_from_fits_cubes_of_two_bands(zoo, tmp_path: Path):
    rings = open_dataset("second_rings", n=4, seed=5)
    true = rings.truth()["theta_E"]
    for name, image in zip(rings.truth()["id"], rings.images(slice(0, 4)), strict=True):
        fits.writeto(tmp_path / f"{name}.fits", image)
    paths = sorted(tmp_path.glob("*.fits"))
    rows = list(csv.DictReader(io.StringIO(zoo("predict", "second.tiny", *map(str, paths), "missing.fits"))))
    assert list(rows[0]) == ["id", "path", "status", "message", "theta_E", "theta_E_err", "q", "q_err"]
    assert [row["status"] for row in rows] == ["ok"] * 4 + ["error"]
    off = [abs(float(row["theta_E"]) - theta_E) for row, theta_E in zip(rows, true, strict=False)]
    assert max(off) < 0.2  # arcsec; a constant is off by 0.3 on average


def test_it_obeys_the_laws_and_replays_its_golden_file(zoo):
    summary = zoo("check", "second", "--weights").splitlines()[-1]
    assert summary == "second: passed (23 ran, 23 required, 0 broken, 0 expected to fail, 0 skipped)"


def test_it_is_measured_on_its_own_benchmark_with_its_own_metric(zoo, tmp_path: Path):
    zoo("benchmark", "second.tiny", "--on", "second_rings", "--results", "results", "--device", "cpu")
    metrics = json.loads((tmp_path / "results" / "second_rings" / "second.tiny.json").read_text())["metrics"]
    assert metrics["within_a_tenth"]["value"] > 0.9  # the network was trained on such rings
    assert metrics["nmad[theta_E]"]["value"] < 0.1
    assert "second.tiny" in zoo("leaderboard", "--results", "results", "--on", "second_rings")
