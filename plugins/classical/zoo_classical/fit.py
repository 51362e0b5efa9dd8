"""Fitting the classifier; what regularises it is chosen by cross-validation."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

import zoo_core as zoo

from .network import Classical, Hidden, Landmarks

__all__ = ["fit", "train"]

log = logging.getLogger("zoo")

BATCH = 256
FOLDS = 3
SEARCHED = 12_000  # images of the search; the best is then fitted to all
C = np.logspace(-4, 1, 6)


def train(network: Classical, training: zoo.Training) -> None:
    """Fit the classifier to as many images as the settings say, on the CPU."""
    images, targets = training.sample(training.settings.images)
    fit(network.cpu(), images.cpu(), targets.cpu(), training.seed)


@torch.no_grad()
def fit(network: Classical, images: Tensor, targets: Tensor, seed: int) -> None:
    """Set the weights in place.

    Arguments:
        images: preprocessed, (N, channels, size, size).
        targets: class of each, (N,).
        seed: of the order of the images, the landmarks and the first weights.
    """
    raw = torch.cat([network.raw(part) for part in images.split(BATCH)])
    network.mean.copy_(raw.mean(0))
    network.scale.copy_(raw.std(0).clamp(min=1e-6))
    x = ((raw - network.mean) / network.scale).clamp(-5, 5).numpy()
    y = targets.numpy().astype(int)
    search, write = _BY_MAP[type(network.map)]
    write(network, _best(search(network, seed), x, y, seed))


def _best(search: GridSearchCV, x: np.ndarray, y: np.ndarray, seed: int) -> Pipeline:
    order = np.random.default_rng(seed).permutation(len(x))
    searched = order[:SEARCHED]
    search.fit(x[searched], y[searched])
    log.info("classical: %s, cross-validated AUROC %.4f", search.best_params_, search.best_score_)
    return search.estimator.set_params(**search.best_params_).fit(x[order], y[order])


def _search(pipeline: Pipeline, grid: dict[str, object]) -> GridSearchCV:
    failing: Any = "raise"
    return GridSearchCV(pipeline, grid, scoring="roc_auc", cv=FOLDS, refit=False, error_score=failing)


def _linear(network: Classical, seed: int) -> GridSearchCV:
    return _search(Pipeline([("logistic", LogisticRegression(max_iter=500))]), {"logistic__C": C})


def _rbf(network: Classical, seed: int) -> GridSearchCV:
    landmarks, inputs = network.map.landmarks.shape
    kernel = Nystroem(n_components=landmarks, random_state=seed)
    pipeline = Pipeline([("kernel", kernel), ("logistic", LogisticRegression(max_iter=500))])
    return _search(pipeline, {"kernel__gamma": np.array([0.1, 0.3, 1.0]) / inputs, "logistic__C": C[2:]})


def _mlp(network: Classical, seed: int) -> GridSearchCV:
    classifier = MLPClassifier((network.head.in_features,), early_stopping=True, n_iter_no_change=5, random_state=seed)
    grid = {"mlp__alpha": (1e-3, 1e-1, 1.0), "mlp__learning_rate_init": (3e-4, 1e-3)}
    return _search(Pipeline([("mlp", classifier)]), grid)


def _write_linear(network: Classical, fitted: Any) -> None:
    _write_logistic(network.head, fitted["logistic"])


def _write_rbf(network: Classical, fitted: Any) -> None:
    kernel = fitted["kernel"]
    network.map.landmarks.copy_(torch.from_numpy(kernel.components_))
    network.map.log_gamma.fill_(float(np.log(kernel.gamma)))
    network.map.normalization.copy_(torch.from_numpy(kernel.normalization_))
    _write_logistic(network.head, fitted["logistic"])


def _write_mlp(network: Classical, fitted: Any) -> None:
    layers = zip((network.map[0], network.head), fitted["mlp"].coefs_, fitted["mlp"].intercepts_, strict=True)
    for layer, weight, bias in layers:
        layer.weight.copy_(torch.from_numpy(weight.T))
        layer.bias.copy_(torch.from_numpy(bias))


def _write_logistic(head: nn.Linear, fitted: LogisticRegression) -> None:
    head.weight.copy_(torch.from_numpy(fitted.coef_))
    head.bias.copy_(torch.from_numpy(fitted.intercept_))


_BY_MAP: dict[type, tuple[Callable[[Classical, int], GridSearchCV], Callable[[Classical, Pipeline], None]]] = {
    nn.Identity: (_linear, _write_linear),
    Landmarks: (_rbf, _write_rbf),
    Hidden: (_mlp, _write_mlp),
}
