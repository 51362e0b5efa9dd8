"""Fitting the regressions, their regularisation chosen by cross-validation."""

import logging
from typing import cast

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV
from torch import Tensor

import zoo_core as zoo

from .network import Trivial
from .statistics import statistics

__all__ = ["fit", "fit_parameters", "train", "train_parameters"]

log = logging.getLogger("zoo")

BATCH = 512
FOLDS = 5
STRENGTHS = np.logspace(-3, 2, 6)
PENALTIES = np.logspace(-2, 4, 13)


def train(network: Trivial, training: zoo.Training) -> None:
    """Fit the classifier to as many images as the settings say, on the CPU."""
    images, targets = training.sample(training.settings.images)
    fit(network.cpu(), images.cpu(), targets.cpu(), training.seed)


def train_parameters(network: Trivial, training: zoo.Training) -> None:
    """Fit the ridge regression to as many images as the settings say, on the CPU."""
    images, targets = training.sample(training.settings.images)
    fit_parameters(network.cpu(), images.cpu(), targets.cpu())


@torch.no_grad()
def fit(network: Trivial, images: Tensor, targets: Tensor, seed: int) -> None:
    """Set the weights in place.

    Arguments:
        images: preprocessed, (N, channels, size, size).
        targets: class of each, (N,).
        seed: of the folds.
    """
    terms = _standardised(network, images)
    order = np.random.default_rng(seed).permutation(len(terms))
    regression, failing = LogisticRegression(max_iter=2000), cast(float, "raise")
    search = GridSearchCV(regression, {"C": STRENGTHS}, scoring="neg_log_loss", cv=FOLDS, error_score=failing)
    search.fit(terms[order], targets.numpy()[order].astype(int))
    log.info("trivial: %s, cross-validated log loss %.4f", search.best_params_, -search.best_score_)
    network.head.weight.copy_(torch.from_numpy(search.best_estimator_.coef_))
    network.head.bias.copy_(torch.from_numpy(search.best_estimator_.intercept_))


@torch.no_grad()
def fit_parameters(network: Trivial, images: Tensor, targets: Tensor) -> None:
    """Set the weights in place: means by ridge regression, and the variance of what it leaves, the same for all.

    Arguments:
        images: preprocessed, (N, channels, size, size).
        targets: parameters of each, (N, P).
    """
    terms, known = _standardised(network, images), targets.double().numpy()
    regression = RidgeCV(PENALTIES).fit(terms, known)
    left = (known - regression.predict(terms)).var(0)
    log.info("trivial: penalty %g, standard deviations %s", regression.alpha_, np.sqrt(left).round(4).tolist())
    slopes, offsets = np.atleast_2d(cast(np.ndarray, regression.coef_)), np.atleast_1d(regression.intercept_)
    network.head.weight.copy_(torch.from_numpy(np.concatenate([slopes, np.zeros_like(slopes)])))
    network.head.bias.copy_(torch.from_numpy(np.concatenate([offsets, np.log(left)])))


def _standardised(network: Trivial, images: Tensor) -> np.ndarray:
    """Terms of the images (N, terms), after the network was given the mean and scale of their statistics."""
    raw = torch.cat([statistics(part) for part in images.split(BATCH)])
    network.mean.copy_(raw.mean(0))
    network.scale.copy_(raw.std(0).clamp(min=1e-6))
    return torch.cat([network.features(part) for part in images.split(BATCH)]).double().numpy()
