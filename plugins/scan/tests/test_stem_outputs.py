"""What takes long, a fit of every image, is done once for a run."""

import shutil

import pytest

from zoo_core.train.fit import train

RECIPE = """
id: kmeans.test
architecture: kmeans
plugin: zoo-scan
train: {{dataset: slc2020, arguments: {{split: test, path: {lenses}}}}}
validation: {{dataset: slc2020, arguments: {{split: validation, path: {lenses}}}}}
bands: [grey]
classes: ["0", "1"]
preprocess: [{{op: bin, factor: 5}}, {{op: frame, size: 30}}]
arguments:
  looks: [plain]
  options: {{width: 4}}
  macro: {{shows: [residual], iterations: {iterations}, priors: {{x: [0, 2], y: [0, 2]}}, grid: {{x: [-2, 0, 2]}}}}
settings: {{neighbours: 3}}
batch_size: 8
stages: {{simclr: {{steps: 1, validate_every: 1}}}}
augmentation: {{dihedral: false}}
"""


@pytest.fixture
def fits(tmp_path, lenses):
    """Files of the fits that a run leaves, with the times when they were written."""

    def run(iterations):
        (tmp_path / "recipe.yaml").write_text(RECIPE.format(lenses=lenses, iterations=iterations))
        train(tmp_path / "recipe.yaml", tmp_path / "run", device="cpu", progress=False)
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "run" / "data").glob("*.safetensors")}

    return run


def test_a_resumed_run_does_not_fit_again(fits, tmp_path):
    first = fits(iterations=2)
    shutil.rmtree(tmp_path / "run" / "simclr")

    assert len(first) == 2  # training and validation images
    assert fits(iterations=2) == first


def test_another_stem_fits_anew(fits):
    first = fits(iterations=2)

    assert len(fits(iterations=4)) == 2 * len(first)


def test_a_stem_that_shows_the_same_of_the_first_images_fits_anew(fits):
    converged = fits(iterations=60)

    assert len(fits(iterations=61)) == 2 * len(converged)
