import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo_core as zoo

IMAGES = 12  # in the place of hundreds: what is tested is that the code runs
TUTORIALS = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.ipynb"))


def write_challenge(folder: Path) -> None:
    """A folder `slc2020` as the challenge has it, with other lenses in it: a third of the pixels, each three times."""
    lenses = zoo.open_dataset("substructure", n=60, seed=5, classes=("no", "sphere"), size=50, cache=folder)
    images, labels = lenses.images(slice(None))[:, 0], lenses.truth()["label"]
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        file = folder / "slc2020" / ("no_sub", "sub")[label] / f"image_{k}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = (image / image.max() * 255).clip(0, 255).astype(np.uint8).repeat(3, 0).repeat(3, 1)
        Image.fromarray(pixels).save(file, quality=75)


def test_there_is_a_tutorial_of_finding_lenses_and_of_each_way_to_find_substructure():
    assert [notebook.stem for notebook in TUTORIALS] == ["anomaly", "clustering", "finding", "substructure"]


def code_of(notebook: Path) -> str:
    """The cells of a tutorial, of few images."""
    cells = json.loads(notebook.read_text())["cells"]
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return re.sub(r"\bn=\d+", f"n={IMAGES}", code)


RUN = """
import sys
from pathlib import Path

for name in sys.argv[1:]:
    exec(compile(Path(name).read_text(), name, "exec"), {"__name__": "__main__"})
    print(name)
"""


@pytest.mark.slow
def test_the_code_of_each_tutorial_runs_with_as_many_threads_as_there_are(tmp_path: Path):
    write_challenge(tmp_path)
    for notebook in TUTORIALS:
        (tmp_path / f"{notebook.stem}.py").write_text(code_of(notebook))
    names = [f"{notebook.stem}.py" for notebook in TUTORIALS]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"MPLBACKEND": "agg", "OMP_WAIT_POLICY": "PASSIVE"}  # other tests compute meanwhile

    ran = subprocess.run(
        [sys.executable, "-c", RUN, *names], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert ran.returncode == 0, ran.stderr
    assert [line for line in ran.stdout.splitlines() if line in names] == names


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_shows_what_its_code_gave(notebook: Path):
    cells = json.loads(notebook.read_text())["cells"]
    outputs = [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output["output_type"] == "error"]
