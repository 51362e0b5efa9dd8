"""The steps of the workflow that tries a proposal, as the file has them: a true one passes, and faults end it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoo_core.catalog.registry import catalog
from zoo_core.catalog.yaml12 import read_mapping
from zoo_core.errors import RegistryError
from zoo_core.publish.proposal import submit
from zoo_core.publish.review import review

from .publish.contribution import Contribution, contributed, forget

ROOT = Path(__file__).parents[1]
WORKFLOW = ROOT / ".github" / "workflows" / "contribution.yml"
RESULTS = Path("docs/leaderboard/results/finding_space")
ID = "mynet.first"


@pytest.fixture(scope="module")
def workflow() -> dict:
    return dict(read_mapping(WORKFLOW, RegistryError))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contribution]:
    with pytest.MonkeyPatch.context() as patch:
        yield contributed(tmp_path_factory.mktemp("contribution"), patch)
    forget()


def checkout(folder: Path, registry: Path) -> Path:
    """The repository as far as the zoo without plugins needs it."""
    (folder / "plugins").mkdir(parents=True)
    (folder / "plugins" / "requirements.txt").write_text("-e .\n")
    (folder / RESULTS).mkdir(parents=True)
    shutil.copyfile(registry, folder / "registry.yaml")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(ROOT / "zoo_core", folder / "zoo_core")
    return folder


@pytest.fixture(scope="module")
def place(made: Contribution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workflow runs: the checkout that a proposal is made against, and the proposal."""
    folder = tmp_path_factory.mktemp("workflow")
    checkout(folder / "base", made.registry)
    proposal = submit(made.model, checkout(folder / "proposal", made.registry), made.results)
    assert proposal.passed, proposal.checks
    return folder


def run(line: str, place: Path) -> subprocess.CompletedProcess:
    """A step in its own shell; heavy packages are those of this process, and nothing is fetched."""
    sites = [path for path in sys.path if Path(path).name == "site-packages"]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = kept | {  # what one step has compiled, the next ones read
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(sites),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(["bash", "-e", "-c", line], cwd=place, env=environment, capture_output=True, text=True)


def steps_of(workflow: dict) -> dict[str, str]:
    """The lines of each step of the one job, by its name."""
    (job,) = workflow["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def test_untrusted_code_has_no_secret_and_no_right_to_write(workflow):
    assert set(workflow["on"]) == {"pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOW.read_text()
    (job,) = workflow["jobs"].values()
    assert "permissions" not in job
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name) for name in used)
    checkouts = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
    assert len(checkouts) == 2 and all(given["persist-credentials"] is False for given in checkouts)


@pytest.mark.slow
def test_a_true_proposal_passes_every_step(workflow, place, tmp_path):
    outputs = {}
    place = Path(shutil.copytree(place, tmp_path / "workflow"))
    for name, line in steps_of(workflow).items():
        done = run(line.replace("-m venv", "-m venv --without-pip"), place)  # pip is that of this process
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
        outputs[name] = done.stdout

    assert "re-measured" in outputs["Score random images again"]
    assert "mynet.first: passed" in outputs["Try the laws"]
    assert ID in (place / "board" / "finding.html").read_text()


def test_a_step_ends_the_workflow_where_its_command_fails(workflow, tmp_path):
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "models.txt").write_text(f"{ID}\n")
    commands = [line for line in steps_of(workflow).values() if "environment/bin/zoo " in line]

    assert len(commands) == 5
    assert [
        line for line in commands if run(line.replace("environment/bin/zoo", "false"), tmp_path).returncode == 0
    ] == []


def proposed(place: Path, tmp_path: Path) -> Path:
    """A copy of the proposal, to be changed."""
    shutil.copytree(place / "proposal", tmp_path / "proposal")
    return tmp_path / "proposal"


def test_a_proposal_says_what_it_lists_and_what_must_be_installed(place):
    found = review(place / "proposal", place / "base")

    assert (found.models, found.faults) == ((ID,), ())
    assert found.requirements == (str((place / "proposal" / "plugins" / "mynet").resolve()),)


def test_what_only_maintainers_write_is_refused(place, tmp_path):
    changed = proposed(place, tmp_path)
    (changed / RESULTS / "verified").mkdir()
    (changed / RESULTS / "verified" / f"{ID}.json").write_text("{}")

    (fault,) = review(changed, place / "base").faults
    assert "only maintainers write what was measured again" in fault


def test_other_weights_under_a_published_id_are_refused(place, tmp_path):
    changed = proposed(place, tmp_path)
    text = (changed / "registry.yaml").read_text()
    known = catalog().model("trivial.space").weights.sha256
    (changed / "registry.yaml").write_text(text.replace(known, "0" * 64))

    assert "trivial.space has other weights than it had" in "; ".join(review(changed, place / "base").faults)


def measured_before(folder: Path, id: str = "trivial.space") -> Path:
    """Puts a result of a listed model into a checkout; returns where."""
    for suffix in (".json", ".parquet"):
        (folder / RESULTS / f"{id}{suffix}").write_text("as it was measured")
    return folder / RESULTS / f"{id}.json"


@pytest.mark.parametrize("change", ["result", "entry"])
def test_a_model_that_changes_another_one_s_row_is_refused(place, tmp_path, change):
    changed, base = proposed(place, tmp_path), Path(shutil.copytree(place / "base", tmp_path / "base"))
    for folder in (changed, base):
        result = measured_before(folder)
    registry = changed / "registry.yaml"
    spec = catalog().model("trivial.space")
    if change == "result":
        (changed / result.relative_to(base)).write_text("as it suits the new one")
    else:
        registry.write_text(registry.read_text().replace(f"{spec.summary}\n", "nothing that anybody need beat\n"))

    (fault,) = review(changed, base).faults
    assert fault.startswith("trivial.space was listed before, and ")
    assert "trivial.space.json" in fault if change == "result" else "its entry" in fault


def test_results_of_a_listed_model_are_checked_as_they_are_proposed(place, tmp_path):
    base = Path(shutil.copytree(place / "base", tmp_path / "base"))
    measured_before(base)
    changed = Path(shutil.copytree(base, tmp_path / "proposal"))
    (changed / RESULTS / "trivial.space.json").write_text("measured again")

    found = review(changed, base)

    assert (found.models, found.faults) == (("trivial.space",), ())


def test_a_model_that_changes_what_it_is_measured_on_is_refused(place, tmp_path):
    changed = proposed(place, tmp_path)
    truth = catalog().benchmark("finding_space").truth_sha256
    text = (changed / "registry.yaml").read_text()
    (changed / "registry.yaml").write_text(text.replace(truth, "0" * 64))

    (fault,) = review(changed, place / "base").faults
    assert "the benchmark finding_space is changed; propose that apart from models" in fault


def test_a_result_of_a_hidden_test_is_refused(place, tmp_path):
    changed, base = proposed(place, tmp_path), tmp_path / "base"
    shutil.copytree(place / "base", base)
    for folder in (changed, base):
        text = (folder / "registry.yaml").read_text()
        (folder / "registry.yaml").write_text(
            text.replace("\n  finding_space:\n    dataset:", "\n  finding_space:\n    hidden: true\n    dataset:")
        )

    assert "only who keeps the truth of a hidden test" in "; ".join(review(changed, base).faults)


@pytest.mark.parametrize("file", ["pyproject.toml", ".github/workflows/contribution.yml", "plugins/other/setup.py"])
def test_a_model_that_changes_code_of_the_zoo_is_refused(place, tmp_path, file):
    changed = proposed(place, tmp_path)
    (changed / file).parent.mkdir(parents=True, exist_ok=True)
    (changed / file).write_text("changed = true")

    (fault,) = review(changed, place / "base").faults
    assert fault.startswith(f"{file}: a proposal of a model changes nothing but")


def test_a_model_without_results_and_a_result_without_predictions_are_refused(place, tmp_path):
    changed = proposed(place, tmp_path)
    (changed / RESULTS / f"{ID}.parquet").unlink()
    assert "its predictions (mynet.first.parquet) are missing" in "; ".join(review(changed, place / "base").faults)
    (changed / RESULTS / f"{ID}.json").unlink()
    assert "mynet.first: nothing was measured" in "; ".join(review(changed, place / "base").faults)


def test_a_change_without_a_model_is_none_of_this_workflow(place, tmp_path):
    changed = tmp_path / "proposal"
    shutil.copytree(place / "base", changed)
    (changed / "pyproject.toml").write_text("")

    found = review(changed, place / "base")
    assert (found.models, found.requirements, found.faults) == ((), (), ())
