"""A third party's recipe by the command line alone: trained, measured, ranked, and predicted with."""

import csv
import json
from pathlib import Path

import pytest
import yaml

RECIPE = Path(__file__).parents[1] / "distributions" / "zoo-second" / "recipes" / "tiny.yaml"


@pytest.mark.slow
def test_a_recipe_becomes_a_row_of_the_board_and_a_table(third_party, tmp_path):
    def zoo(*arguments: str) -> tuple[str, list[str]]:
        done = third_party("-m", "zoo_core", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, done.stderr.splitlines()

    recipe = yaml.safe_load(RECIPE.read_text()) | {"validate_every": 20}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    trained, log = zoo("train", "recipe.yaml", "-o", "run", "--steps", "40", "--device", "cpu")
    folder = trained.strip()
    assert log and all(line.startswith("zoo: ") for line in log), "it says what it does, and its libraries nothing"

    measured, _ = zoo("benchmark", folder, "--on", "second_rings", "--results", "results", "--device", "cpu", "--json")
    (row,) = json.loads(measured)
    assert row["status"] == "ok"

    board, _ = zoo("leaderboard", "--results", "results", "--pages", "pages")
    assert f"`{row['model']}`" in board
    assert row["model"] in (tmp_path / "pages" / "board.html").read_text()

    zoo("simulate", "finding_space", "-n", "2", "-o", "one_band")
    zoo("predict", folder, "one_band", "--bands", "g=*-000000.fits", "i=*-000001.fits", "-o", "a.csv")
    (predicted,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert predicted["status"] == "ok" and float(predicted["theta_E"]) > 0
