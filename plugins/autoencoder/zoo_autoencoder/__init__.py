"""Autoencoders that learn ordinary images and find the others: plain, variational and adversarial.

Each as published for dark-matter substructure, and as a smaller network whose score knows its ordinary residuals.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import zoo_core as zoo

if TYPE_CHECKING:
    from torch import nn

    from .bodies import Body
    from .scores import Score

__all__ = ["zoo_architectures"]

PAPER = """@article{Alexander2020,
  author = {Alexander, Stephon and Gleyzer, Sergei and Parul, Hanna and Reddy, Pranath and Tidball, Marcos and
            Toomey, Michael W.},
  title = {Decoding Dark Matter Substructure without Supervision},
  year = {2020},
  eprint = {2008.12731}
}"""

PREPROCESS = (
    {"op": "blank", "values": (), "repeated": False},
    {"op": "bin", "factor": 2},
    {"op": "frame", "size": 57},
    {"op": "sqrt"},
)


def autoencoder(
    channels: int,
    outputs: int,
    body: str = "compact",
    latent: int = 32,
    score: str = "whitened",
    directions: int = 25,
    normalise: bool = False,
) -> "nn.Module":
    """The convolutional autoencoder with random weights.

    Arguments:
        channels, outputs: of the network.
        body: "compact" (57 pixels a side) or "published" (150).
        latent: dimensions; 1000 as published.
        score: "whitened", "likelihood", "maximum", "latent", or "mse" as published.
        directions: principal directions of the residuals in which `whitened` and `likelihood` measure.
        normalise: batch normalisation of the latent; true as published.
    """
    from .network import Autoencoder

    halves, rule = _parts(channels, body, latent, score, directions)
    return Autoencoder(halves, latent, rule, normalise)


def vae(
    channels: int,
    outputs: int,
    body: str = "compact",
    latent: int = 32,
    score: str = "whitened",
    directions: int = 25,
) -> "nn.Module":
    """The variational autoencoder with random weights; arguments as of `autoencoder`."""
    from .network import VariationalAutoencoder

    halves, rule = _parts(channels, body, latent, score, directions)
    return VariationalAutoencoder(halves, latent, rule)


def aae(
    channels: int,
    outputs: int,
    body: str = "compact",
    latent: int = 32,
    score: str = "whitened",
    directions: int = 25,
    width: float = 1.0,
    weight: float = 1e-3,
) -> "nn.Module":
    """The adversarial autoencoder with random weights.

    Arguments:
        channels, outputs, body, latent, score, directions: as of `autoencoder`.
        width: standard deviation of the prior; 5 as published.
        weight: of deceiving the discriminator, in nats a pixel.
    """
    from .network import AdversarialAutoencoder

    halves, rule = _parts(channels, body, latent, score, directions)
    return AdversarialAutoencoder(halves, latent, rule, width, weight)


def train(network: "nn.Module", training: zoo.Training) -> None:
    """See `learning.learn`."""
    from .learning import learn

    learn(network, training)


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Three ways to make the latent what it should be."""
    return [
        _architecture("autoencoder", autoencoder, "convolutional autoencoder"),
        _architecture("vae", vae, "variational autoencoder"),
        _architecture("aae", aae, "adversarial autoencoder"),
    ]


def _architecture(name: str, build: "Callable[..., nn.Module]", summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="anomaly",
        build=build,
        size=57,
        bands=("grey",),
        heads=zoo.Heads(),
        preprocess=PREPROCESS,
        summary=f"{summary}, whitened residual (after Alexander et al. 2020)",
        paper=PAPER,
        train=train,
    )


def _parts(channels: int, body: str, latent: int, score: str, directions: int) -> "tuple[Body, Score]":
    from .bodies import BODIES
    from .scores import SCORES

    halves = BODIES[body](channels)
    return halves, SCORES[score](channels * halves.size**2, latent, directions)
