"""A shuffled sheet of real and simulated frames, for the eye to sort; what came of one stands in docs/simulator.md.

Run: python docs/shuffled_sheet.py draw FOLDER OUT [SEED], sort OUT/sheet.png without opening OUT/key.csv, write
number,real (1 or 0) of each frame into a file, then: python docs/shuffled_sheet.py score OUT/key.csv SORTED
FOLDER has labels.csv, see docs/data-formats.md; its test split is not opened.
"""

import csv
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from contact_sheets import draw, stretched
from real_and_simulated import Pixels, framed, telescope_images

from zoo_core.bench.metrics.intervals import binomial
from zoo_core.datasets.simulated.finding import Finding, finding_space

SIDE = 49  # pixels of 0.1", as the smallest frames have
REAL = {"lenses": 20, "galaxies in 10 arcsec": 10, "galaxies in 5 arcsec": 10}
SIMULATED = 10  # of each kind: lenses and others, hosts simulated or real
COLUMNS, DPI, GREYS = 10, 130, 64

Frames = list[tuple[str, Pixels]]
"""What each is, and its pixels."""


def main(folder: Path, out: Path, seed: int) -> None:
    """Draw the sheet and write the key."""
    torch.set_num_threads(1)
    random = np.random.default_rng(seed)
    frames = real(folder, random) + simulated(seed) + painted(folder, seed)
    order = random.permutation(len(frames))
    out.mkdir(parents=True, exist_ok=True)
    numbers = [str(number) for number in range(len(frames))]
    pictures = [stretched(frames[row][1]) for row in order]
    draw(pictures, numbers, COLUMNS, str((out / "sheet.png").resolve()), DPI, GREYS)
    with (out / "key.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("number", "kind"), *zip(numbers, (frames[row][0] for row in order), strict=True)])


def real(folder: Path, random: np.random.Generator) -> Frames:
    """Telescope images drawn at random."""
    found: Frames = []
    for domain, images in telescope_images(folder).items():
        there = whole(f"real {domain}", (images[row] for row in random.permutation(len(images))))
        found += there[: REAL[domain]]
    return found


def simulated(seed: int) -> Frames:
    """The first of the training population."""
    dataset = finding_space(n=6 * SIMULATED, seed=seed, lens_fraction=0.5)
    return of_each_class("simulated", dataset.make(0, len(dataset))[0][:, 0], dataset.targets())


def painted(folder: Path, seed: int) -> Frames:
    """Real galaxies with simulated arcs, or without any, as a network would be trained on them."""
    dataset = finding_space(n=6 * SIMULATED, seed=seed + 1, lens_fraction=0.5, hosts=folder, painted=1.0)
    images, targets = trained_on(dataset, seed)
    return of_each_class("painted", images, targets)


def trained_on(dataset: Finding, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One training image of each scene, (n, side, side), and whether it is a lens."""
    with tempfile.TemporaryDirectory() as kept:
        view = dataset.training_view(Path(kept), torch.device("cpu"))
        images, targets = view.draw(np.arange(len(dataset)), torch.Generator().manual_seed(seed))
    return images[:, 0].numpy(), targets.numpy()


def of_each_class(kind: str, images: np.ndarray, targets: np.ndarray) -> Frames:
    """The first whole frames of lenses and of others."""
    classes = ((f"{kind} {name}", images[targets == label]) for label, name in enumerate(("other", "lens")))
    return [frame for name, those in classes for frame in whole(name, those)[:SIMULATED]]


def whole(kind: str, images: Iterable[np.ndarray]) -> Frames:
    """The middles of the images that have no gaps there."""
    frames = (framed(image, SIDE) for image in images)
    return [(kind, frame) for frame in frames if frame is not None]


def score(key: Path, answers: Path) -> str:
    """How many of each kind were taken for real, and how many answers were right, with their interval at 95 %."""
    kinds = {row["number"]: row["kind"] for row in read(key)}
    said = {row["number"]: int(row["real"]) for row in read(answers)}
    right = [said[number] == kind.startswith("real") for number, kind in kinds.items()]
    lines = [f"right: {counted(sum(right), len(right))}"]
    for kind in sorted(set(kinds.values())):
        taken = [said[number] for number in kinds if kinds[number] == kind]
        lines.append(f"{kind}: taken for real {counted(sum(taken), len(taken))}")
    return "\n".join(lines) + "\n"


def counted(hits: int, count: int) -> str:
    """A share with its interval."""
    low, high = binomial(hits, count) or (0.0, 1.0)
    return f"{hits} of {count}, {hits / count:.2f} [{low:.2f}, {high:.2f}]"


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    if sys.argv[1] == "score":
        sys.stdout.write(score(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        main(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1)
