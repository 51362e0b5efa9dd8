"""A classifier of known quality, and small real models on small real images."""

import importlib
import json
from functools import cache

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import zoo_core as zoo
from zoo_core.bench.metrics.classification import binary_metrics
from zoo_core.bench.metrics.named import select
from zoo_core.bench.summary import summarise
from zoo_core.catalog.entries import SCHEMA, entry_of, resampled_scale
from zoo_core.catalog.folder import write_folder
from zoo_core.catalog.specs import BenchmarkSpec, ModelSpec, WeightsSpec
from zoo_core.scores import ClassScores
from zoo_core.tasks import Calibration, Heads

from ..catalog.distributions import install
from ..stored_results import MadeUp, store_result

SIDE = 33
PREPROCESS = ({"op": "frame", "size": SIDE}, {"op": "noise_units"})


def lens_finder(images=400, lens_fraction=0.25, separation=2.0, seed=0):
    """Scores and truth of a finder whose logits are N(0, 1) and N(separation, 1)."""
    rng = np.random.default_rng(seed)
    label = (rng.random(images) < lens_fraction).astype(int)
    logit = rng.normal(separation * label - separation / 2)
    return finder_scores(1 / (1 + np.exp(-logit))), {
        "id": np.arange(images).astype(str),
        "label": label,
        "theta_E": rng.uniform(0.3, 3, images) * label,
    }


def finder_scores(p, prior=()):
    """Scores of a classifier of two classes from the probability of the second."""
    p = np.asarray(p, float)
    return ClassScores(np.stack([1 - p, p], axis=1), prior)


@pytest.fixture
def finder():
    return lens_finder()


@pytest.fixture
def folder_of_images(tmp_path):
    """A user's folder of small images: the lenses are brighter."""
    rng = np.random.default_rng(0)
    axis = np.arange(SIDE) - SIDE // 2
    blob = np.exp(-(axis[:, None] ** 2 + axis**2) / 18)
    for name, peak in (("nonlens", 10.0), ("lens", 30.0)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(20):
            image = rng.normal(size=(SIDE, SIDE)) + peak * rng.uniform(0.5, 1.5) * blob
            np.save(tmp_path / "images" / name / f"{name}{number:02d}.npy", image.astype("float32"))
    return tmp_path / "images"


@pytest.fixture
def tiny_model(tmp_path):
    """Makes a model in a folder: `tiny_model("trivial.one", seed=1)`."""

    def make(model_id, seed=0, preprocess=PREPROCESS, weight=None):
        untrained = zoo.build("trivial")
        network, generator = untrained.network, torch.Generator().manual_seed(seed)
        torch.nn.init.normal_(network.head.weight, std=0.1, generator=generator)
        torch.nn.init.zeros_(network.head.bias)
        if weight is not None:
            torch.nn.init.constant_(network.head.weight, weight)
        save_file(network.state_dict(), tmp_path / "weights.safetensors")
        spec = ModelSpec(
            id=model_id,
            architecture="trivial",
            plugin="zoo-trivial",
            task="classification",
            heads=untrained.heads,
            bands=untrained.bands,
            pixel_scale=resampled_scale(preprocess) or "any",
            preprocess=preprocess,
            weights=WeightsSpec("model.safetensors", "0" * 64, 1),
            calibration=Calibration(prior=(0.5,)),
            licence="MIT",
            known_failures=(),
        )
        folder = tmp_path / f"model-{model_id}-{seed}-{len(list(tmp_path.iterdir()))}"
        return zoo.load(write_folder(folder, spec, tmp_path / "weights.safetensors"))

    return make


@pytest.fixture
def bright(folder_of_images):
    """The benchmark on that folder."""
    arguments = {"path": str(folder_of_images), "classes": ["nonlens", "lens"]}
    return BenchmarkSpec("bright", "folder", "classification", ("auroc", "tpr0", "recall"), arguments)


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Lists a benchmark in the registry of an installed plugin: `listed(spec)`."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(site)

    def add(spec):
        registry = json.dumps({"schema": SCHEMA, "benchmarks": {spec.id: entry_of(spec)}})
        install(site, spec.id, f"zoo_{spec.id}", registry=registry)
        importlib.invalidate_caches()

    return add


@pytest.fixture
def stored(tmp_path):
    """Stores the result of a finder of some quality: `stored("a.one", separation=2.0)`; returns its path."""
    return storing(tmp_path / "results")


@cache
def measured_finder(images, separation, seed):
    """Scores, truth and numbers of a finder, which are the same in each test."""
    scores, truth = lens_finder(images, separation=separation, seed=seed)
    truth["kind"] = np.where(truth["label"] == 1, "arc", np.where(np.arange(images) % 2, "spiral", "ring"))
    metrics = select(("auroc", "tpr0", "recall", "purity_1e-3"), "classification", binary_metrics())
    strata = {"theta_E": (0.3, 1.0, 2.0, 3.0), "kind": ()}
    return scores, truth, summarise(scores, truth, metrics, Heads(classes=("nonlens", "lens")), strata)


def storing(results):
    """A function that stores results in that folder, see `stored`."""

    def store(model, separation=2.0, images=1000, benchmark="sky", seed=0, **changes):
        scores, truth, numbers = measured_finder(images, separation, seed)
        columns = {"p_lens": scores.positive}
        made = MadeUp("classification", columns, truth, numbers, Heads(classes=("nonlens", "lens")), prior=(0.5,))
        return store_result(results, model, benchmark, made, **changes)

    return store
