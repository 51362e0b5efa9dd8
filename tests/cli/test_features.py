"""`zoo pack`, `zoo features`, `zoo similar` and `zoo outliers`."""

import json

import numpy as np
import pytest
from astropy.io import fits


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.normal(size=(101, 101)).astype(np.float32)
        pixels[45:55, 45:55] += 20.0 * (number == 3)
        fits.PrimaryHDU(pixels).writeto(folder / f"c{number}.fits")
    return folder


def test_images_are_packed_described_and_compared(zoo_command, images, tmp_path):
    packed, table = tmp_path / "pack", tmp_path / "features"
    answer = zoo_command("pack", "lastro.space", images, "-o", packed)
    assert answer.code == 0 and f"4 images added to {packed}, 4 in all" in answer.err
    answer = zoo_command("features", "lastro.space", packed, "-o", table, "--pixel-scale", "0.1")
    assert answer.code == 0 and f"features of 4 of 4 images; wrote {table}" in answer.err
    rows = json.loads(zoo_command("similar", table, "c0", "-n", "3", "--json").out)
    assert [row["rank"] for row in rows] == [1, 2, 3] and {row["id"] for row in rows} == {"c1", "c2", "c3"}
    assert rows[-1]["id"] == "c3" and rows[0]["path"] == str(images / f"{rows[0]['id']}.fits")
    rows = json.loads(zoo_command("outliers", table, "--json").out)
    assert rows[0]["id"] == "c3" and len(rows) == 4


def test_wrong_usage_is_one_line(zoo_command, images, tmp_path):
    answer = zoo_command("features", "lastro.space", images, "-o", tmp_path / "features.csv")
    assert answer.code == 2 and "features are written as Parquet" in answer.err
    answer = zoo_command("pack", "lastro.space", images, "-o", images)
    assert answer.code == 1 and "is no pack; choose another folder" in answer.err
