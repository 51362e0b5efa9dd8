"""Each law of a data set is obeyed by a sound one and broken by one that breaks it."""

import random
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

import zoo_core as zoo
from zoo_core.testing.dataset_laws import DATASET_LAWS, asks_for_files


class Sound(zoo.Dataset):
    """Noise, of which every second image has a spot."""

    description = zoo.Description(
        "tried", "1", "classification", "simulated", ("VIS",), heads=zoo.Heads(classes=("empty", "spot"))
    )

    def __init__(self, n: int = 100, seed: int = 0):
        self.n, self.seed = n, seed

    def __len__(self):
        return self.n

    def read(self, rows):
        return np.stack([np.random.default_rng([self.seed, k]).normal(size=(1, 9, 9)) for k in rows]).astype("float32")

    def truth(self):
        return {"id": np.array([f"{self.seed}-{k}" for k in range(self.n)]), "label": np.arange(self.n) % 2}

    def fingerprint(self):
        return f"{self.seed:032x}{self.n:032x}"


class Counts(Sound):
    times = 0

    def read(self, rows):
        self.times += 1
        return super().read(rows) + np.float32(self.times)


class LooksAtTheBatch(Sound):
    def read(self, rows):
        return super().read(rows) - np.float32(len(rows))


class InOrder(Sound):
    def read(self, rows):
        return super().read(np.sort(rows))


class DrawsGlobally(Sound):
    def read(self, rows):
        random.random()
        torch.rand(1)
        return super().read(rows)


class GivesItsOwn(Sound):
    def __init__(self, n: int = 100, seed: int = 0):
        super().__init__(n, seed)
        self.kept = super().read(np.arange(n))

    def read(self, rows):
        return self.kept[rows[0] : rows[0] + 1] if len(rows) == 1 else self.kept[: len(rows)]


class DoublePrecision(Sound):
    def read(self, rows):
        return super().read(rows).astype(float)


class Flat(Sound):
    def read(self, rows):
        return super().read(rows)[:, 0]


class Blank(Sound):
    def read(self, rows):
        return np.full((len(rows), 1, 9, 9), np.nan, np.float32)


class SameIds(Sound):
    def truth(self):
        return {**super().truth(), "id": np.full(self.n, "a")}


class NoIds(Sound):
    def truth(self):
        return {"label": np.zeros(self.n, int)}


class ThirdClass(Sound):
    def truth(self):
        return {**super().truth(), "label": np.arange(self.n) % 3}


class Fractions(Sound):
    def truth(self):
        return {**super().truth(), "label": np.linspace(0, 1, self.n)}


class ShortColumn(Sound):
    def truth(self):
        return {**super().truth(), "flux": np.zeros(3)}


class Objects(Sound):
    def truth(self):
        return {**super().truth(), "extra": np.array([None] * self.n)}


class StatusColumn(Sound):
    def truth(self):
        return {**super().truth(), "status": np.zeros(self.n)}


class RandomTruth(Sound):
    def truth(self):
        return {**super().truth(), "flux": np.random.default_rng().normal(size=self.n)}


class Unseeded(Sound):
    def fingerprint(self):
        return f"{self.n:064x}"


class Moody(Sound):
    def fingerprint(self):
        return f"{id(object()) ^ random.SystemRandom().getrandbits(200):064x}"


class Words(Sound):
    def fingerprint(self):
        return f"tried {self.seed} {self.n}"


class OtherName(Sound):
    description = replace(Sound.description, name="other")


class OtherTask(Sound):
    description = replace(Sound.description, task="regression")


class OneClass(Sound):
    description = replace(Sound.description, heads=zoo.Heads(classes=("spot",)))


class Infinite(Sound):
    description = replace(
        Sound.description, task="regression", heads=zoo.Heads(parameters=("theta_E",), units=("arcsec",))
    )

    def truth(self):
        return {**super().truth(), "theta_E": np.full(self.n, np.inf)}


def faults(law: str, dataset: Callable[..., zoo.Dataset]) -> str:
    task = "regression" if dataset is Infinite else "classification"
    return "; ".join(DATASET_LAWS[law](zoo.DatasetFactory("tried", task, dataset)))


@pytest.mark.parametrize("law", DATASET_LAWS)
def test_a_sound_data_set_obeys_every_law(law):
    assert faults(law, Sound) == ""


@pytest.mark.parametrize(
    ("law", "dataset", "message"),
    [
        ("same images", Counts, "asked for twice"),
        ("same images", LooksAtTheBatch, "alone"),
        ("same images", InOrder, "in another order"),
        ("same images", DrawsGlobally, "draws from a global random generator"),
        ("same images", GivesItsOwn, "return a copy"),
        ("images", DoublePrecision, "images are float64"),
        ("images", Flat, "have shape"),
        ("images", Blank, "image 0 has no pixel that was measured"),
        ("truth", SameIds, "only 1 of 12 ids are distinct"),
        ("truth", NoIds, "no column `id`"),
        ("truth", ThirdClass, "labels are 0 to 2"),
        ("truth", Fractions, "no column `label` of whole numbers"),
        ("truth", ShortColumn, "column flux is no array of 12"),
        ("truth", Objects, "column extra is no array"),
        ("truth", StatusColumn, "column status is one of the table"),
        ("truth", RandomTruth, "truth differs"),
        ("truth", Infinite, "theta_E is infinite"),
        ("fingerprint", Unseeded, "the same with another seed"),
        ("fingerprint", Moody, "differs when it is opened anew"),
        ("fingerprint", Words, "not the 64 hexadecimal digits"),
        ("description", OtherName, "calls itself 'other'"),
        ("description", OtherTask, "its task is 'regression'"),
        ("description", OneClass, "needs at least two classes"),
    ],
)
def test_each_law_is_broken_by_a_data_set_that_breaks_it(law, dataset, message):
    assert message in faults(law, dataset)


def test_a_data_set_of_files_is_told_from_one_that_is_drawn():
    assert asks_for_files(zoo.DatasetFactory("tried", "classification", lambda path, n=3: Sound(n)))
    assert not asks_for_files(zoo.DatasetFactory("tried", "classification", lambda path=None: Sound()))
