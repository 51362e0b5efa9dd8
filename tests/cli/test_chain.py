"""A third party's recipe by the command line alone: trained, measured, ranked, and predicted with."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from zoo_core import load

RECIPE = Path(__file__).parents[1] / "distributions" / "zoo-second" / "recipes" / "tiny.yaml"


@pytest.mark.slow
def test_a_recipe_becomes_a_row_of_the_board_and_a_table(third_party_site, seen, zoo_command, tmp_path, monkeypatch):
    seen(third_party_site)
    monkeypatch.chdir(tmp_path)

    def zoo(*arguments: str) -> str:
        answer = zoo_command(*arguments)
        assert answer.code == 0, answer.out + answer.err
        return answer.out

    recipe = yaml.safe_load(RECIPE.read_text()) | {"validate_every": 10}
    recipe["train"]["arguments"]["n"], recipe["validation"]["arguments"]["n"] = 400, 100
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    trained = zoo_command("train", "recipe.yaml", "-o", "run", "--steps", "20", "--device", "cpu")
    assert trained.code == 0, trained.err
    folder, log = trained.out.strip(), trained.err.splitlines()
    assert log and all(line.startswith("zoo: ") for line in log), "it says what it does, and its libraries nothing"
    assert log[-3] == f"zoo: next: zoo predict {folder} YOUR_IMAGES -o scores.csv"
    assert f"zoo benchmark {folder} --on" in log[-2] and f"zoo submit {folder}" in log[-1]
    assert "regression of g+i" in str(load(folder)) and ", trained, " in str(load(folder))

    measured = zoo("benchmark", folder, "--on", "second_rings", "--results", "results", "--device", "cpu", "--json")
    (row,) = json.loads(measured)
    assert row["status"] == "ok"

    assert f"`{row['model']}`" in zoo("leaderboard", "--results", "results", "--on", "second_rings")

    zoo("simulate", "finding_space", "-n", "2", "-o", "one_band")
    zoo("predict", folder, "one_band", "--bands", "g=*-000000.fits", "i=*-000001.fits", "-o", "a.csv")
    (predicted,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert predicted["status"] == "ok" and float(predicted["theta_E"]) > 0
