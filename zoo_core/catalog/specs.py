"""What is published: models, data sets, benchmarks. Data, no code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..predictions import Calibration, Familiarity, Heads

__all__ = ["ANY", "BenchmarkSpec", "Cost", "DatasetSpec", "ModelSpec", "TrainedOn", "WeightsSpec"]

ANY = "any"  # pixel scale of a model that takes pixels as they are


@dataclass(frozen=True)
class WeightsSpec:
    """The file of a published model.

    A plugin that brings it has it as `weights/<model id>.safetensors` in its package, the golden file as
    `weights/<model id>.golden.safetensors`.

    Arguments:
        sha256: of the file; what decides that two files are the same.
        size: bytes.
        file: its name in the Hub repository.
        repo: Hugging Face repository, "owner/name", or None if it only comes with the plugin.
        revision: commit of that repository, 40 hex digits.
        golden: name of the golden file in the Hub repository, or None if there is none.
        golden_sha256: of the golden file, or None: it is not checked.
    """

    sha256: str
    size: int
    file: str = "model.safetensors"
    repo: str | None = None
    revision: str | None = None
    golden: str | None = None
    golden_sha256: str | None = None


@dataclass(frozen=True)
class TrainedOn:
    """Images that a model was trained on.

    Arguments:
        dataset: name of the data set.
        domain: "simulated" or "real".
        arguments: that opened it; where its files were is not among them.
        seed: of the training, or None if it is not known.
        sha256: fingerprint of the images, or None if it is not known; with it the board tells whether a benchmark has
            the same.
    """

    dataset: str
    domain: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Cost:
    """What a network costs on any machine; `models.cost` measures it.

    Arguments:
        parameters: number of weights that training sets; of a model with members, theirs together.
        flops: floating-point operations of its matrix products, convolutions and attention for one image in one view,
            of which an addition and a multiplication are two; None: they are not the same for every image.
    """

    parameters: int
    flops: int | None = None


@dataclass(frozen=True, repr=False)
class ModelSpec:
    """One published model, `architecture.tag`; shown by its name, `vars` shows all of it.

    Arguments:
        id: what users type.
        architecture, arguments: what to build.
        plugin: the distribution that provides the architecture.
        task, heads: what its outputs stand for.
        calibration: how its probabilities and errors are to be read.
        familiarity: what tells whether an image and an answer are like those that it has learned from.
        bands: physical bands in the order of the image axis.
        pixel_scale: arcsec of the pixels of the training images, before any binning, or "any" if pixels are taken
            as they are, whatever their scale. It is not hashed: preprocessing and results stay what they are.
        preprocess: declarative operations, in order.
        views: 1, or 8 to average the outputs over the dihedral group.
        cost: of the network; None: it was not measured. It is not hashed.
        symmetries: how each parameter turns with the image, see `zoo_core.symmetries`; none: as its name means.
        weights: the file.
        members: of a committee, ids of the models whose logits are averaged, or of a pipeline, of those that follow one
            another; there is no file then, and the sha256 is that of the members' weights and settings.
        told: by the ids of members, what these are told of the images.
        default: the tag that a bare architecture name resolves to.
        summary: one line.
        trained_on: the data sets, in the order of the training; marked on the board.
        training_data: the same in a sentence, with what the arguments do not tell.
        licence: SPDX identifier of the weights.
        paper: BibTeX.
        known_failures: what it gets wrong, a sentence each.
        source: the registry file that lists it.
    """

    id: str
    architecture: str
    plugin: str
    task: str
    heads: Heads
    bands: tuple[str, ...]
    pixel_scale: float | str
    preprocess: tuple[Mapping[str, Any], ...]
    weights: WeightsSpec
    licence: str
    known_failures: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    views: int = 1
    cost: Cost | None = None
    symmetries: tuple[Mapping[str, Any], ...] = ()
    calibration: Calibration = field(default_factory=Calibration)
    familiarity: Familiarity = field(default_factory=Familiarity)
    members: tuple[str, ...] = ()
    told: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    default: bool = False
    summary: str = ""
    training_data: str = ""
    trained_on: tuple[TrainedOn, ...] = ()
    paper: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"<model {self.id}: {self.task}>"

    @property
    def training_sets(self) -> tuple[str, ...]:
        """Names of the data sets that it was trained on."""
        return tuple(dict.fromkeys(one.dataset for one in self.trained_on))

    @property
    def domain(self) -> str:
        """Domain of the training images: "simulated", "real" or both."""
        return ", ".join(dict.fromkeys(one.domain for one in self.trained_on)) or "not stated"


@dataclass(frozen=True, repr=False)
class DatasetSpec:
    """A data set that an installed plugin can open; shown by its name, `vars` shows all of it.

    Arguments:
        name: what users type.
        plugin: the distribution that provides it.
        task: what its truth can train and measure.
        domain: "simulated" or "real".
        summary: one line.
        available_at: where to get a public set.
        holds: how many images it has, of which size, and what there is to download.
        licence: of the images, in words; public sets without one say so.
        paper: where it is described.
    """

    name: str
    plugin: str
    task: str
    domain: str
    summary: str = ""
    available_at: str = ""
    holds: str = ""
    licence: str = ""
    paper: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"<data set {self.name}: {self.task}, {self.domain}>"


@dataclass(frozen=True, repr=False)
class BenchmarkSpec:
    """A frozen set of images and what is measured on it; shown by its name, `vars` shows all of it.

    Arguments:
        id: what users type; the data set's name where there is one benchmark a set.
        dataset, arguments: what to open.
        task: whose predictions are measured.
        metrics: names, in the order of the board; the first ranks.
        strata: columns of the truth, each with the edges of its bins, or an empty list for categories.
        sha256: the fingerprint that the data set must have, or None.
        table_sha256: of all that is drawn for every image of a simulated set (of the truth of another), or None.
        truth_sha256: of ids and truth of all images (`bench.truth`), or None; stored predictions are compared with it.
        needs_data: the images are not made here; who measures must have them and say where they are.
        hidden: the truth is with who keeps it, who scores the predictions of others.
        summary: one line.
    """

    id: str
    dataset: str
    task: str
    metrics: tuple[str, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    strata: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    plugin: str = "zoo-core"
    sha256: str | None = None
    table_sha256: str | None = None
    truth_sha256: str | None = None
    needs_data: bool = False
    hidden: bool = False
    summary: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"<benchmark {self.id}: {self.task}>"
