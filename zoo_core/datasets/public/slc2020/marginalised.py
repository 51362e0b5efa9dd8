"""Images of slc2020 whose Einstein radius tells nothing: the macro-lens marginalised.

In the challenge `sub` images have an Einstein radius that is some 8 % larger, with hardly any overlap, which is no sign
of substructure. There are two ways to undo that: `resampled` zooms the arcs, which leaves smaller sources; `matched`
puts another macro-lens in the place of the fitted one.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs

from ....errors import DatasetError
from ....images.source import Source
from ...shards import ImageShards
from .challenge import Slc2020
from .macro import einstein_radii
from .matched import matched
from .resampled import resampled

__all__ = ["WAYS", "MarginalisedSlc2020"]

log = logging.getLogger("zoo")

BATCH = 50  # images between two lines of the log
TRUTH = np.dtype([("theta_E", "f8")])


@dataclass(frozen=True)
class Way:
    """A way of making images whose Einstein radius tells nothing.

    Arguments:
        version: of the data set that it makes.
        make: from images (N, 150, 150), labels and names of files.
    """

    version: str
    make: Callable[[np.ndarray, np.ndarray, Sequence[str]], np.ndarray]


WAYS: Mapping[str, Way] = {
    "resampled": Way("1-marginalised-1", resampled),
    "matched": Way("1-matched-1", lambda images, labels, names: matched(images, names)),
}


class MarginalisedSlc2020(Slc2020):
    """The images of `Slc2020`, changed; made when they are first asked for, then kept in the user's cache.

    The truth has the column `theta_E`, fitted to the images as they are, pixels.

    Arguments:
        sources, labels: as of `Slc2020`.
        way: one of `WAYS`.
    """

    def __init__(self, sources: Sequence[Source], labels: np.ndarray, way: str):
        super().__init__(sources, labels)
        if way not in WAYS:
            raise DatasetError(f"slc2020: marginalised is {way!r}; choose one of {', '.join(WAYS)}, or true or false")
        self.description, self._make = replace(self.description, version=WAYS[way].version), WAYS[way].make
        folder = (
            Path(platformdirs.user_cache_dir("zoo")) / "datasets" / f"slc2020-marginalised-{self.fingerprint()[:16]}"
        )
        self._shards = ImageShards(folder, len(sources), self._made)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Changed images."""
        return self._shards.images(rows)

    def truth(self) -> dict[str, np.ndarray]:
        """The truth as without the change, and `theta_E`; the images are made first if they were not."""
        return super().truth() | {"theta_E": self._shards.truth(np.arange(len(self)))["theta_E"]}

    def _made(self, start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        images, radii = [], []
        for first in range(start, stop, BATCH):
            last = min(first + BATCH, stop)
            names = [Path(source.key).name for source in self.sources[first:last]]
            made = self._make(super().read(np.arange(first, last))[:, 0], self.labels[first:last], names)
            images.append(made[:, None])
            radii.append(einstein_radii(made))
            log.info("slc2020: %d of %d images marginalised", last, len(self))
        truth = np.array(np.concatenate(radii), dtype=np.float64).view(TRUTH)
        return np.concatenate(images), truth
