"""What a plugin may provide: architectures and data sets; metrics are in `zoo_core.metric`."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .errors import DatasetError, SpecError, UnknownNameError
from .files import stamp
from .references import Lazy
from .symmetries import Symmetry, check_symmetries
from .tasks import Heads

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import torch
    from torch import Generator, Tensor, nn

    Rows = np.ndarray | Tensor | Sequence[int] | slice

__all__ = [
    "Architecture",
    "Batch",
    "Dataset",
    "DatasetFactory",
    "Description",
    "Download",
    "Item",
    "Training",
    "TrainingView",
    "any_size",
    "domain_named",
    "one_size",
]

DOMAINS = ("simulated", "real")
READ_AT_ONCE = 64  # images, when a data set is gone through


def domain_named(name: str) -> str:
    """The name of a domain of images, "simulated" or "real".

    Raises:
        UnknownNameError: there is no such domain.
    """
    if name not in DOMAINS:
        raise UnknownNameError.among("domain", name, DOMAINS)
    return name


Network = TypeVar("Network", bound="nn.Module")


@dataclass(frozen=True)
class Architecture(Generic[Network]):
    """A network that can be built, `Architecture[Scan]` for one whose `build` returns a `Scan`.

    Arguments:
        name: what users type; the name of the plugin's folder when it provides only one.
        task: name of its task, see `zoo_core.tasks`.
        build: called as `build(channels=..., outputs=..., size=..., **arguments)`; returns the network with random
            weights. The network takes (B, channels, size, size), where size is that of the preprocessing, and returns
            what its task says. A method `features(x)` returning (B, D) is optional. `lazy("module:name")` keeps the
            plugin light.
        bands: names of the physical bands it takes by default.
        heads: classes or parameters by default.
        preprocess: the default preprocessing, a sequence of declarative operations (`zoo_core.images.preprocess`).
        arguments: dataclass of what `build` takes besides, with defaults; its docstring documents them. None: nothing.
        settings: dataclass of what a recipe may say to `train` under `settings:`; it may be `lazy`. None: nothing.
        summary: one line.
        paper: BibTeX, or empty.
        train: `train(network, training)` sets the weights and buffers in place, with what `Training` offers. None: the
            task's loss is minimised by gradient descent.
        broken_laws: laws of `zoo check` that it is known to break, each with the reason.

    Example:
        >>> import zoo_core as zoo
        >>> ring = zoo.Architecture(
        ...     name="ring",
        ...     task="classification",
        ...     build=zoo.lazy("zoo_ring.network:Ring"),
        ...     bands=("VIS",),
        ...     heads=zoo.Heads(classes=("nonlens", "lens")),
        ...     preprocess=({"op": "frame", "size": 33}, {"op": "noise_units"}),
        ... )
        >>> ring.task, ring.heads.classes
        ('classification', ('nonlens', 'lens'))
    """

    name: str
    task: str
    build: Callable[..., Network]
    bands: tuple[str, ...]
    heads: Heads
    preprocess: tuple[Mapping[str, Any], ...]
    arguments: type | Lazy | None = None
    settings: type | Lazy | None = None
    summary: str = ""
    paper: str = ""
    train: Callable[[Network, Training], None] | None = None
    broken_laws: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SizedBuild(Generic[Network]):
    """`Architecture.build` of a network whose constructor does not take `size`.

    Arguments:
        build: called without it.
        size: the only one that the network takes; None: it takes any.
    """

    build: Callable[..., Network]
    size: int | None

    def __call__(self, *, size: int, **given: Any) -> Network:
        """The network.

        Raises:
            SpecError: the preprocessing frames another size.
        """
        if self.size not in (None, size):
            raise SpecError(
                f"the network takes images of {self.size} x {self.size} pixels and its preprocessing makes "
                f"{size} x {size}; write {{op: frame, size: {self.size}}}"
            )
        return self.build(**given)


def any_size(build: Callable[..., Network]) -> SizedBuild[Network]:
    """A `build` of a network that takes images of any size, and need not know it.

    Example:
        >>> import zoo_core as zoo
        >>> build = zoo.any_size(lambda channels, outputs: f"{channels} channels to {outputs} outputs")
        >>> build(channels=1, outputs=2, size=64)
        '1 channels to 2 outputs'
    """
    return SizedBuild(build, None)


def one_size(build: Callable[..., Network], size: int) -> SizedBuild[Network]:
    """A `build` of a network that takes images of one size only, and refuses a preprocessing that makes another.

    Example:
        >>> import zoo_core as zoo
        >>> build = zoo.one_size(lambda channels, outputs: f"{channels} channels to {outputs} outputs", 101)
        >>> build(channels=1, outputs=2, size=64)
        Traceback (most recent call last):
        zoo_core.errors.SpecError: the network takes images of 101 x 101 pixels and its preprocessing makes 64 x 64; ...
    """
    return SizedBuild(build, size)


@dataclass(frozen=True)
class Description:
    """What a data set is, apart from its images.

    Arguments:
        name: what users type.
        version: changes whenever any pixel or truth changes.
        task: what the truth can train and measure.
        domain: "simulated" or "real".
        bands: physical bands, in the order of the image axis.
        pixel_scale: arcsec, or None if unknown.
        heads: classes or parameters of the truth.
        symmetries: how each parameter changes when the image is turned; none: what its name means in the field, see
            `zoo_core.symmetries`.

    Raises:
        SpecError: another domain, or symmetries that are not of exactly these parameters.

    Example:
        >>> import zoo_core as zoo
        >>> heads = zoo.Heads(parameters=("theta_E", "e1", "e2"), units=("arcsec", "", ""))
        >>> about = zoo.Description("mine", "1", "regression", "simulated", bands=("g", "r"), heads=heads)
        >>> len(about.bands), about.heads.names
        (2, ('theta_E', 'e1', 'e2'))
        >>> zoo.Description("mine", "1", "regression", "space", bands=("g", "r"), heads=heads)
        Traceback (most recent call last):
        zoo_core.errors.SpecError: data set mine: domain is 'space'; choose simulated or real
    """

    name: str
    version: str
    task: str
    domain: str
    bands: tuple[str, ...]
    pixel_scale: float | None = None
    heads: Heads = field(default_factory=Heads)
    symmetries: tuple[Symmetry, ...] = ()

    def __post_init__(self) -> None:
        if self.domain not in DOMAINS:
            raise SpecError(f"data set {self.name}: domain is {self.domain!r}; choose {' or '.join(DOMAINS)}")
        if self.symmetries:
            try:
                check_symmetries(self.symmetries, self.heads.parameters)
            except SpecError as error:
                raise SpecError(f"data set {self.name}: {error}") from None


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
        """Of the files that its images are read from; none if they are simulated."""
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


class TrainingView(ABC):
    """Training images drawn at random: whatever may differ between two exposures of a scene does differ.

    Attributes:
        prepared: its images are filled, resampled and framed already, as the network's preprocessing says.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> import zoo_core as zoo
        >>> class Noise(zoo.TrainingView):
        ...     targets = np.zeros(100, "float32")
        ...
        ...     def draw(self, rows, generator):
        ...         images = torch.randn(len(rows), 1, 9, 9, generator=generator)
        ...         return images, torch.from_numpy(self.targets[rows])
        >>> images, targets = Noise().draw(np.array([3, 5]), torch.Generator().manual_seed(0))
        >>> images.shape, targets
        (torch.Size([2, 1, 9, 9]), tensor([0., 0.]))
    """

    prepared: bool = False

    @property
    @abstractmethod
    def targets(self) -> np.ndarray:
        """As `Dataset.targets`, of every row."""

    @abstractmethod
    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Raw images (len(rows), bands, H, W) and their targets, which may be changed with the images.

        Both lie on the device of the generator, which decides all that is random.
        """

    def release(self) -> bool:
        """Leave the memory of the device to others, as far as that is possible; returns whether any was freed."""
        return False

    def close(self) -> None:  # noqa: B027 (most have nothing to end)
        """End whatever works in the background."""


@dataclass(frozen=True)
class Batch:
    """What the loss of a stage is given.

    Arguments:
        images: augmented as the recipe says, (B, channels, size, size), on the training device.
        rows: their numbers in the training set, (B,), int64 on the CPU.
        generator: of the CPU, new for every step.
        targets: what is true of these images, (B,) or (B, P), on the training device; turned with the image.

    Example:
        >>> import torch
        >>> import zoo_core as zoo
        >>> images, rows = torch.ones(2, 1, 9, 9), torch.tensor([7, 3])
        >>> batch = zoo.Batch(images, rows, torch.Generator(), targets=torch.zeros(2))
        >>> def loss(network, batch):
        ...     noisy = batch.images + torch.randn(batch.images.shape, generator=batch.generator)
        ...     return (network(noisy) - batch.images).square().mean()
        >>> loss(torch.nn.Identity(), batch).shape
        torch.Size([])
    """

    images: Tensor
    rows: Tensor
    generator: Generator
    targets: Tensor


class Training(ABC):
    """What a plugin that trains in its own way is given: images, targets, and gradient descent in resumable stages.

    Images are the network's input, (B, channels, size, size), on the device that it is on; they come in the order of
    the data set. Of anomaly detectors both sets hold nothing but label 0.

    Attributes:
        seed: of the recipe.
        settings: the architecture's `settings` dataclass, read from the recipe; None where it has none.
        heads: classes or parameters.

    Example:
        The mean of all training images, which a network remembers in a buffer; a stand-in has two of them.

        >>> from types import SimpleNamespace
        >>> import torch
        >>> import zoo_core as zoo
        >>> def train(network: torch.nn.Module, training: zoo.Training) -> None:
        ...     network.mean.copy_(training.cached("mean", lambda: training.images().mean(0)))
        >>> network = torch.nn.Module()
        >>> network.register_buffer("mean", torch.zeros(1, 2, 2))
        >>> images = torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)])
        >>> train(network, SimpleNamespace(images=lambda: images, cached=lambda name, compute: compute()))
        >>> network.mean
        tensor([[[0.5000, 0.5000],
                 [0.5000, 0.5000]]])
    """

    seed: int
    settings: Any
    heads: Heads

    @abstractmethod
    def images(self, rows: Rows | None = None) -> Tensor:
        """Training images of these rows, not augmented; None: all, which must fit into memory."""

    @abstractmethod
    def targets(self) -> np.ndarray:
        """Of the training images, (N,) or (N, P), see `Dataset.targets`."""

    @abstractmethod
    def validation_images(self, rows: Rows | None = None) -> Tensor:
        """As `images`, of the validation set."""

    @abstractmethod
    def validation_targets(self) -> np.ndarray:
        """As `targets`, of the validation set."""

    @abstractmethod
    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """Random training images, augmented and balanced as the recipe says, and their targets."""

    @abstractmethod
    def cached(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """A tensor that is computed once for these images, and stored in the folder of the run.

        Arguments:
            name: of what is computed; what it depends on besides the images must be part of the name.
            compute: called if it is not there yet.
        """

    @abstractmethod
    def descend(
        self,
        stage: str,
        loss: Callable[[nn.Module, Batch], Tensor],
        metric: Callable[[nn.Module, Training], float] | None = None,
    ) -> None:
        """One stage of gradient descent; leaves the network with its best weights and buffers, in eval mode.

        A stage that is finished is not run again when a run is resumed, one that was interrupted goes on.

        Arguments:
            stage: its name; `stages: {<stage>: {...}}` in the recipe may give it steps, batch_size, optimiser,
                augmentation ... of its own, otherwise those of the recipe hold.
            loss: `loss(network, batch)`, what is minimised, a scalar; each row comes once an epoch.
            metric: `metric(network, training)`, measured on the network in eval mode every `validate_every` steps; the
                weights with the lowest are kept. None: the mean of `loss` over the validation images, whose rows are
                numbered from `len(training.targets())` on, so that looking them up in the training set fails.
        """


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
