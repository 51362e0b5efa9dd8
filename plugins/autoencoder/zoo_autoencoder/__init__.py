"""Autoencoders that learn ordinary images and find the others: plain, variational and adversarial.

Each as published for dark-matter substructure, and as a smaller network whose score knows its ordinary residuals.
"""

from dataclasses import dataclass
from typing import Literal

import zoo_core as zoo

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


@dataclass(frozen=True)
class Arguments:
    """Arguments of any of the three networks.

    Arguments:
        body: "compact" for 57 pixels a side, "published" for 150.
        latent: dimensions; 1000 as published.
        score: of residual and latent; "mse" as published.
        directions: principal directions of the residuals in which `whitened` and `likelihood` measure.
    """

    body: Literal["compact", "published"] = "compact"
    latent: int = 32
    score: Literal["whitened", "likelihood", "maximum", "latent", "mse"] = "whitened"
    directions: int = 25


@dataclass(frozen=True)
class PlainArguments(Arguments):
    """Arguments of the convolutional autoencoder, besides those of all three.

    Arguments:
        normalise: batch normalisation of the latent; true as published.
    """

    normalise: bool = False


@dataclass(frozen=True)
class AdversarialArguments(Arguments):
    """Arguments of the adversarial autoencoder, besides those of all three.

    Arguments:
        width: standard deviation of the prior; 5 as published.
        weight: of deceiving the discriminator, in nats a pixel.
    """

    width: float = 1.0
    weight: float = 1e-3


@zoo.hookimpl
def zoo_architectures() -> list[zoo.Architecture]:
    """Three ways to make the latent what it should be."""
    return [
        _architecture("autoencoder", PlainArguments, "convolutional autoencoder"),
        _architecture("vae", Arguments, "variational autoencoder"),
        _architecture("aae", AdversarialArguments, "adversarial autoencoder"),
    ]


def _architecture(name: str, arguments: type, summary: str) -> zoo.Architecture:
    return zoo.Architecture(
        name=name,
        task="anomaly",
        build=zoo.lazy(f"zoo_autoencoder.build:{name}"),
        bands=("grey",),
        heads=zoo.Heads(),
        preprocess=PREPROCESS,
        arguments=arguments,
        settings=zoo.lazy("zoo_autoencoder.settings:Settings"),
        summary=f"{summary}, whitened residual (after Alexander et al. 2020)",
        paper=PAPER,
        train=zoo.lazy("zoo_autoencoder.learning:learn"),
    )
