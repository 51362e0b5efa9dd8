"""Commands that list."""

import json
import os
import re
import subprocess
import sys

import pytest


@pytest.mark.usefixtures("flat_plugin")
def test_models_lists_what_an_installed_plugin_publishes(zoo_command):
    answer = zoo_command("models", "--task", "classification")
    assert answer.code == 0 and "flat.space" in answer.out and "default" in answer.out


@pytest.mark.usefixtures("flat_plugin")
@pytest.mark.parametrize("what", ["models", "datasets", "benchmarks", "plugins"])
def test_json_is_a_list_of_the_same_rows(zoo_command, what):
    rows = json.loads(zoo_command(what, "--json").out)
    listed = zoo_command(what).out.splitlines()[1:]
    assert rows and [next(iter(row.values())) for row in rows] == [line.split()[0] for line in listed]


def test_nothing_published_for_a_task_is_said(zoo_command):
    assert "no published models for regression" in zoo_command("models", "nobody*", "--task", "regression").out
    answer = zoo_command("models", "--task", "regression", "--domain", "real")
    assert "no published models for regression trained on real images" in answer.out


def test_unknown_task_is_wrong_usage(zoo_command):
    answer = zoo_command("models", "--task", "clasification")
    assert answer.code == 2 and "did you mean classification" in answer.err and not answer.out


@pytest.mark.usefixtures("flat_plugin")
def test_info_shows_what_is_known(zoo_command):
    answer = zoo_command("info", "flat")
    for fact in ("flat.space", "classification of other, lens", "VIS, 8 x 8 px", "sha256", "zoo-flat", "MIT"):
        assert fact in answer.out
    record = json.loads(zoo_command("info", "flat", "--json").out)
    assert record["id"] == "flat.space" and record["classes"] == ["other", "lens"] and record["installed"]


@pytest.mark.usefixtures("flat_plugin")
def test_info_shows_measured_results_with_their_intervals(zoo_command, tmp_path):
    folder = tmp_path / "results" / "finding_space"
    folder.mkdir(parents=True)
    metrics = {"auroc": {"value": 0.91234, "low": 0.9, "high": 0.92, "method": "bootstrap"}, "tpr0": {"value": None}}
    (folder / "flat.space.json").write_text(json.dumps({"metrics": metrics}))
    out = zoo_command("info", "flat.space", "--results", tmp_path / "results").out
    assert "on finding_space" in out and "auroc 0.9123 (0.9 to 0.92)" in out and "tpr0 not defined" in out


def test_info_shows_a_line_a_metric_with_units_and_all_intervals_when_asked(zoo_command):
    model, on = "resnet_regression.euclid", ("--on", "modelling_euclid")
    brief = zoo_command("info", model, *on).out
    (line,) = [line for line in brief.splitlines() if "mae: " in line]
    assert re.search(r"mae: theta_E 0\.\d+ arcsec, e1 0\.\d+, .*, lens_y 0\.\d+ arcsec$", line)
    assert re.search(r"on modelling_euclid +relative\[theta_E\] 0\.\d+ \(0\.\d+ to 0\.\d+\)\n", brief)
    every = zoo_command("info", model, *on, "--all").out
    assert re.search(r"mae\[lens_y\] 0\.\d+ \(0\.\d+ to 0\.\d+\) arcsec\n", every)


def test_unknown_model_is_wrong_usage_with_a_suggestion_and_without_traceback(zoo_command, flat_plugin):
    answer = zoo_command("info", "flat.spcae")
    assert answer.code == 2 and answer.err.startswith("zoo: ") and "did you mean flat.space" in answer.err
    assert "Traceback" not in answer.err


def test_unknown_command_gets_a_suggestion(zoo_command):
    answer = zoo_command("modles")
    assert answer.code == 2 and "did you mean models" in answer.err


def test_broken_plugin_is_named_and_disturbs_no_other(zoo_command, tmp_path, monkeypatch):
    from ..catalog.distributions import install

    install(tmp_path, "broken", "zoo_broken_here", "raise RuntimeError('no such telescope')")
    monkeypatch.syspath_prepend(tmp_path)
    answer = zoo_command("plugins")
    assert answer.code == 0
    assert "RuntimeError: no such telescope" in answer.out and "lastro" in answer.out
    assert "no such telescope" not in zoo_command("plugins", "--no-import").out


def test_env_names_versions_and_plugins(zoo_command):
    facts = json.loads(zoo_command("env", "--json").out)
    assert facts["libraries"]["torch"] and "zoo-lastro" in facts["plugins"]["lastro"] and facts["zoo-core"]
    assert "torch" in zoo_command("env").out


def test_help_names_every_command(zoo_command):
    from zoo_core.cli import COMMANDS

    out = zoo_command("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("of", [[], ["datasets"]])
def test_help_says_of_each_command_a_whole_sentence(zoo_command, of):
    assert "..." not in zoo_command(*of, "--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("what", ["models", "datasets", "benchmarks", "plugins"])
def test_a_part_of_a_name_is_told_the_pattern_that_finds_it(zoo_command, what):
    assert "called 'ding'; '*ding*' finds a part of a name" in zoo_command(what, "ding").out
    assert "called 'q*'" in zoo_command(what, "q*").out and "finds" not in zoo_command(what, "q*").out


@pytest.mark.parametrize(
    "name", ["predict", "simulate", "train", "benchmark", "leaderboard", "check", "fetch", "publish"]
)
def test_every_command_has_help(zoo_command, name):
    answer = zoo_command(name, "--help")
    assert answer.code == 0 and "Usage: zoo" in answer.out


@pytest.mark.parametrize("name", ["simulate", "train", "finetune", "predict", "benchmark", "check"])
def test_what_computes_takes_a_device(zoo_command, name):
    assert "--device TEXT" in zoo_command(name, "--help").out


def test_reader_that_goes_away_leaves_no_traceback():
    listing = "from zoo_core.cli import main; main(['datasets', '--json'])"
    with subprocess.Popen([sys.executable, "-c", listing], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_datasets_info_says_where_to_get_a_public_set_and_what_of_it_is_missing(zoo_command, tmp_path):
    (tmp_path / "imageEUC_VIS-1.fits").write_bytes(b"")

    whole = zoo_command("datasets", "info", "blf1_space")
    checked = zoo_command("datasets", "info", "blf1_space", "--data", tmp_path)

    assert whole.code == 0 and "get it from  http://metcalf1" in whole.out and "not stated" in whole.out
    assert checked.code == 1 and "truncated: 1 files of VIS" in checked.out
    assert zoo_command("datasets", "info", "blf1_spcae").code == 2


def test_datasets_still_takes_a_pattern(zoo_command):
    out = zoo_command("datasets", "blf*").out
    assert "blf2" in out and "sky" not in out


def listed(zoo_command, *arguments):
    answer = zoo_command("models", "--json", *arguments)
    assert answer.code == 0, answer.err
    return json.loads(answer.out)


def test_models_are_chosen_by_benchmark_domain_and_order(zoo_command):
    measured = listed(zoo_command, "--on", "finding_space", "--sort", "auroc")
    found = {row["id"] for row in measured}
    assert {"lastro.space", "classical.space", "trivial.space"} <= found and "lastro.ground" not in found
    assert [row["auroc"] for row in measured] == sorted((row["auroc"] for row in measured), reverse=True)
    assert all("real" in row["domain"] for row in listed(zoo_command, "--domain", "real"))
    sizes = listed(zoo_command, "--on", "finding_space", "--sort", "size")
    assert sizes[0]["id"] == "trivial.space"
    bias = "bias[theta_E]"
    errors = [row[bias] for row in listed(zoo_command, "--on", "modelling_euclid", "--sort", bias)]
    assert errors == sorted(errors, key=abs)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--on", "finding_spice"], "did you mean finding_space"),
        (["--domain", "reel"], "did you mean real"),
        (["--sort", "auroc"], "together with on= (--on)"),
        (["--on", "finding_space", "--sort", "aurocc"], "did you mean auroc"),
    ],
)
def test_what_cannot_be_chosen_by_is_wrong_usage(zoo_command, arguments, said):
    answer = zoo_command("models", *arguments)
    assert answer.code == 2 and said in answer.err and not answer.out


def test_info_shows_the_benchmarks_that_are_asked_for(zoo_command):
    one = json.loads(zoo_command("info", "lastro.space", "--on", "finding_space", "--json").out)
    assert list(one["results"]) == ["finding_space"]
    assert "have p >= 0.5; for 1 % ask for p >= 0.89 (0.57 to 0.96)" in zoo_command("info", "lastro.space").out
    assert json.loads(zoo_command("info", "lastro.space", "--task", "regression", "--json").out)["results"] == {}
    assert zoo_command("info", "lastro.space", "--on", "finding_spice").code == 2


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("zoo info lastro.s", "lastro.space"),
        ("zoo benchmark lastro.space --on finding_space_", "finding_space_shifted"),
        ("zoo simulate finding_space_", "finding_space_shifted"),
        ("zoo models --task clu", "clustering"),
    ],
)
def test_the_shell_completes_names_without_torch_or_plugins(words, completed):
    code = (
        "import atexit, sys; from zoo_core.cli import main;"
        "atexit.register(lambda: print('HEAVY', [m for m in sys.modules if m in ('torch', 'numpy', 'zoo_lastro')]));"
        "main([])"
    )
    shell = {"_ZOO_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | shell, capture_output=True, text=True)
    assert f"plain,{completed}" in done.stdout.splitlines() and "HEAVY []" in done.stdout, done.stdout + done.stderr


def test_plugins_shows_the_keys_that_a_recipe_may_give_an_architecture(zoo_command):
    answer = zoo_command("plugins", "autoencoder", "--keys", "--json")

    rows = {(row["architecture"], row["under"], row["key"]): row for row in json.loads(answer.out)}
    latent, half_turns = rows["vae", "arguments", "latent"], rows["vae", "settings", "half_turns"]
    assert latent["type"] == "int" and latent["meaning"]
    assert half_turns["default"] == "False" and half_turns["meaning"]


def test_keys_of_plugins_need_them_imported(zoo_command):
    answer = zoo_command("plugins", "--keys", "--no-import")
    assert answer.code == 2 and "leave out --no-import" in answer.err
