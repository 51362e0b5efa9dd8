"""Measures what more views of a galaxy would tell `deeplens.sky`, and what of it are the surveys: `sky-views.csv`.

Run: python docs/sky_views.py SKY
SKY is a folder of telescope images for the data set `sky`. Two minutes of one core.

The network sees each image as it is, with the smooth light of its galaxy taken off, and the inner 81 and 61 pixels
alone. Logits of views are averaged; and a last layer learns from the features of several views, those layers before it
being frozen, in five parts of the objects, each of which is measured by the layer that the other four have taught.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from scipy.optimize import minimize
from smooth_light import arcless, smooth_light
from torch import Tensor, nn

import zoo_core as zoo
from zoo_core.datasets.public.sky import Sky, rows_of, split_of
from zoo_core.images.channels import noise_units
from zoo_core.images.operation import channel_operations
from zoo_core.models.views import of_views

STARTS = ("deeplens.space", "deeplens.sky")  # their layers are the same but for the last
BANDS, SCALE, SIDE = {"VIS": "F814W"}, 0.1, 101
FOLDS, PENALTY, DRAWS = 5, 0.1, 2000
TABLE = Path(__file__).parent / "leaderboard" / "sky-views.csv"
COLUMNS = (
    "scores",
    "positives",
    "negatives",
    "of",
    "n",
    "m",
    "auroc",
    "low",
    "high",
    "difference",
    "its_low",
    "its_high",
)
UNSEEN, BARE = "lenses without a visible arc", "the same lenses, arcs taken off"
CONTROLS = (  # what is to be told from what
    ("lenses", "galaxies"),
    ("clear", UNSEEN),
    ("weak", UNSEEN),
    ("lenses", BARE),
    (UNSEEN, "galaxies"),
    (BARE, "galaxies"),
)

Scores = Mapping[str, np.ndarray]


def inner(side: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function that cuts the middle out of images (N, SIDE, SIDE)."""
    cut = (SIDE - side) // 2
    return lambda images: images[:, cut:-cut, cut:-cut]


VIEWS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "whole": lambda images: images,
    "smooth light off": lambda images: images - np.stack([smooth_light(image)[0] for image in images]),
    "inner 81": inner(81),
    "inner 61": inner(61),
}


def main(folder: Path) -> None:
    """Measure, write."""
    torch.set_num_threads(1)
    space, sky = (zoo.load(name, device="cpu") for name in STARTS)
    listed = [row for row in rows_of(folder) if row.bands == tuple(BANDS.values())]
    rows = [row for row in listed if row.arc != "none_seen"]
    images = prepared(space, Sky(rows, BANDS, SCALE, SIDE))
    arcs = np.array([row.arc for row in rows])
    generator = np.random.default_rng(0)
    other = {
        UNSEEN: prepared(space, Sky([row for row in listed if row.arc == "none_seen"], BANDS, SCALE, SIDE)),
        BARE: np.stack([arcless(image, generator) for image in images[arcs != "none"]]),
    }
    seen = {view: features(space, change(images)) for view, change in VIEWS.items()}
    beside = {name: features(space, others) for name, others in other.items()}
    folds = folds_of(arcs)
    of_start = {
        model.id: _parts(arcs, lambda x, m=model: logits(m, x).mean(1), seen["whole"], beside) for model in (space, sky)
    }
    of_view = {view: logits(sky, x).mean(1) for view, x in seen.items()}
    everything = np.full(len(arcs), True)
    labels, start = (arcs != "none").astype(int), logits(space, seen["whole"])
    retrained = {
        view: crossed(
            np.concatenate([seen[name] for name in dict.fromkeys(("whole", view))], 2), start, labels, folds, everything
        )
        for view in VIEWS
    }
    lenses = labels == 1
    with_bare = {
        name: crossed(
            np.concatenate([seen["whole"], beside[BARE]]),
            np.concatenate([start, logits(space, beside[BARE])]),
            np.append(labels, np.zeros(lenses.sum(), int)),
            np.append(folds, folds[lenses]),
            np.append(everything, np.full(lenses.sum(), taught)),
        )
        for name, taught in (("whole", False), ("whole, taught without arcs too", True))
    }
    test = np.array([split_of(row.name) == "test" for row in rows])
    table = [
        *_untrained(of_view, lenses, test),
        *_retrained(retrained, lenses),
        *_taught(with_bare, lenses),
        *_surveys(of_start),
    ]
    with TABLE.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *table])


def folds_of(arcs: np.ndarray) -> np.ndarray:
    """The part of each object, as many lenses in one as in another."""
    generator, folds = np.random.default_rng(0), np.empty(len(arcs), int)
    for members in (np.flatnonzero(arcs == "none"), np.flatnonzero(arcs != "none")):
        folds[generator.permutation(members)] = np.arange(len(members)) % FOLDS
    return folds


def crossed(x: np.ndarray, start: np.ndarray, labels: np.ndarray, folds: np.ndarray, teaches: np.ndarray) -> np.ndarray:
    """Logits of all images (N,), each by a layer that the other parts have taught, of features (N, 8, F).

    Arguments:
        start: logits of the layer that this one begins as, (N, 8).
        teaches: which images may teach it, (N,).
    """
    x = (x - x.mean((0, 1))) / (x.std((0, 1)) + 1e-6)
    found = np.empty(len(x))
    for number in range(FOLDS):
        taught, asked = (folds != number) & teaches, folds == number
        layer = learned(x[taught].reshape(-1, x.shape[-1]), np.repeat(labels[taught], 8), start[taught].ravel())
        found[asked] = layer(x[asked], start[asked]).mean(1)
    return found


def _parts(
    arcs: np.ndarray, scores: Callable[[np.ndarray], np.ndarray], whole: np.ndarray, beside: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Scores by what is shown."""
    found = scores(whole)
    kinds = {"clear": found[arcs == "clear"], "weak": found[arcs == "weak"], "galaxies": found[arcs == "none"]}
    return kinds | {"lenses": found[arcs != "none"]} | {name: scores(x) for name, x in beside.items()}


def _untrained(of_view: Scores, lenses: np.ndarray, test: np.ndarray) -> Iterator[tuple]:
    """Each view, and its mean with the whole image, on the test split."""
    whole = of_view["whole"]
    named: dict[str, np.ndarray] = {}
    for view, found in of_view.items():
        named |= {view: found} | ({f"whole, {view}": found + whole} if view != "whole" else {})
    yield from _against_whole({name: scores[test] for name, scores in named.items()}, lenses[test], "test split")


def _retrained(of_view: Scores, lenses: np.ndarray) -> Iterator[tuple]:
    named = {"whole" if view == "whole" else f"whole, {view}": scores for view, scores in of_view.items()}
    for name, *row in _against_whole(named, lenses, "all"):
        yield f"last layer: {name}", *row


def _against_whole(scores: Scores, lenses: np.ndarray, of: str) -> Iterator[tuple]:
    """Each of these scores beside that of the whole image."""
    base = scores["whole"]
    for name, found in scores.items():
        row = _row((found[lenses], found[~lenses]), (base[lenses], base[~lenses]))
        yield name, "lenses", "galaxies", of, *row


def _taught(of_layer: Scores, lenses: np.ndarray) -> Iterator[tuple]:
    """A last layer that has learned from lenses without their arcs too, beside one that has not."""
    known = len(lenses)
    parts = {name: (x[:known][lenses], x[:known][~lenses], x[known:]) for name, x in of_layer.items()}
    base = parts["whole"]
    for name, part in parts.items():
        for column, negatives in ((1, "galaxies"), (2, BARE)):
            row = _row((part[0], part[column]), (base[0], base[column]))
            yield f"last layer: {name}", "lenses", negatives, "all", *row


def _surveys(of_start: Mapping[str, Scores]) -> Iterator[tuple]:
    for positive, negative in CONTROLS:
        first = of_start[STARTS[0]]
        for name, found in of_start.items():
            yield (
                name,
                positive,
                negative,
                "all",
                *_row((found[positive], found[negative]), (first[positive], first[negative])),
            )


def _row(scores: tuple[np.ndarray, np.ndarray], base: tuple[np.ndarray, np.ndarray]) -> tuple[str | int, ...]:
    """Numbers of images; AUROC and its difference to the base, each with an interval at 95 %, over the same draws."""
    (value, draws), (other, theirs) = _aurocs(*scores), _aurocs(*base)
    bounds = (np.quantile(of, (0.025, 0.975)) for of in (draws, draws - theirs))
    (low, high), (its_low, its_high) = bounds
    numbers = (value, low, high, value - other, its_low, its_high)
    return len(scores[0]), len(scores[1]), *(f"{number:.4f}" for number in numbers)


def _aurocs(lenses: np.ndarray, others: np.ndarray) -> tuple[float, np.ndarray]:
    """The share of pairs in the right order, and that of pairs drawn with replacement."""
    right = (lenses[:, None] > others) + 0.5 * (lenses[:, None] == others)
    generator = np.random.default_rng(0)
    drawn = [generator.multinomial(n, np.full(n, 1 / n), DRAWS) / n for n in right.shape]
    return float(right.mean()), np.einsum("ki,ij,kj->k", drawn[0], right, drawn[1], optimize=True)


def prepared(model: zoo.Model, dataset: Sky) -> np.ndarray:
    """All images in units of their noise, (N, SIDE, SIDE)."""
    ready = [model.preprocess.prepared(dataset.images([row]), SCALE) for row in range(len(dataset))]
    return noise_units(torch.cat(ready))[:, 0].numpy()


@torch.inference_mode()
def features(model: zoo.Model, images: np.ndarray) -> np.ndarray:
    """What the network makes of each of the eight turns of images in units of their noise, (N, 8, 512)."""
    network = cast(Any, model.network)
    parts = torch.from_numpy(images.astype(np.float32))[:, None].split(16)
    turned = (cast("list[Tensor]", of_views(network.features, _channels(model, part), 8)) for part in parts)
    return torch.cat([torch.stack(eight, 1) for eight in turned]).numpy()


def _channels(model: zoo.Model, batch: Tensor) -> Tensor:
    for operation in channel_operations(model.preprocess.operations):
        batch = batch if operation.op == "noise_units" else operation.apply(batch, None)
    return batch


def logits(model: zoo.Model, of: np.ndarray) -> np.ndarray:
    """Of these features, (N, 8)."""
    head = model.network.get_submodule("head")
    assert isinstance(head, nn.Linear)
    with torch.inference_mode():
        return head(torch.from_numpy(of))[..., 0].double().numpy()


def learned(x: np.ndarray, labels: np.ndarray, start: np.ndarray) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The logits a z + w.x + c of features x (M, F) beside the logits z (M,) of a start; w is kept small."""
    signs = np.where(labels == 1, 1.0, -1.0)
    weights = np.where(labels == 1, 0.5 / np.mean(labels == 1), 0.5 / np.mean(labels == 0)) / len(labels)

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        margin = signs * (start * p[-1] + x @ p[:-2] + p[-2])
        slope = -signs * weights / (1 + np.exp(margin))
        gradient = np.concatenate([x.T @ slope + PENALTY / 2 * p[:-2], [slope.sum(), slope @ start]])
        return float(weights @ np.logaddexp(0, -margin) + PENALTY / 4 * p[:-2] @ p[:-2]), gradient

    p = minimize(
        loss, np.append(np.zeros(x.shape[1] + 1), 1.0), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    ).x
    return lambda x, start: start * p[-1] + x @ p[:-2] + p[-2]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
