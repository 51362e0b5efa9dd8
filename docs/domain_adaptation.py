"""Measures what domain adaptation is worth, as docs/recipes.md tells: `domain-adaptation.csv`.

Run: python docs/domain_adaptation.py FOLDER SKY [ARM ...]
SKY is a folder of telescope images for the data set `sky`. FOLDER keeps runs and predictions, so that the same call
goes on; twenty minutes on one quiet core. An ARM such as `sky_mmd` or `shifted_oracle` is one of those that are wanted.

`lastro.space` is trained further for the same number of steps in every arm: on simulated images alone, with each method
and the unlabelled images of a target beside them, and on the images of the target with their labels. What the last step
leaves is measured, so that no label of a target chooses anything.
"""

import csv
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

import zoo_core as zoo
from zoo_core.bench.harness import measure
from zoo_core.board.compare import compare
from zoo_core.catalog.specs import BenchmarkSpec
from zoo_core.train.descent import Session
from zoo_core.train.fit import run
from zoo_core.train.recipe import recipe_of

START, ALONE, ORACLE = "lastro.space", "source", "oracle"
METHODS: Mapping[str, Mapping[str, Any]] = {
    "mmd": {},
    "dann": {},
    "adda": {"first": 0.0},  # the start is what its first stage would leave
    "self_ensembling": {},
    "adamatch": {},
}
STEPS, BATCH = 80, 16
SOURCE = {"dataset": "finding_space", "arguments": {"n": 1500, "seed": 404, "lens_fraction": 0.5}}
HELD_OUT = {"dataset": "finding_space", "arguments": {"n": 100, "seed": 405, "lens_fraction": 0.5}}
COMMON = {
    "architecture": "lastro",
    "plugin": "zoo-lastro",
    "seed": 1,
    "train": SOURCE,
    "validation": HELD_OUT,
    "warm_start": START,
    "steps": STEPS,
    "batch_size": BATCH,
    "validate_every": STEPS,
    "optimiser": {"lr": 3.0e-3, "weight_decay": 0.003, "warmup_steps": 10},
    "augmentation": {"dihedral": True, "gain": 0.2, "offset": 0.1},
    "dropout_schedule": {"final": 0.2, "every": 1},
}
TABLE = Path(__file__).parent / "leaderboard" / "domain-adaptation.csv"
COLUMNS = ("target", "arm", "lenses", "others", "auroc", "low", "high", "difference", "its_low", "its_high")


@dataclass(frozen=True)
class Target:
    """Images that a network is to work on.

    Arguments:
        name: of the target.
        dataset: that holds them.
        adapted, measured: with what it is opened for the images to adapt to, and for those that are measured.
        views: over which a measured network averages; many where images are few.
    """

    name: str
    dataset: str
    adapted: Mapping[str, Any]
    measured: Mapping[str, Any]
    views: int

    @property
    def recipe(self) -> dict[str, Any]:
        """Its unlabelled images, in a recipe."""
        return {"dataset": self.dataset, "arguments": dict(self.adapted)}

    @property
    def benchmark(self) -> BenchmarkSpec:
        """Of the measured images."""
        return BenchmarkSpec(self.name, self.dataset, "classification", ("auroc",), dict(self.measured))


def main(folder: Path, sky: Path, wanted: Sequence[str]) -> None:
    """Train, measure, compare; without what is wanted, all arms."""
    torch.set_num_threads(1)
    rows = []
    for target in _targets(sky):
        for name, recipe in _arms(target):
            if recipe in (COMMON, None) or not wanted or name in wanted:
                rows.append(_measured(name, _trained(name, recipe, folder), target, folder / "results"))
                logging.info(" ".join(map(str, rows[-1])))
    with TABLE.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


def _targets(sky: Path) -> tuple[Target, Target]:
    simulated = Target("shifted", "finding_space_shifted", {"n": 1000, "seed": 404}, {"n": 2000, "seed": 1}, views=1)
    there = {"path": str(sky.absolute())}
    learned, test = {**there, "split": ["train", "validation"]}, {**there, "split": "test"}
    return simulated, Target("sky", "sky", learned, test, views=8)


def _arms(target: Target) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Names and recipes; the start is not trained."""
    yield ALONE, COMMON
    yield "start", None
    yield f"{target.name}_{ORACLE}", {**COMMON, "train": target.recipe}
    for method, settings in METHODS.items():
        adaptation = {"method": method, "settings": dict(settings), "target": target.recipe}
        yield f"{target.name}_{method}", {**COMMON, "adaptation": adaptation}


def _trained(name: str, recipe: dict[str, Any] | None, folder: Path) -> str:
    """The model of an arm. All share the folder of what is rendered and prepared."""
    if recipe is None:
        return START
    own, shared = folder / name, folder / "data"
    if not (own / "model").exists():
        own.mkdir(parents=True, exist_ok=True)
        shared.mkdir(exist_ok=True)
        if not (own / "data").exists():
            (own / "data").symlink_to(shared.absolute())
        run(recipe_of({**recipe, "id": f"lastro.{name}"}, name), own, Session.starting("cpu", True, False, None))
    return str(own / "model")


def _measured(name: str, path: str, target: Target, results: Path) -> tuple:
    """The row of an arm, with its difference to the source alone, which is measured before."""
    model = replace(zoo.load(path, device="cpu"), id=name, views=target.views)
    (result,) = measure([model], target.benchmark, results=results)
    auroc = result.metrics["auroc"]
    pair = next(one for one in compare(name, ALONE, target.name, results).metrics if one.name == "auroc")
    numbers = (auroc.value, auroc.low, auroc.high, pair.difference, pair.low, pair.high)
    arm = name.removeprefix(f"{target.name}_")
    return target.name, arm, result.images["lens"], result.images["nonlens"], *(f"{one:.4f}" for one in numbers)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
