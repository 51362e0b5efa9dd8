"""Rows whose parameters a fit to the pixels has refined, see `zoo_core.fit.refinement`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from ..errors import ArgumentError
from ..fit.lens_priors import MASS, Guess
from ..fit.observed import Observed
from ..fit.refinement import Refinement, refine
from ..fit.verdict import remarks, verdicts
from ..images.expected_noise import ExpectedNoise
from ..images.image import RawImage
from ..images.origin import Origin
from ..tasks import Columns, Regression
from ..tasks.flows import Flow
from .critical_curves import are_of_lenses
from .flags import notes
from .reading import OriginOf, PreparedBatch
from .scoring import CHUNK_CPU, Scorer, table_of

if TYPE_CHECKING:
    from ..images.preprocess import Prepared, Preprocess

__all__ = [
    "CHI_SQUARE",
    "REFINED",
    "Exposed",
    "Refined",
    "RefiningScorer",
    "exposed",
    "guess_of",
    "observed_of",
    "refined",
]

REFINED, CHI_SQUARE = "refined", "chi_square"  # columns of the table
AT_ONCE = 4  # images of one size: their planes fit the cache of a core
NO_SCALE = "not refined: no pixel scale is known"


@dataclass(frozen=True, eq=False)
class Exposed(Origin):
    """The image itself, as it was read.

    Arguments:
        image: with its mask, weights and PSF.
        pixel_scale: arcsec; None: not known.
    """

    image: RawImage | None = None
    pixel_scale: float | None = None


@dataclass(frozen=True)
class Refined:
    """What a fit made of one prediction.

    Arguments:
        posterior: of the image alone: the fit's, or where it is not to be believed the network's.
        reason: why it is not; empty where it is.
        chi_square: per degree of freedom; None where nothing was fitted.
        fit: None where nothing was fitted.
        remark: what must be known of a fit that is believed.
    """

    posterior: Regression
    reason: str = ""
    chi_square: float | None = None
    fit: Refinement | None = None
    remark: str = ""


@dataclass(frozen=True)
class RefiningScorer(Scorer):
    """Rows with the columns `refined`, 1 where the parameters are those of the fit, and `chi_square`.

    Raises:
        ArgumentError: the model states no parameters of a lens, or takes several bands.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        heads = self.model.heads
        if not self.model.task.states_errors or not are_of_lenses(heads):
            raise ArgumentError(
                f"refine= (--refine): {self.model.id} does not state theta_E; only lens models are refined"
            )
        if len(self.model.bands) > 1:
            raise ArgumentError(
                f"refine= (--refine): {self.model.id} takes {'+'.join(self.model.bands)}; a fit takes one band"
            )
        if taken := {REFINED, CHI_SQUARE} & {*heads.parameters}:
            raise ArgumentError(f"{self.model.id} has a parameter {min(taken)!r}, where the fit would write")

    @property
    def purpose(self) -> str:
        """What the rows hold."""
        return "refined predictions"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        return (*super().columns, REFINED, CHI_SQUARE)

    @property
    def origin_of(self) -> OriginOf | None:
        """What must be kept of the images: they themselves."""
        return exposed

    def rows(self, batch: PreparedBatch) -> pa.Table:
        """One row for each image of the batch, usable or not; the message says why a fit is not to be believed."""
        empty: Columns = {name: [] for name in self.columns}
        if not len(batch.pixels):
            return table_of(batch, empty)
        found = [one for part in self._parts(batch) for one in part]
        columns = [
            one.posterior.to_table() | flagged | {REFINED: [int(not one.reason)], CHI_SQUARE: [one.chi_square]}
            for one, flagged in found
        ]
        together: Columns = {name: [row[name][0] for row in columns] for name in empty}
        said = notes(together, self.model.familiarity)
        return table_of(batch.with_reasons([one.reason or one.remark for one, _ in found]), together, said)

    def _parts(self, batch: PreparedBatch) -> Iterator[list[tuple[Refined, Columns]]]:
        """Each image of a part with its flags, which are of what the network says."""
        for start in range(0, len(batch.pixels), CHUNK_CPU):
            part = slice(start, start + CHUNK_CPU)
            prediction, flagged = self.flagged(batch.pixels[part])
            images = cast("Sequence[Exposed]", batch.origins[part])
            found = refined(cast(Regression, prediction), images, self.model.preprocess)
            yield [(one, {name: [values[k]] for name, values in flagged.items()}) for k, one in enumerate(found)]


def refined(posterior: Regression, images: Sequence[Exposed], preprocess: Preprocess) -> list[Refined]:
    """The predictions of these images, refined; images of one size are fitted together."""
    found: dict[int, Refined] = {}
    by_size = sorted(range(len(images)), key=lambda k: _alike(images[k]))
    for _, group in groupby(by_size, key=lambda k: _alike(images[k])):
        rows = list(group)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            found |= dict(zip(some, _of_one_size(posterior, some, [images[k] for k in some], preprocess), strict=True))
    return [found[k] for k in range(len(images))]


def _alike(one: Exposed) -> tuple[bool, tuple[int, ...], tuple[int, ...]]:
    """What images must share to be fitted together."""
    assert one.image is not None
    psf = () if one.image.psf is None else one.image.psf.shape
    return one.pixel_scale is not None, one.image.pixels.shape, psf


def _of_one_size(
    posterior: Regression, rows: Sequence[int], images: Sequence[Exposed], preprocess: Preprocess
) -> list[Refined]:
    alone = [posterior.at(k) for k in rows]
    if images[0].pixel_scale is None:
        return [Refined(one, NO_SCALE) for one in alone]
    some = torch.tensor(list(rows), device=posterior.mean.device)
    seen = observed_of(images, preprocess, posterior.mean.device)
    guess = guess_of(replace(posterior, mean=posterior.mean[some], covariance=posterior.covariance[some])).within(seen)
    with torch.no_grad():
        fit = refine(seen, guess)
        reasons = verdicts(fit, guess)
    chi_square = (fit.chi_square / fit.degrees).tolist()
    return [
        Refined(one, f"not refined: {reason}", chi_square[k], fit)
        if reason
        else Refined(_with_fit(one, fit, k), "", chi_square[k], fit, remark)
        for k, (one, reason, remark) in enumerate(zip(alone, reasons, remarks(fit), strict=True))
    ]


def guess_of(posterior: Regression) -> Guess:
    """Means and standard deviations of what a fit begins with."""
    deviation = posterior.covariance.diagonal(dim1=1, dim2=2).sqrt()
    known = {name: k for k, name in enumerate(posterior.parameters) if name in MASS}
    return Guess(
        {name: posterior.mean[:, k].double() for name, k in known.items()},
        {name: deviation[:, k].double() for name, k in known.items()},
    )


def observed_of(images: Sequence[Exposed], preprocess: Preprocess, device: torch.device) -> Observed:
    """Images of one size with the noise of their weight maps, or what `ExpectedNoise` says."""
    raw = [cast(RawImage, one.image) for one in images]
    measured = np.stack([preprocess.measured(image.pixels, image.mask)[0] for image in raw])
    pixels = torch.from_numpy(np.stack([image.pixels[0] for image in raw])).double()
    counted = torch.from_numpy(measured)
    sigma = torch.stack([_sigma(image, row, good) for image, row, good in zip(raw, pixels, counted, strict=True)])
    psf = None if raw[0].psf is None else torch.from_numpy(np.stack([_odd(image.psf) for image in raw])).double()
    scale = torch.tensor([one.pixel_scale for one in images], dtype=torch.float64)
    seen = Observed.of(pixels, sigma, scale, psf, counted)
    return seen.to(device)


def _sigma(image: RawImage, pixels: Tensor, measured: Tensor) -> Tensor:
    if image.weight is not None:
        return torch.from_numpy(image.weight).double().rsqrt()
    typical = pixels[measured].median() if measured.any() else pixels.new_zeros(())
    noise = ExpectedNoise.of(torch.where(measured, pixels, typical)[None, None])
    return (noise.scale * noise.sigma)[0, 0]


def _odd(psf: np.ndarray | None) -> np.ndarray:
    """The image with its centre in the middle: an even side grows by an empty row and column."""
    assert psf is not None
    return psf if len(psf) % 2 else np.pad(psf, (0, 1))


def _with_fit(posterior: Regression, fit: Refinement, image: int) -> Regression:
    """The posterior of one image with what the fit found in the place of what the network says."""
    names = [MASS.get(name) for name in posterior.parameters]
    rows = [k for k, name in enumerate(names) if name is not None]
    mean, covariance = posterior.mean.clone(), torch.zeros_like(posterior.covariance)
    places = fit.places([name for name in names if name is not None])
    mean[0, rows] = fit.parameters[image, places].to(mean)
    others = [k for k in range(len(names)) if k not in rows]
    covariance[0, others, others] = posterior.covariance[0, others, others]
    block = fit.with_model_error()[image][places][:, places].to(covariance)
    covariance[0, torch.tensor(rows)[:, None], torch.tensor(rows)] = block
    nothing = torch.zeros_like(covariance)
    return replace(
        posterior,
        mean=mean,
        covariance=covariance,
        aleatoric=covariance,
        epistemic=nothing,
        means=None,
        covariances=None,
        flows=None if posterior.flows is None else Flow(len(names)).output_of(mean, covariance)[:, None],
    )


def exposed(image: RawImage, prepared: Prepared, pixel_scale: float | None) -> Exposed:
    """What is kept of an image, see `reading.OriginOf`."""
    scale = image.pixel_scale if pixel_scale is None else pixel_scale
    return Exposed(path=image.path, image=image, pixel_scale=scale)
