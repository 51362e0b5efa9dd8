"""What a network costs: its parameters, and the operations that an image takes."""

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ..catalog.specs import Cost
from .model import Model

__all__ = ["cost_of"]


def cost_of(model: Model) -> Cost:
    """Parameters, and operations for an image in one view, of which an addition and a multiplication are two.

    A convolution of k x k pixels from C to D channels that makes H x W pixels takes 2 k^2 C D H W; what works on each
    pixel alone, Fourier transforms and the solution of equations do not count. The members of a committee or a pipeline
    count with their own views, and with what makes their channels. A fit takes as many steps as an image needs: its
    operations are None.

    Example:
        >>> import zoo_core as zoo
        >>> from zoo_core.models.cost import cost_of
        >>> cost_of(zoo.load("lastro.space", device="cpu"))
        Cost(parameters=5674657, flops=176386048)
    """
    counts = {_flops(model.network, image.to(model.device)) for image in _images(model)}
    return Cost(model.n_parameters, counts.pop() if len(counts) == 1 else None)


def _images(model: Model) -> list[Tensor]:
    """Noise, strong noise, and a ring in noise: a fit takes other steps for each."""
    side, channels = model.preprocess.size, model.preprocess.n_channels
    noise = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))
    x = torch.linspace(-3, 3, side)
    radius = (x[:, None] ** 2 + x**2).sqrt()
    return [noise, 30 * noise, noise + 10 * torch.exp(-(((radius - 1) / 0.3) ** 2))]


def _flops(network: nn.Module, image: Tensor) -> int:
    """Operations of a pass; attention is written out, as its fast kernels are not counted on a CPU."""
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        network(image)
    return counter.get_total_flops()
