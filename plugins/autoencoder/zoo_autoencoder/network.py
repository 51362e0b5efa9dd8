"""Three autoencoders: plain, variational and adversarial."""

import torch
from torch import Generator, Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from .bodies import Body
from .scores import Score

__all__ = ["AdversarialAutoencoder", "Autoencoder", "VariationalAutoencoder", "kl_divergence", "surprise"]

LOG_VARIANCE = -20.0, 10.0  # of a latent; beyond that exp() is of no use


class Autoencoder(nn.Module):
    """Image to latent and back; what does not come back is scored.

    Arguments:
        body: encoder and decoder.
        latent: dimensions.
        score: of residual and latent.
        normalise: batch normalisation of the latent, as in the DCAE of Alexander et al. (2020).
    """

    def __init__(self, body: Body, latent: int, score: Score, normalise: bool = False):
        super().__init__()
        self.encoder, self.decoder, self.score = body.encoder, body.decoder, score
        self.to_latent = nn.Linear(body.width, latent)
        self.normalise = nn.BatchNorm1d(latent) if normalise else nn.Identity()
        self.from_latent = nn.Linear(latent, body.width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Score (B,), reconstruction (B, C, size, size) and latent (B, D) of images (B, C, size, size)."""
        latent = self.encode(x)
        reconstruction = self.decode(latent)
        return self.score(x - reconstruction, latent), reconstruction, latent

    def features(self, x: Tensor) -> Tensor:
        """The latent (B, D)."""
        return self.encode(x)

    def encode(self, x: Tensor) -> Tensor:
        """The latent (B, D)."""
        return self.normalise(self.to_latent(self.encoder(x)))

    def decode(self, latent: Tensor) -> Tensor:
        """The image of a latent."""
        return self.decoder(self.from_latent(latent))

    def objective(self, corrupted: Tensor, target: Tensor, generator: Generator) -> Tensor:
        """What training minimises: minus the log likelihood of the images `target`, from the images `corrupted`."""
        return surprise(self.decode(self.encode(corrupted)), target)


class VariationalAutoencoder(Autoencoder):
    """A latent of N(mean, variance) under the prior N(0, 1) (Kingma & Welling 2014); its mean is what is predicted.

    The balance of likelihood and Kullback-Leibler divergence is not a free parameter, see `surprise`.
    """

    def __init__(self, body: Body, latent: int, score: Score):
        super().__init__(body, latent, score)
        self.to_log_variance = nn.Linear(body.width, latent)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the latent, (B, D) each."""
        features = self.encoder(x)
        return self.to_latent(features), self.to_log_variance(features).clamp(*LOG_VARIANCE)

    def encode(self, x: Tensor) -> Tensor:
        """The mean of the latent; in training mode a draw."""
        mean, log_variance = self.posterior(x)
        return draw(mean, log_variance, None) if self.training else mean

    def objective(self, corrupted: Tensor, target: Tensor, generator: Generator) -> Tensor:
        """Minus the evidence lower bound per pixel, without its constant."""
        mean, log_variance = self.posterior(corrupted)
        reconstruction = self.decode(draw(mean, log_variance, generator))
        divergence = kl_divergence(mean.float(), log_variance.float()).mean()
        return surprise(reconstruction, target) + divergence / target[0].numel()


class AdversarialAutoencoder(Autoencoder):
    """A latent that a discriminator cannot tell from the prior N(0, width^2) (Makhzani et al. 2015).

    Arguments:
        width: standard deviation of the prior.
        weight: of deceiving the discriminator, in nats a pixel.
    """

    def __init__(self, body: Body, latent: int, score: Score, width: float = 1.0, weight: float = 1e-3):
        super().__init__(body, latent, score)
        self.width, self.weight = width, weight
        self.discriminator = nn.Sequential(
            nn.Linear(latent, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1)
        )

    def objective(self, corrupted: Tensor, target: Tensor, generator: Generator) -> Tensor:
        """Likelihood, the encoder's deceit and the discriminator's error, each to its own parameters.

        One optimiser serves both players: Adam takes steps of one size whatever the scale of a gradient, so that the
        discriminator's share needs no weight.
        """
        latent = self.encode(corrupted)
        prior = self.width * torch.randn(latent.shape, generator=generator).to(latent)
        deceit = _error(self._judged(latent), 1.0)
        discrimination = _error(self.discriminator(prior), 1.0) + _error(self.discriminator(latent.detach()), 0.0)
        return surprise(self.decode(latent), target) + self.weight * deceit + discrimination

    def _judged(self, latent: Tensor) -> Tensor:
        """Logits of the discriminator, whose parameters get no gradient."""
        frozen = {name: parameter.detach() for name, parameter in self.discriminator.named_parameters()}
        return functional_call(self.discriminator, frozen, (latent,))


def surprise(reconstruction: Tensor, target: Tensor) -> Tensor:
    """Minus the Gaussian log likelihood per pixel, at the variance that makes it largest: the mean squared error.

    Its minimum is that of the squared error, but its gradients do not vanish beside the epsilon of Adam when the error
    is small.

    Source: Rybkin, Daniilidis & Levine (2021), ICML.
    """
    return 0.5 * F.mse_loss(reconstruction.float(), target).log()


def draw(mean: Tensor, log_variance: Tensor, generator: Generator | None) -> Tensor:
    """A latent of that Gaussian; without a generator from the global state, as dropout does."""
    unit = torch.randn(mean.shape, generator=generator).to(mean)
    return mean + (0.5 * log_variance).exp() * unit


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of N(mean, variance) from N(0, 1), nats, (B,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


def _error(logits: Tensor, truth: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))
