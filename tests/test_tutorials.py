import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo_core as zoo

IMAGES = 24  # in the place of hundreds: what is tested is that the code runs
TUTORIALS = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.ipynb"))


@pytest.fixture
def challenge(tmp_path: Path) -> Path:
    """A folder `slc2020` laid out as the challenge's, with other lenses in it."""
    lenses = zoo.open_dataset("substructure", n=60, seed=5, classes=("no", "sphere"), size=150, cache=tmp_path)
    images, labels = lenses.images(slice(None))[:, 0], lenses.truth()["label"]
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        file = tmp_path / "slc2020" / ("no_sub", "sub")[label] / f"image_{k}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image / image.max() * 255).clip(0, 255).astype(np.uint8)).save(file, quality=75)
    return tmp_path


def test_there_is_a_tutorial_of_each_way_to_find_substructure():
    assert [notebook.stem for notebook in TUTORIALS] == ["anomaly", "clustering", "substructure"]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_the_code_of_a_tutorial_runs(notebook: Path, challenge: Path, monkeypatch: pytest.MonkeyPatch):
    cells = json.loads(notebook.read_text())["cells"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    code = re.sub(r"\bn=\d+", f"n={IMAGES}", code)
    monkeypatch.setenv("MPLBACKEND", "agg")
    ran = subprocess.run([sys.executable, "-c", code], cwd=challenge, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_shows_what_its_code_gave(notebook: Path):
    cells = json.loads(notebook.read_text())["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output["output_type"] == "error"]
