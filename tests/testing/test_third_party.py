"""Distributions from outside this repository, with another task and two bands, go through everything the zoo does."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DISTRIBUTIONS = Path(__file__).parents[1] / "distributions"

Run = Callable[..., subprocess.CompletedProcess]

LISTED = """
import json, sys
import zoo_core as zoo

models, benchmarks, datasets = zoo.models(), zoo.benchmarks(), zoo.datasets()
imported = [name for name in ("torch", "zoo_second", "zoo_broken") if name in sys.modules]
print(json.dumps({
    "models": [spec.id for spec in models],
    "benchmarks": [spec.id for spec in benchmarks],
    "datasets": [spec.name for spec in datasets],
    "imported": imported,
}))
"""

PLUGINS = """
import json
from zoo_core.plugins import plugins

print(json.dumps({plugin.name: plugin.error for plugin in plugins()}))
"""

PREDICTED = """
import json
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

import zoo_core as zoo

rings = zoo.dataset("second_rings", n=4, seed=5)
paths = [Path(f"{name}.fits") for name in rings.truth()["id"]]
for path, image in zip(paths, rings.images(0, 4)):
    fits.writeto(path, image)
model = zoo.load("second", pretrained=True)
table = model.predict([*paths, "missing.fits"])
print(json.dumps({
    "id": model.id,
    "columns": table.colnames,
    "status": list(table["status"]),
    "off": np.abs(np.array(table["theta_E"][:4], dtype=float) - rings.truth()["theta_E"]).tolist(),
}))
"""

CHECKED = """
from zoo_core.testing.check import check

report = check("second", weights=True)
print(report.summary())
assert report.passed, report.rows()
"""

TRAINED = """
import sys
import zoo_core as zoo
from zoo_core.train.fit import train

run = train(sys.argv[1], out="run", device="cpu", steps=250, progress=False)
model = zoo.load(run)
assert model.trained and model.task.name == "regression", model
print(model.heads.parameters)
"""

MEASURED = """
import json
import zoo_core as zoo

(result,) = zoo.benchmark(["second.tiny"], on="second_rings", results="results", device="cpu")
assert result.status == "ok", result.message
print(json.dumps({name: estimate.value for name, estimate in result.metrics.items()}))
"""


def output(process: subprocess.CompletedProcess) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout.splitlines()[-1]


def test_its_registry_is_listed_and_nothing_of_it_is_imported(third_party: Run):
    listed = json.loads(output(third_party("-c", LISTED)))
    assert "second.tiny" in listed["models"]
    assert "second_rings" in listed["benchmarks"]
    assert "second_rings" in listed["datasets"]
    assert listed["imported"] == []


def test_a_plugin_that_raises_at_import_is_reported_by_name_and_disturbs_no_other(third_party: Run):
    errors = json.loads(output(third_party("-c", PLUGINS)))
    assert errors["broken"] == "OSError: libmissing.so.1: cannot open shared object file"
    assert errors["second"] is None
    assert errors["core"] is None


def test_it_predicts_from_fits_cubes_of_two_bands(third_party: Run, tmp_path: Path):
    predicted = json.loads(output(third_party("-c", PREDICTED, cwd=tmp_path)))
    assert predicted["id"] == "second.tiny"
    assert predicted["columns"] == ["id", "path", "status", "message", "theta_E", "theta_E_err", "q", "q_err"]
    assert predicted["status"] == ["ok"] * 4 + ["error"]
    assert max(predicted["off"]) < 0.2  # arcsec; a constant is off by 0.3 on average


def test_it_obeys_the_laws_and_replays_its_golden_file(third_party: Run):
    assert output(third_party("-c", CHECKED)) == (
        "second: passed (10 ran, 10 required, 0 broken, 0 expected to fail, 0 skipped)"
    )


@pytest.mark.slow
def test_it_trains_on_its_own_data_set(third_party: Run, tmp_path: Path):
    recipe = DISTRIBUTIONS / "zoo-second" / "recipes" / "tiny.yaml"
    assert output(third_party("-c", TRAINED, str(recipe), cwd=tmp_path)) == "('theta_E', 'q')"


def test_it_is_measured_on_its_own_benchmark_with_its_own_metric(third_party: Run, tmp_path: Path):
    figures = json.loads(output(third_party("-c", MEASURED, cwd=tmp_path)))
    assert figures["within_a_tenth"] > 0.9  # the network was trained on such rings
    assert figures["nmad[theta_E]"] < 0.1
