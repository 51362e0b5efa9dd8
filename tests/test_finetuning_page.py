"""The commands and the code of the page on fine-tuning, in fewer steps."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import zoo_core as zoo

from .cli.conftest import zoo_command as zoo_command

PAGE = (Path(__file__).parents[1] / "docs" / "finetuning.md").read_text()
COMMANDS = re.findall(r"^    zoo (finetune .*)$", PAGE, re.MULTILINE)
CODE = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for folder, bands in (("mine", 1), ("mine_gi", 2)):
        for name in ("nonlens", "ring"):
            (tmp_path / folder / name).mkdir(parents=True)
            for number in range(9):
                image = rng.normal(size=(bands, 40, 40)).astype(np.float32)
                np.save(tmp_path / folder / name / f"{name}{number}.npy", image)
    return tmp_path


@pytest.mark.slow
def test_the_commands_make_models_that_predict(images, zoo_command):
    assert len(COMMANDS) == 3
    for command in COMMANDS:
        answer = zoo_command(*shlex.split(command), "--steps", 2, "--batch-size", 4, "--device", "cpu", "--views", 1)
        assert answer.code == 0, answer.err
        assert zoo.load(answer.out.strip()).heads.classes == ("nonlens", "ring")
    answer = zoo_command("predict", "runs/lastro.folder/model", "mine/ring", "--pixel-scale", 0.1)
    assert answer.code == 0 and answer.out.count(",ok,") == 9


@pytest.mark.slow
def test_the_code_trains_on_a_data_set_of_the_zoo(images, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(images / "cache"))
    smaller = CODE[1].replace("2000", "12").replace("400", "8").replace("steps=500", "steps=2, views=1, progress=False")

    names = {}
    exec(smaller, names)

    assert names["model"].spec.training_sets == ("finding_space",)
