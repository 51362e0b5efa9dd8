"""Images and what is true of them."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import DatasetError
from ..files import stamp
from .description import Description

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from torch import Tensor

    from ..scores import MassMaps, NoiseFree
    from .view import TrainingView

    Rows = np.ndarray | Tensor | Sequence[int] | slice

__all__ = ["Dataset", "DatasetFactory", "Download", "Item"]

READ_AT_ONCE = 64  # images, when a data set is gone through


class Item(NamedTuple):
    """One image (bands, H, W) of a data set, and its row of the truth as plain numbers and words."""

    image: np.ndarray
    truth: dict[str, Any]


class Dataset(ABC):
    """Images and what is true of them. The pixels are raw: no preprocessing has touched them.

    `len(dataset)` is the number of images, `dataset[i]` and iteration give each with its truth, so that
    `torch.utils.data.DataLoader` takes a data set as it is.

    Attributes:
        description: what it is, apart from its images.

    Example:
        >>> import numpy as np
        >>> import zoo_core as zoo
        >>> class Spots(zoo.Dataset):
        ...     heads = zoo.Heads(classes=("empty", "spot"))
        ...     description = zoo.Description("spots", "1", "classification", "simulated", ("VIS",), heads=heads)
        ...
        ...     def __len__(self):
        ...         return 4
        ...
        ...     def read(self, rows):
        ...         images = np.zeros((len(rows), 1, 9, 9), "float32")
        ...         images[:, 0, 4, 4] = rows % 2
        ...         return images
        ...
        ...     def truth(self):
        ...         return {"id": np.array(["a", "b", "c", "d"]), "label": np.arange(4) % 2}
        ...
        ...     def fingerprint(self):
        ...         return "0" * 64
        >>> spots = Spots()
        >>> spots
        <spots, version 1: 4 simulated images, VIS, classification of empty, spot>
        >>> spots[1].truth
        {'id': 'b', 'label': 1}
        >>> spots.images(slice(1, 3)).max(axis=(1, 2, 3))
        array([1., 0.], dtype=float32)
    """

    description: Description

    @abstractmethod
    def __len__(self) -> int:
        """Number of images."""

    @abstractmethod
    def read(self, rows: np.ndarray) -> np.ndarray:
        """What `images` gives, of rows (B,) that are whole numbers from 0 to `len(self) - 1`, in any order."""

    @abstractmethod
    def truth(self) -> dict[str, np.ndarray]:
        """Columns of length `len(self)`. Always `id`; `label` (class index) or one column a parameter; strata."""

    @abstractmethod
    def fingerprint(self) -> str:
        """sha256 of what the data set holds, cheap to compute (parameters, or the list of files and sizes)."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the files that its images are read from; none if they are simulated."""
        return ()

    def identity(self) -> str:
        """sha256 that changes whenever what is kept of its images on this machine no longer holds.

        That is with the fingerprint, the pixel scale, the bands, and the size and modification time of any file.
        """
        chosen = (self.fingerprint(), self.description.pixel_scale, self.description.bands, stamp(self.paths))
        return hashlib.sha256(repr(chosen).encode()).hexdigest()

    def images(self, rows: Rows) -> np.ndarray:
        """Images (B, bands, H, W) of these rows, float32; NaN where nothing was measured.

        Raises:
            DatasetError: `rows` are not whole numbers, or there are no such images.
        """
        numbers = self.numbers(rows)
        return self.read(numbers) if len(numbers) else self.read(self.numbers([0]))[:0]

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """Columns of the truth of these rows."""
        numbers = self.numbers(rows)
        return {name: column[numbers] for name, column in self.truth().items()}

    def targets(self) -> np.ndarray:
        """What training minimises against: `label` (N,), or the parameters (N, P), float32."""
        import numpy as np

        truth = self.truth()
        if self.description.heads.parameters:
            return np.stack([truth[name] for name in self.description.heads.parameters], axis=1).astype("float32")
        return truth["label"].astype("float32")

    def noise_free(self, rows: Rows) -> NoiseFree:
        """What restored images of these rows are compared with.

        Raises:
            DatasetError: nobody knows.
        """
        raise DatasetError(f"{self.description.name} does not know its images without their noise")

    def mass_maps(self, rows: Rows) -> MassMaps:
        """What maps of the convergence of these rows are compared with.

        Raises:
            DatasetError: nobody knows.
        """
        raise DatasetError(f"{self.description.name} does not know the mass of its lenses pixel by pixel")

    def training_view(self, folder: Path, device: torch.device) -> TrainingView | None:
        """A richer way to draw training images than as they are; None: `images` are prepared once and stored.

        Arguments:
            folder: where it may store something.
            device: where it draws.
        """
        return None

    def fresh_view(self, balanced: bool, device: torch.device) -> TrainingView | None:
        """An endless sequence of images that are made as they are drawn, each once; None: there is no such thing.

        Arguments:
            balanced: with as many of each class.
            device: where it draws.
        """
        return None

    def __getitem__(self, row: int) -> Item:
        """One image with its truth; negative numbers count from the end."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"{self.description.name} has {len(self)} images, there is no number {row}")
        return self.__getitems__([row])[0]

    def __getitems__(self, rows: Sequence[int]) -> list[Item]:
        """Several at once, which a `DataLoader` prefers."""
        images, truth = self.images(rows), self.truth_of(rows)
        columns = [column.tolist() for column in truth.values()]
        return [Item(image, dict(zip(truth, row, strict=True))) for image, *row in zip(images, *columns, strict=True)]

    def __iter__(self) -> Iterator[Item]:
        """All of them, in order."""
        for start in range(0, len(self), READ_AT_ONCE):
            yield from self.__getitems__(range(start, min(start + READ_AT_ONCE, len(self))))

    def __repr__(self) -> str:
        about = self.description
        names = ", ".join(about.heads.classes or about.heads.parameters)
        scale = f', {about.pixel_scale:g}"/pixel' if about.pixel_scale else ""
        return (
            f"<{about.name}, version {about.version}: {len(self):,} {about.domain} images, "
            f"{' + '.join(about.bands)}{scale}, {about.task} of {names}>"
        )

    def numbers(self, rows: Rows) -> np.ndarray:
        """The rows as whole numbers (B,) from 0 on; errors as of `images`."""
        import numpy as np

        if isinstance(rows, slice):
            return np.arange(len(self))[rows]
        numbers = np.asarray(rows)
        if numbers.ndim != 1 or (numbers.dtype.kind not in "iu" and numbers.size):
            raise DatasetError(f"{self.description.name}: rows are {rows!r}; give a list of whole numbers, or a slice")
        for wrong in numbers[(numbers < -len(self)) | (numbers >= len(self))][:1]:
            raise DatasetError(f"{self.description.name} has {len(self)} images, there is no number {wrong}")
        return np.where(numbers < 0, numbers + len(self), numbers).astype(np.int64)


class Download(NamedTuple):
    """What a user has of a public data set.

    Attributes:
        found: how much there is, in words.
        faults: what is missing, truncated or too many, a sentence each; none: it is whole.
    """

    found: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class DatasetFactory:
    """A data set that can be opened.

    Arguments:
        name: what users type.
        task: see `zoo_core.tasks`.
        open: called with keyword arguments (a path for adapters; n, seed ... for simulated ones).
        summary: one line.
        download: called with a path, says whether the files there are all that were published; None: nobody knows.

    Example:
        >>> import zoo_core as zoo
        >>> def opened(n=100, seed=0):
        ...     return zoo.open_dataset("finding_space", n=n, seed=seed)
        >>> factory = zoo.DatasetFactory("my_lenses", "classification", opened, "lenses and look-alikes")
        >>> len(factory.open(n=3))
        3
    """

    name: str
    task: str
    open: Callable[..., Dataset]
    summary: str = ""
    download: Callable[[str | Path], Download] | None = None
