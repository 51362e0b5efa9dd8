"""Fits of a macro-lens to many images at once: grid start, then Levenberg-Marquardt.

With pixels d_i of noise sigma_i, lights L_ij(p) that depend on parameters p with Gaussian priors, and amplitudes a_j
that have none, a fit minimises

    chi^2(p, a) = sum_i (d_i - sum_j L_ij(p) a_j)^2 / sigma_i^2 + sum_k (p_k - mean_k)^2 / deviation_k^2.

Amplitudes of source, lens light and background are linear and are solved exactly at every step (variable projection:
Golub & Pereyra 1973, SIAM J. Numer. Anal. 10, 413; the gradient that is followed is that of Kaufman 1975, BIT 15, 49,
which leaves out how the projection turns).
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

from .macromodel import LENS_SHAPE, PARAMETERS, MacroModel, columns, derivatives, source_image, value
from .marquardt import STEP, Tolerance, minimised
from .rows import Rows

__all__ = ["MacroFit", "binned", "fit_macro", "model_images"]

CHUNK = 16  # images whose derivatives fit into a cache
COARSE = 2  # binned pixels a side that make one where starts are compared
TOLERANCE = Tolerance(gain=1e-3)
RIDGE = 1e-6  # of the amplitudes, relative: lights may be nearly alike
TINY = 1e-12  # a source may have left the frame
KEPT = 8  # grids of starts, some MB each
RENDERED = 512  # starts at once


@dataclass(frozen=True)
class MacroFit:
    """Best fits, one row an image.

    Arguments:
        parameters: (N, 13), see `PARAMETERS`; those that were not free stand at their mean.
        amplitudes: (N, 2 + K) of source, background and the K other lights.
        model_images, residuals: (N, side, side); the residual is image - model.
        sigma: (N, side, side) of the pixels, as the fit weighed them.
        chi_square: (N,) of the residuals over sigma, with the priors.
        converged: (N,) whether the last step gained nothing.
    """

    parameters: Tensor
    amplitudes: Tensor
    model_images: Tensor
    residuals: Tensor
    sigma: Tensor
    chi_square: Tensor
    converged: Tensor

    def value(self, name: str) -> Tensor:
        """One of the parameters, (N,)."""
        return value(self.parameters, name)

    @property
    def theta_E(self) -> Tensor:
        """Einstein radii (N,), pixels."""
        return self.value("theta_E")

    @property
    def source_brightness(self) -> Tensor:
        """Amplitudes of the sources, (N, 1, 1): their brightness at the half-light radius."""
        return self.amplitudes[:, :1, None]

    @property
    def background(self) -> Tensor:
        """Amplitudes of the background, (N,)."""
        return self.amplitudes[:, 1]

    @property
    def light_brightness(self) -> Tensor:
        """Amplitudes of the lights but source and background, (N, K)."""
        return self.amplitudes[:, 2:]


def binned(images: Tensor, pixels: int) -> Tensor:
    """Images (N, H, W) with `pixels` a side averaged into one."""
    return F.avg_pool2d(images[:, None], pixels)[:, 0] if pixels > 1 else images


def model_images(model: MacroModel, parameters: Tensor, amplitudes: Tensor) -> Tensor:
    """Source, background and other lights together, (N, side, side), of a fit's parameters and amplitudes."""
    source, others = amplitudes.split([1, amplitudes.shape[1] - 1], dim=1)
    light = source[:, :, None] * source_image(model, parameters)
    return light + torch.einsum("nk,kij->nij", others, model.others(parameters))


def fit_macro(
    images: Tensor,
    model: MacroModel,
    *,
    free_theta_E: bool = True,
    theta_E: float | None = None,
    iterations: int = 30,
    chunk: int = CHUNK,
) -> MacroFit:
    """Fit every image by itself; the result does not depend on its companions.

    Arguments:
        images: (N, size, size), or (N, side, side) if they are binned already; finite, in the unit of `model.noise`.
        model: what the images share.
        free_theta_E: fit the Einstein radius under its prior; otherwise it is `theta_E`.
        theta_E: pixels; None: the mean of its prior.
        iterations: of Levenberg-Marquardt at most.
        chunk: images that are fitted together.
    """
    if not free_theta_E or theta_E is not None:
        mean, deviation = model.prior("theta_E")
        model = model.with_prior("theta_E", mean if theta_E is None else theta_E, deviation if free_theta_E else 0.0)
    pixels = images if images.shape[-1] == model.side else binned(images, model.binning)
    starts = _Starts.of(model, pixels)
    parts = [_Descent(model, part).run(starts.nearest(part), iterations) for part in pixels.split(chunk)]
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return MacroFit(*(torch.cat(column) for column in columns))


@dataclass(frozen=True)
class _Starts:
    """Models on a grid of parameters, of unit norm and without what the other lights can take."""

    parameters: Tensor
    templates: Tensor
    others: Tensor

    @classmethod
    def of(cls, model: MacroModel, like: Tensor) -> "_Starts":
        values = tuple(tuple(map(float, model.grid.get(name, model.prior(name)[:1]))) for name in PARAMETERS)
        shape = tuple((name, model.prior(name)) for name in LENS_SHAPE)
        parameters, sources = _rendered(model.size, model.binning, model.psf, shape, values, like.dtype, like.device)
        others = torch.linalg.qr(binned(model.others(like), COARSE).flatten(1).T)[0]
        templates = sources - sources @ others @ others.T
        return cls(parameters, templates / templates.norm(dim=1, keepdim=True), others)

    def nearest(self, images: Tensor) -> Tensor:
        """Parameters (B, 13) of the model on the grid that takes most of each image away."""
        return self.parameters[(binned(images, COARSE).flatten(1) @ self.templates.T).argmax(1)]


@lru_cache(KEPT)
def _rendered(
    size: int,
    binning: int,
    psf: float,
    priors: tuple[tuple[str, tuple[float, float]], ...],
    values: tuple[tuple[float, ...], ...],
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """All combinations of values of the parameters, (G, 13), and their sources as starts are compared, (G, pixels).

    Kept from call to call, since a single image's fit takes less time than they do; do not write into them.
    """
    model = MacroModel(size, binning, psf, dict(priors))
    with torch.inference_mode(False), torch.no_grad():
        parameters = torch.tensor(list(product(*values))).to(device, dtype)
        parts = [binned(source_image(model, part), COARSE).flatten(1) for part in parameters.split(RENDERED)]
        return parameters, torch.cat(parts)


class _Descent:
    """Levenberg-Marquardt on a few images at once.

    A step delta, in standard deviations of the priors, solves

        (J^T J + 1 + lambda D) delta = J^T r - (p - mean) / deviation,    D = diag(J^T J) + 1,

    where r are the residuals and J the derivatives of the fitted image, both over sigma; the ones are those of the
    priors, and lambda is the damping of `marquardt`, scaled by the diagonal as there.
    """

    def __init__(self, model: MacroModel, images: Tensor):
        self.model, self.images = model, images
        self.weight = 1 / model.sigma(images).flatten(1)
        self.weighed = images.flatten(1) * self.weight
        self.columns = columns(model.free)
        priors = torch.tensor([model.prior(name) for name in model.free]).to(images)
        self.mean, self.deviation = priors.unbind(1)
        self.others = model.others(images).flatten(1)

    def run(self, parameters: Tensor, iterations: int) -> MacroFit:
        """The best fits from these starts on."""
        side = self.model.side
        start = self._fitted(parameters, torch.arange(len(parameters), device=parameters.device))
        now, converged = minimised(start, self._tried, _State.cost, iterations, TOLERANCE)
        sigma = 1 / self.weight.unflatten(1, (side, side))
        fitted = now.fitted.unflatten(1, (side, side)) * sigma
        return MacroFit(now.parameters, now.amplitudes, fitted, self.images - fitted, sigma, now.chi_square, converged)

    def _tried(self, now: "_State", rows: Tensor, damping: Tensor) -> "_State":
        return self._fitted(self._step(now, rows, damping), rows)

    def _fitted(self, parameters: Tensor, rows: Tensor) -> "_State":
        """The best amplitudes of these parameters: a = (L L^T)^-1 L d, with rows of L and d over sigma."""
        lights = self._weighed(source_image(self.model, parameters)[:, None], rows)
        image = self.weighed[rows]
        gram = lights @ lights.mT
        gram = gram + torch.diag_embed(RIDGE * gram.diagonal(dim1=1, dim2=2) + TINY)
        amplitudes = torch.linalg.solve(gram, lights @ image[..., None])[..., 0]
        fitted = (amplitudes[:, None] @ lights)[:, 0]
        offset = (parameters[:, self.columns] - self.mean) / self.deviation
        chi_square = (image - fitted).square().sum(1) + offset.square().sum(1)
        return _State(parameters, amplitudes, fitted, chi_square)

    def _weighed(self, planes: Tensor, rows: Tensor) -> Tensor:
        """Planes (B, P, side, side) and the other lights over sigma, (B, P + 1 + K, pixels)."""
        planes = torch.cat([planes.flatten(2), self.others.expand(len(rows), -1, -1)], dim=1)
        return planes.mul_(self.weight[rows, None])

    def _step(self, now: "_State", rows: Tensor, damping: Tensor) -> Tensor:
        """Parameters after one damped Gauss-Newton step of parameters and amplitudes together, none longer than STEP.

        Solving for both at once and keeping the parameters alone is the step of Kaufman: Schur's complement projects
        the lights out of J.
        """
        planes = derivatives(self.model, now.parameters)
        planes = self._weighed(planes.roll(-1, dims=1), rows)
        free, linear = len(self.columns), 1 + len(self.others)
        scale = F.pad(now.amplitudes[:, :1] * self.deviation, (0, linear), value=1.0)
        residual = self.weighed[rows] - now.fitted
        offset = (now.parameters[:, self.columns] - self.mean) / self.deviation
        gradient = (planes @ residual[..., None])[..., 0] * scale - F.pad(offset, (0, linear))
        hessian = (planes @ planes.mT) * scale[:, :, None] * scale[:, None]
        diagonal = hessian.diagonal(dim1=1, dim2=2)
        prior = F.pad(torch.ones(free), (0, linear)).to(diagonal)
        damped = torch.cat([damping[:, None] * (diagonal[:, :free] + 1), RIDGE * diagonal[:, free:] + TINY], dim=1)
        step = torch.linalg.solve(hessian + torch.diag_embed(prior + damped), gradient)[:, :free].clamp(-STEP, STEP)
        moved = now.parameters.clone()
        moved[:, self.columns] += step * self.deviation
        return moved


@dataclass(frozen=True)
class _State(Rows):
    """Where a descent stands, one row an image."""

    parameters: Tensor
    amplitudes: Tensor
    fitted: Tensor
    chi_square: Tensor

    def cost(self) -> Tensor:
        """chi^2 (B,) with the priors, which is minimised."""
        return self.chi_square
