"""Prepared images belong to the files as they are."""

import logging
import os

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.images.preprocess import Preprocess
from zoo_core.train.prepared import PreparedImages

SIZE = 12


@pytest.fixture
def folder(tmp_path):
    for number in range(6):
        path = tmp_path / "images" / ("nonlens", "lens")[number % 2] / f"{number}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.random.default_rng(number).normal(size=(SIZE, SIZE)).astype("float32"))
    return tmp_path / "images"


def prepared(folder, pixel_scale=0.1):
    """The images of a folder, resampled to 0.1 arcsec."""
    operations = [{"op": "resample", "pixel_scale": 0.1}, {"op": "frame", "size": SIZE}]
    dataset = zoo.open_dataset("folder", path=str(folder), pixel_scale=pixel_scale)
    preprocess = Preprocess.from_operations(operations, ("VIS",))
    return PreparedImages(dataset, preprocess, folder.parent / "prepared", torch.device("cpu")).channels(slice(None))


def test_files_that_are_rewritten_with_the_same_size_are_prepared_anew(folder):
    before = prepared(folder)
    assert torch.equal(prepared(folder), before)
    np.save(folder / "lens" / "1.npy", np.eye(SIZE, dtype="float32"))
    os.utime(folder / "lens" / "1.npy", ns=(0, 1))
    changed = (prepared(folder) != before).flatten(1).any(1)
    assert changed.sum() == 1


def test_a_word_is_said_before_images_are_prepared_and_none_where_they_are_kept(folder, caplog):
    caplog.set_level(logging.INFO, "zoo")
    prepared(folder)
    prepared(folder)
    (message,) = caplog.messages
    assert message.startswith("preparing 6 images of folder, which are kept in ")


def test_of_many_images_it_is_said_how_many_are_prepared(folder, caplog, monkeypatch):
    monkeypatch.setattr("zoo_core.train.prepared.CHUNK", 2)
    caplog.set_level(logging.INFO, "zoo")
    prepared(folder)
    assert caplog.messages[1:] == ["2 of 6 prepared", "4 of 6 prepared"]


def test_another_pixel_scale_resamples_anew(folder):
    assert not torch.equal(prepared(folder, 0.1), prepared(folder, 0.2))


@pytest.mark.parametrize("damage", [b"", b"junk" * 50, None])
def test_what_was_stored_and_is_damaged_is_prepared_anew(folder, damage):
    before = prepared(folder)
    (stored,) = (folder.parent / "prepared").glob("*.npy")
    stored.write_bytes(stored.read_bytes()[:-100] if damage is None else damage)
    assert torch.equal(prepared(folder), before)
