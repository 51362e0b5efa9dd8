"""Measures a denoiser, a deblender and what answers as one pipeline, beside the answer without them: docs/pipelines.md.

Run: python docs/whole_pipeline.py FOLDER [DEBLENDER]
FOLDER keeps what was answered, so that the same call goes on. DEBLENDER is the id or the folder of a model. Each member
answers for one view of each image.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from modular_pipeline import MEASURED, accuracy, auroc, error_of, kept, parameters, strata, table
from restored_images import AT_ONCE, SCALE
from torch import Tensor

import zoo_core as zoo
from zoo_core.datasets.simulated.restoration import restoration_space
from zoo_core.tasks import Classification, Prediction, Regression

DENOISER, DEBLENDER = "edsr.denoise", "edsr.deblend"
FINDER, REGRESSOR = "vib.space", "resnet_regression.euclid"
FOUND = {"n": 2000, "seed": 77, "lens_fraction": 0.5}  # the images of finding_pipelines

log = logging.getLogger(__name__)


def main(folder: Path, deblender: str = DEBLENDER) -> None:
    """Answer with and without the members before, compare."""
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    chains = {"direct": (), "deblended": (deblender,), "denoised, deblended": (DENOISER, deblender)}
    images = zoo.open_dataset("finding_space", **FOUND)
    labels, rows = images.truth()["label"], np.arange(len(images))
    found = {
        name: kept(folder / f"{FINDER}, {name}", lambda b=before: answered((*b, FINDER), images, rows, _logits))
        for name, before in chains.items()
    }
    for name, statistic in (("AUROC", auroc), ("accuracy", accuracy)):
        log.info("\n%s\n%s", name, table(found, labels, statistic, strata(images, rows, True)))
    lenses = restoration_space(**MEASURED, lens_fraction=0.5)
    rows = np.flatnonzero(lenses.truth()["label"] == 1)
    measured = {
        name: kept(folder / f"{REGRESSOR}, {name}", lambda b=before: answered((*b, REGRESSOR), lenses, rows, _means))
        for name, before in chains.items()
    }
    truth = parameters(lenses)
    for column, name in enumerate(zoo.load(REGRESSOR, device="cpu").heads.parameters):
        parts = strata(lenses, rows, False)
        log.info("\nmedian |error| of %s\n%s", name, table(measured, truth, error_of(column), parts))


def answered(
    names: tuple[str, ...], images: zoo.Dataset, rows: np.ndarray, answer: Callable[[Prediction], Tensor]
) -> np.ndarray:
    """What the last of these models answers to these images behind the others, (N, ...)."""
    members = [zoo.load(name, device="cpu").with_views(1) for name in names]
    model = zoo.pipeline(members, device="cpu") if len(members) > 1 else members[0]
    parts = np.split(rows, range(AT_ONCE, len(rows), AT_ONCE))
    return torch.cat([answer(model(images.images(part), SCALE)) for part in parts]).numpy()


def _logits(prediction: Prediction) -> Tensor:
    assert isinstance(prediction, Classification)
    return prediction.logits.flatten()


def _means(prediction: Prediction) -> Tensor:
    assert isinstance(prediction, Regression)
    return prediction.mean


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main(Path(sys.argv[1]), *sys.argv[2:3])
