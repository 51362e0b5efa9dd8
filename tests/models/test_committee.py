"""A committee answers with the mean of its members' logits, and is a model like any other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.bench.harness import measure
from zoo_core.catalog.entries import entry_of, model_spec
from zoo_core.catalog.schema import check_entry
from zoo_core.catalog.specs import BenchmarkSpec
from zoo_core.errors import ArgumentError, RegistryError, UntrainedError, WeightsError
from zoo_core.images.preprocess import Preprocess
from zoo_core.models.committee import as_described
from zoo_core.tasks import Calibration

MEMBERS = ("lastro.space", "classical.space", "trivial.space")


@pytest.fixture(scope="module")
def members():
    return [zoo.load(name, device="cpu") for name in MEMBERS]


@pytest.fixture(scope="module")
def committee(members):
    return zoo.committee(members, id="committee.test", device="cpu")


@pytest.fixture(scope="module")
def images():
    y, x = np.indices((101, 101)) - 50
    noise = np.random.default_rng(0).normal(size=(3, 1, 101, 101))
    return (40 * np.exp(-np.hypot(x, y) / np.array([3, 5, 8])[:, None, None, None]) + noise).astype(np.float32)


def test_its_logits_are_the_mean_of_those_of_its_members_over_their_temperatures(committee, members, images):
    expected = sum(m(images, 0.1).logits / m.calibration.temperature for m in members) / len(members)

    torch.testing.assert_close(committee(images, 0.1).logits, expected, atol=1e-5, rtol=1e-5)


def test_it_says_what_it_is(committee, members):
    assert committee.spec.members == MEMBERS
    assert committee.trained and committee.calibration.prior == (0.5,)
    assert committee.n_parameters == sum(member.n_parameters for member in members)
    assert committee.spec.training_sets == ("finding_space",)


def test_it_predicts_files_and_arrays(committee, images):
    table = committee.predict(images, pixel_scale=0.1)

    np.testing.assert_allclose(table["p_lens"], committee(images, 0.1).probabilities[:, 1], atol=1e-5)


def test_its_entry_survives_the_registry_and_loads_the_same_model(committee, members, images):
    entry = entry_of(committee.spec)
    check_entry("models", entry, "here", RegistryError)

    again = as_described(members, model_spec(entry, "registry.yaml"))

    assert torch.equal(again(images, 0.1).logits, committee(images, 0.1).logits)


@pytest.mark.parametrize("change", [{"views": 1}, {"calibration": Calibration(2.0)}, {"weights_sha256": "1" * 64}])
def test_an_entry_whose_members_have_changed_is_refused(committee, members, change):
    others = [replace(members[0], **change), *members[1:]]

    with pytest.raises(WeightsError, match=r"committee\.test"):
        as_described(others, committee.spec)


def test_it_is_measured_as_any_model(committee, tmp_path):
    spec = BenchmarkSpec(
        "few", "finding_space", "classification", ("auroc",), {"n": 8, "seed": 5, "lens_fraction": 0.5}
    )

    (result,) = measure([committee], spec, results=tmp_path)

    assert result.status == "ok" and 0 <= result.metrics["auroc"].value <= 1


def test_it_needs_two_different_members(members):
    with pytest.raises(ArgumentError, match="two or more"):
        zoo.committee(members[:1])
    with pytest.raises(ArgumentError, match="each once"):
        zoo.committee([members[0], members[0], members[1]])


def test_members_that_differ_in_what_they_answer_or_take_are_refused(members):
    other = replace(members[1], heads=zoo.Heads(classes=("no", "yes")))
    with pytest.raises(
        ArgumentError, match=r"members= differ in what they answer: .* \(nonlens, lens\), .* \(no, yes\)$"
    ):
        zoo.committee([members[0], other])
    with pytest.raises(
        ArgumentError, match=r"answer: lastro.space \(nonlens, lens\), swin\.substructure \(no, sphere, vort\)$"
    ):
        zoo.committee([members[0], "swin.substructure"], device="cpu")
    with pytest.raises(ArgumentError, match=r"what they take: lastro.space \(VIS\), lastro.ground \(r, i, g, u\)$"):
        zoo.committee([members[0], "lastro.ground"], device="cpu")


def test_members_that_prepare_images_differently_are_told_how_in_words(members):
    other = replace(members[1], preprocess=Preprocess.from_operations([{"op": "frame", "size": 64}], ("VIS",)))
    with pytest.raises(
        ArgumentError, match=r"prepare images: lastro\.space \(.*frame size=101.*\), .* \(frame size=64\)$"
    ):
        zoo.committee([members[0], other])


def test_an_untrained_member_is_refused(members):
    with pytest.raises(UntrainedError):
        zoo.committee([members[0], zoo.build("lastro", device="cpu")], device="cpu")


def test_it_has_no_weights_of_its_own_to_save(committee, tmp_path):
    with pytest.raises(ArgumentError, match=r"save its members lastro\.space"):
        committee.save(tmp_path / "folder")
