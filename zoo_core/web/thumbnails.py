"""Pictures of single images of a benchmark: rendered again from its seed, or read from files of whoever has them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import platformdirs
from PIL import Image

from ..bench.opened import with_data
from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..datasets.simulated.simulation import Simulated
from ..errors import (
    ArgumentError,
    DatasetError,
    FileError,
    NotInstalledError,
    PluginError,
    UnknownNameError,
)
from ..files import whole
from ..interfaces import Dataset
from ..predict.gallery import NIGHT, stretched
from .measured import Measured, merit

__all__ = ["Chosen", "chosen", "draw_thumbnails", "drawable", "filled", "pictures_of"]

SIDE = 112  # pixels of a thumbnail, at most
COLOURS = 64  # of a picture: enough to see, and half of the bytes
SHOWN = 6  # of the worst, and of the best


@dataclass(frozen=True)
class Chosen:
    """Rows of a benchmark that show what a model does: answered worst, and best, the most telling first."""

    worst: tuple[int, ...]
    best: tuple[int, ...]


def chosen(measured: Measured, count: int = SHOWN) -> Chosen:
    """The images that the model answers worst and best; none where its task says nothing of single images."""
    merits = merit(measured.scores, measured.truth)
    if merits is None:
        return Chosen((), ())
    order = np.argsort(merits, kind="stable")
    return Chosen(tuple(order[:count].tolist()), tuple(_best(measured, order[::-1])[:count]))


def pictures_of(
    spec: BenchmarkSpec, fingerprint: str, rows: Sequence[int], data: str | Path | None = None
) -> dict[int, bytes]:
    """The rows that can be drawn, as PNG.

    Arguments:
        spec: of the benchmark.
        fingerprint: of the images that were measured on.
        rows: of the benchmark.
        data: where its images are, if they come from files.
    """
    dataset = drawable(spec, fingerprint, data)
    return {} if dataset is None else draw_thumbnails(dataset, rows, fingerprint)


def drawable(spec: BenchmarkSpec, fingerprint: str, data: str | Path | None = None) -> Dataset | None:
    """The images of a benchmark, drawn from a seed or lying at `data`, if they are those with this fingerprint."""
    if (spec.needs_data and data is None) or spec.sha256 not in (None, fingerprint):
        return None
    try:
        there = with_data(spec, data, None) if spec.needs_data else spec
        dataset = open_dataset(there.dataset, **there.arguments)
        return dataset if not spec.needs_data or dataset.fingerprint() == fingerprint else None
    except (ArgumentError, DatasetError, FileError, NotInstalledError, PluginError, UnknownNameError):
        return None  # of a plugin that is not here, or files that are not: the page has no pictures


def draw_thumbnails(dataset: Dataset, rows: Iterable[int], fingerprint: str) -> dict[int, bytes]:
    """A PNG of each row, kept in the user's cache under the fingerprint of the images."""
    folder = Path(platformdirs.user_cache_dir("zoo")) / "thumbnails-cropped" / fingerprint[:16]
    wanted = sorted(set(rows))
    kept = {row: path.read_bytes() for row in wanted if (path := folder / f"{row}.png").is_file()}
    missing = [row for row in wanted if row not in kept]
    drawn = _drawn(dataset, missing)
    for row, content in drawn.items():
        _keep(folder / f"{row}.png", content)
    return kept | drawn


def filled(pixels: np.ndarray) -> np.ndarray:
    """The image (bands, H, W) with its blank pixels at the level of its sky, a band without any pixel at 0.

    Example:
        >>> import numpy as np
        >>> from zoo_core.web.thumbnails import filled
        >>> filled(np.array([[[1.0, np.nan, 3.0]]])).tolist()
        [[[1.0, 2.0, 3.0]]]
    """
    sky = [np.nanmedian(band) if np.isfinite(band).any() else 0.0 for band in pixels]
    return np.where(np.isfinite(pixels), pixels, np.reshape(sky, (-1, 1, 1)))


def _best(measured: Measured, order: np.ndarray) -> list[int]:
    """The best of what is found, of the positives alone: an empty image that is called empty teaches nothing."""
    labels = measured.truth.get("label")
    if labels is None or not (labels[order] > 0).any():
        return order.tolist()
    return order[labels[order] > 0].tolist()


def _drawn(dataset: Dataset, rows: Sequence[int]) -> dict[int, bytes]:
    if isinstance(dataset, Simulated):  # which to read would make whole blocks, for an image of each
        return {row: _png(dataset.make(row, row + 1)[0][0]) for row in rows}
    images = dataset.images(list(rows)) if rows else ()
    return {row: _png(pixels) for row, pixels in zip(rows, images, strict=True)}


def _png(pixels: np.ndarray) -> bytes:
    grey = stretched(filled(_without_margin(pixels)))
    coloured = NIGHT(grey)[..., :3] if grey.ndim == 2 else grey
    picture = Image.fromarray((coloured[::-1] * 255).round().astype(np.uint8))
    picture.thumbnail((SIDE, SIDE))
    picture = picture.quantize(COLOURS)
    content = BytesIO()
    picture.save(content, "PNG", optimize=True)
    return content.getvalue()


def _without_margin(pixels: np.ndarray) -> np.ndarray:
    """The image (bands, H, W) without the blank pixels around a stamp that is smaller than its frame."""
    known = np.isfinite(pixels).any(axis=0)
    if not known.any():
        return pixels
    rows, columns = np.flatnonzero(known.any(axis=-1)), np.flatnonzero(known.any(axis=0))
    return pixels[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            part.write_bytes(content)
    except (OSError, FileError):
        return  # a cache that cannot be written costs time and nothing else
