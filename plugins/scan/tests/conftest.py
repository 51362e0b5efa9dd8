"""Images of two classes that anybody can tell apart."""

import numpy as np
import pytest
from PIL import Image

SIDE, IMAGES = 150, 60  # a class


@pytest.fixture(scope="session")
def lenses(tmp_path_factory):
    """Rings and blobs, in the folders of the challenge."""
    folder, rng = tmp_path_factory.mktemp("slc2020"), np.random.default_rng(0)
    axis = np.arange(SIDE) - (SIDE - 1) / 2
    for name, radius in (("no_sub", 0.0), ("sub", 18.0)):
        (folder / name).mkdir()
        for number in range(IMAGES):
            x, y = rng.uniform(-4, 4, 2)
            r = np.hypot(axis[:, None] - y, axis - x)
            light = np.exp(-((r - radius) ** 2) / 2 / rng.uniform(4, 6) ** 2) * 200 + rng.uniform(0, 20, (SIDE, SIDE))
            Image.fromarray(light.astype(np.uint8)).save(folder / name / f"image_{name}_{number}.jpg")
    return folder
