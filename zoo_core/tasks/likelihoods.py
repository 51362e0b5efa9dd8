"""What a network states of the parameters of an image: a Gaussian, or a density of any shape."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import SpecError
from ..predictions import Heads
from .flows import Flow
from .gaussians import Diagonal, Full, Likelihood

__all__ = ["LIKELIHOODS", "Diagonal", "Flow", "Full", "Likelihood", "likelihood_of"]


def likelihood_of(heads: Heads) -> Likelihood:
    """What the outputs for these heads state.

    Raises:
        SpecError: there is no likelihood of that name.
    """
    if heads.likelihood not in LIKELIHOODS:
        raise SpecError(f"likelihood is {heads.likelihood!r}; it must be one of {', '.join(LIKELIHOODS)}")
    return LIKELIHOODS[heads.likelihood](len(heads.parameters))


LIKELIHOODS: Mapping[str, type[Diagonal] | type[Full] | type[Flow]] = {"diagonal": Diagonal, "full": Full, "flow": Flow}
