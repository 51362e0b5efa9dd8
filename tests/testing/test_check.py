import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import zoo_core as zoo
from zoo_core.catalog.entries import entry_of
from zoo_core.catalog.registry import catalog
from zoo_core.catalog.specs import Cost
from zoo_core.errors import UnknownNameError, WeightsError
from zoo_core.models.describe import describe
from zoo_core.testing.check import BROKEN, EXPECTED, OBEYED, SKIPPED, Outcome, Report, check
from zoo_core.testing.scaffold import new
from zoo_core.testing.trained import OF_CODE, TRAINED_LAWS, Trial

from ..catalog.distributions import declare, install


def outcome(report: Report, law: str) -> Outcome:
    return next(outcome for outcome in report.outcomes if outcome.law == law)


@pytest.fixture
def lawless(tmp_path, seen) -> Callable[..., Report]:
    """Checks a plugin made by `zoo new`, after changes (file, text, other text)."""

    def check_changed(*changes: tuple[str, str, str], weights: bool = False) -> Report:
        folder = new("lawless", tmp_path / "lawless")
        for file, old, changed in changes:
            path: Path = folder / "zoo_lawless" / file
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, changed))
        declare(folder, "zoo-lawless", lawless="zoo_lawless")
        seen(folder)
        return check("lawless", weights, device="cpu")

    return check_changed


def test_a_plugin_that_imports_torch_breaks_the_law_of_light_imports(lawless):
    report = lawless(("__init__.py", "import zoo_core as zoo\n", "import torch\nimport zoo_core as zoo\n"))
    assert not report.passed
    assert outcome(report, "import").status == BROKEN
    assert "importing it imports torch" in outcome(report, "import").message


def test_a_network_that_raises_is_reported_and_the_other_laws_still_run(lawless):
    report = lawless(("network.py", "return self.head(self.features(x))", 'raise KeyError("no such layer")'))
    assert not report.passed
    assert outcome(report, "shapes").message == "KeyError: 'no such layer'"
    assert outcome(report, "preprocessing").status == OBEYED


SPARE = ("network.py", "self.head = nn.Linear", "self.spare = nn.Linear(1, 1)\n        self.head = nn.Linear")
DECLARED = ("__init__.py", "summary=", 'broken_laws={"gradients": "a spare layer"},\n            summary=')


def test_a_broken_law_fails_the_report(lawless):
    report = lawless(SPARE)
    assert outcome(report, "gradients").message.startswith("no gradient reaches spare.weight")
    assert not report.passed


def test_a_declared_failure_is_expected(lawless):
    report = lawless(SPARE, DECLARED)
    assert outcome(report, "gradients").status == EXPECTED
    assert "a spare layer: no gradient reaches spare.weight" in outcome(report, "gradients").message
    assert report.passed
    assert "8 ran, 8 required, 0 broken, 1 expected to fail, 6 skipped" in report.summary()


def test_a_declared_failure_that_does_not_happen_is_a_fault(lawless):
    report = lawless(DECLARED)
    assert outcome(report, "gradients").status == BROKEN
    assert "remove the declaration" in outcome(report, "gradients").message
    assert not report.passed


def test_published_weights_that_are_asked_for_and_missing_are_no_pass(lawless):
    report = lawless(weights=True)
    assert outcome(report, "golden").status == SKIPPED
    assert not report.passed
    assert "8 ran, 14 required, 0 broken, 0 expected to fail, 6 skipped" in report.summary()


def test_a_law_that_did_not_run_is_not_a_pass():
    ran = Outcome("net", "shapes", OBEYED, True)
    skipped = Outcome("net", "golden", SKIPPED, True, "no published model")
    assert Report("net", (ran,)).passed
    assert not Report("net", (ran, skipped)).passed
    assert not Report("net", ()).passed
    assert Report("net", (Outcome("net", "gradients", EXPECTED, True, "frozen"),)).passed


def test_a_name_that_nothing_provides_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean lastro"):
        check("lastor")


def test_few_rounds_try_the_laws_of_code_on_one_model_of_an_architecture_and_the_others_on_each():
    report = check("trivial", weights=True, device="cpu", rounds=1)

    models = [spec.id for spec in zoo.list_models("trivial.*")]
    tried = [one.law for one in report.outcomes if one.subject in models and one.status == OBEYED]
    assert len(models) > 1 and report.passed
    assert {law: tried.count(law) for law in TRAINED_LAWS} == {
        law: 1 if law in OF_CODE else len(models) for law in TRAINED_LAWS
    }


@pytest.fixture
def published(tmp_path, seen) -> Callable[..., None]:
    """Lists `pipeline.smooth` in the registry of a distribution, after changes of its entry."""
    entry = entry_of(zoo.pipeline(["gaussian_filter.denoise", "trivial.space"], "pipeline.smooth", device="cpu").spec)

    def publish(**changes: object) -> None:
        listed = json.dumps({"schema": 2, "models": {"pipeline.smooth": {**entry, **changes}}})
        install(tmp_path / "site", "chain", "zoo_chain", registry=listed)
        seen(tmp_path / "site")

    return publish


@pytest.mark.parametrize(
    "cost, message",
    [
        ({"parameters": 67}, "the network has 66 parameters, the entry says 67"),
        ({"parameters": 66, "flops": 131}, "the network takes 130 flops, the entry says 131"),
    ],
)
def test_a_cost_that_is_not_the_network_s_breaks_its_law(published, cost, message):
    published(cost=cost)
    report = check("pipeline.smooth", weights=True, device="cpu", rounds=1)
    assert not report.passed and outcome(report, "cost").message == message


def test_operations_that_an_entry_states_of_a_fit_break_the_law():
    fit = catalog().model("lensfit.slc2020")
    (fault,) = TRAINED_LAWS["cost"](replace(fit, cost=Cost(parameters=0, flops=1)), Trial())
    assert fault == "the network takes varying flops, the entry says 1"


def test_a_published_pipeline_is_a_model_that_is_listed_loaded_and_checked(published):
    published()
    assert "pipeline.smooth" in [spec.id for spec in zoo.list_models("pipeline.*")]
    assert describe("pipeline.smooth").installed
    model = zoo.load("pipeline", device="cpu")
    images = zoo.open_dataset("finding_space", n=2).images([0, 1])
    assert model.predict(images, pixel_scale=0.1)["p_lens"].tolist() == pytest.approx(
        model.stages(images, 0.1)[-1].probabilities[:, 1].tolist(), abs=1e-6
    )
    report = check("pipeline.smooth", weights=True, device="cpu", rounds=1)
    assert report.passed, report.rows()
    assert {one.law for one in report.outcomes} == {
        *("members", "weights", "golden", "batch size", "threads", "device", "cost", "one by one")
    }
    assert check("pipeline.smooth").summary().startswith("pipeline.smooth: passed (1 ran, 1 required")


@pytest.mark.parametrize(
    "members, message",
    [
        (["trivial.space", "gaussian_filter.denoise"], "its members have the sha256"),
        (["gaussian_filter.denoise", "trivial.nowhere"], "there is no published model trivial.nowhere"),
    ],
)
def test_a_pipeline_of_other_members_breaks_its_law(published, members, message):
    published(members=members)
    report = check("pipeline.smooth", device="cpu")
    assert not report.passed and message in outcome(report, "members").message
    with pytest.raises((WeightsError, UnknownNameError)):
        zoo.load("pipeline.smooth", device="cpu")
