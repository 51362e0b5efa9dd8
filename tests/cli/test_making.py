"""Commands that make, judge and share."""

import json

import pytest
from astropy.table import Table

import zoo_core as zoo


def test_simulate_writes_images_that_can_be_predicted(zoo_command, flat_plugin, tmp_path):
    options = ("-n", "2", "--seed", "1", "--device", "cpu")
    answer = zoo_command("simulate", "finding_space", *options, "-o", tmp_path / "data")
    assert answer.code == 0 and answer.out.strip() == str(tmp_path / "data")
    rows = json.loads(zoo_command("predict", "flat.space", tmp_path / "data", "--json").out)
    assert [row["status"] for row in rows] == ["ok", "ok"]


def test_unknown_data_set_is_wrong_usage_with_a_suggestion(zoo_command, tmp_path):
    answer = zoo_command("simulate", "finding_spce", "-n", "2", "-o", tmp_path / "data")
    assert answer.code == 2 and "did you mean finding_space" in answer.err


def test_new_writes_a_plugin_and_says_what_to_do_next(zoo_command, tmp_path):
    answer = zoo_command("new", "mynet", "--to", tmp_path / "mynet")
    assert answer.code == 0 and "zoo check mynet" in answer.out
    assert (tmp_path / "mynet" / "pyproject.toml").is_file()


def test_fetched_folder_is_predicted_with_like_the_model(zoo_command, flat_plugin, tmp_path):
    answer = zoo_command("fetch", "flat", "--to", tmp_path / "there")
    assert answer.code == 0 and answer.out.strip() == str(tmp_path / "there")
    assert zoo.load(tmp_path / "there").weights_sha256 == zoo.load("flat.space").weights_sha256


def test_check_prints_what_ran_and_fails_if_a_law_is_broken(zoo_command, flat_plugin):
    answer = zoo_command("check", "flat", "--json")
    outcomes = json.loads(answer.out)
    assert {outcome["law"] for outcome in outcomes} >= {"shapes", "gradients"}
    assert answer.code == int(any(outcome["status"] == "broken" for outcome in outcomes))


def test_a_new_plugin_that_is_not_installed_yet_is_checked_once_it_is(zoo_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zoo_command("new", "mynet")

    answer = zoo_command("check", "mynet")

    assert answer.code == 1 and "pip install -e mynet" in answer.err and "resnet" not in answer.err


def test_empty_leaderboard_is_no_error(zoo_command, tmp_path):
    (tmp_path / "results").mkdir()
    assert zoo_command("leaderboard", "--results", tmp_path / "results", "--alone").code == 0
    rows = json.loads(zoo_command("leaderboard", "--results", tmp_path / "results", "--alone", "--json").out)
    assert rows and {row["status"] for row in rows} == {"missing"}


@pytest.mark.parametrize(
    "command",
    [["benchmark", "flat.space"], ["benchmark", "--on", "finding_space"], ["fetch", "flat"], ["train", "no.yaml"]],
)
def test_missing_argument_is_wrong_usage(zoo_command, command):
    answer = zoo_command(*command)
    assert answer.code == 2 and "Usage: zoo" in answer.err


def test_unknown_benchmark_is_wrong_usage_with_a_suggestion(zoo_command, flat_plugin):
    answer = zoo_command("benchmark", "flat.space", "--on", "finding_spaec")
    assert answer.code == 2 and "did you mean finding_space" in answer.err


def test_simulate_takes_a_format_and_a_difficulty(zoo_command, tmp_path):
    options = ["-n", "3", "--seed", "2", "--format", "deeplense", "--difficulty", "real"]
    answer = zoo_command("simulate", "substructure", *options, "-o", tmp_path / "data")
    assert answer.code == 0
    names = sorted(str(path.relative_to(tmp_path / "data")) for path in (tmp_path / "data").glob("*/*.npy"))
    assert sorted(name.partition("/")[0] for name in names) == ["no", "sphere", "vort"]
    assert all("/substructure-real-2-" in name for name in names)


def test_simulate_hands_on_arguments_of_the_data_set(zoo_command, tmp_path):
    options = ["-n", "2", "--argument", "theta_E=[0.2, 0.3]", "-o", tmp_path / "small"]
    assert zoo_command("simulate", "modelling_euclid", *options).code == 0
    radii = Table.read(tmp_path / "small" / "truth.csv")["theta_E"]
    assert len(radii) == 2 and min(radii) > 0.2 and max(radii) < 0.3


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("theta_E=[0.1, 4]", "modelling_euclid: theta_E = [0.1, 4]"),
        ("seed=3", "--argument seed=...: it has an option of its own"),
        ("theta_E", "'theta_E' is not KEY=VALUE"),
        ("thetaE=[0.1, 0.5]", "thetaE"),
    ],
)
def test_simulate_refuses_an_argument_that_cannot_be(zoo_command, tmp_path, argument, said):
    answer = zoo_command("simulate", "modelling_euclid", "-n", "2", "--argument", argument, "-o", tmp_path / "none")
    assert answer.code and said in answer.err and not (tmp_path / "none").exists()
