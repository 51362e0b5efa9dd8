"""The three autoencoders from the arguments of their architectures, with random weights."""

from zoo_core.errors import SpecError

from .bodies import BODIES, Body
from .network import AdversarialAutoencoder, Autoencoder, VariationalAutoencoder
from .scores import SCORES, Score

__all__ = ["aae", "autoencoder", "vae"]


def autoencoder(
    channels: int, outputs: int, size: int, body: str, latent: int, score: str, directions: int, normalise: bool
) -> Autoencoder:
    """The convolutional autoencoder."""
    halves = _body(body, channels, size)
    return Autoencoder(halves, latent, _score(score, halves, channels, latent, directions), normalise)


def vae(
    channels: int, outputs: int, size: int, body: str, latent: int, score: str, directions: int
) -> VariationalAutoencoder:
    """The variational autoencoder."""
    halves = _body(body, channels, size)
    return VariationalAutoencoder(halves, latent, _score(score, halves, channels, latent, directions))


def aae(
    channels: int,
    outputs: int,
    size: int,
    body: str,
    latent: int,
    score: str,
    directions: int,
    width: float,
    weight: float,
) -> AdversarialAutoencoder:
    """The adversarial autoencoder."""
    halves = _body(body, channels, size)
    rule = _score(score, halves, channels, latent, directions)
    return AdversarialAutoencoder(halves, latent, rule, width, weight)


def _body(name: str, channels: int, size: int) -> Body:
    halves = BODIES[name](channels)
    if halves.size != size:
        raise SpecError(
            f"the body {name!r} takes images of {halves.size} x {halves.size} pixels and the preprocessing makes "
            f"{size} x {size}; write {{op: frame, size: {halves.size}}}, or choose another body"
        )
    return halves


def _score(name: str, halves: Body, channels: int, latent: int, directions: int) -> Score:
    return SCORES[name](channels * halves.size**2, latent, directions)
