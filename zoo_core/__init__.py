"""Strong-gravitational-lensing networks: one line loads any of them, with weights that provably work.

Example:
    import zoo_core as zoo

    model = zoo.load("lastro")
    table = model.predict("cutouts/*.fits")

This module is the index. Nothing heavy is imported before a name is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bench.harness import benchmark as benchmark
    from .board.leaderboard import leaderboard as leaderboard
    from .catalog.folder import fetch as fetch
    from .catalog.listing import list_benchmarks as list_benchmarks
    from .catalog.listing import list_datasets as list_datasets
    from .catalog.listing import list_models as list_models
    from .datasets.opening import open_dataset as open_dataset
    from .errors import ArgumentError as ArgumentError
    from .errors import ZooError as ZooError
    from .interfaces import Architecture as Architecture
    from .interfaces import Batch as Batch
    from .interfaces import Dataset as Dataset
    from .interfaces import DatasetFactory as DatasetFactory
    from .interfaces import Description as Description
    from .interfaces import Training as Training
    from .interfaces import TrainingView as TrainingView
    from .interfaces import any_size as any_size
    from .interfaces import one_size as one_size
    from .metric import Binomial as Binomial
    from .metric import Bootstrap as Bootstrap
    from .metric import Metric as Metric
    from .models.deblending import deblender as deblender
    from .models.load import build as build
    from .models.load import committee as committee
    from .models.load import load as load
    from .models.load import mass_map as mass_map
    from .models.load import pipeline as pipeline
    from .models.load import zoom as zoom
    from .models.model import Model as Model
    from .models.timm import timm_architecture as timm_architecture
    from .plugins import hookimpl as hookimpl
    from .plugins import list_plugins as list_plugins
    from .predict.inputs import Files as Files
    from .predict.inputs import Mosaic as Mosaic
    from .references import lazy as lazy
    from .scores import MassMaps as MassMaps
    from .scores import NoiseFree as NoiseFree
    from .tasks import Heads as Heads
    from .testing.check import check as check
    from .train.finetune import finetune as finetune

    __version__: str

_HOMES = {
    "bench.harness": ["benchmark"],
    "board.leaderboard": ["leaderboard"],
    "catalog.folder": ["fetch"],
    "catalog.listing": ["list_benchmarks", "list_datasets", "list_models"],
    "datasets.opening": ["open_dataset"],
    "errors": ["ArgumentError", "ZooError"],
    "interfaces": [
        "Architecture",
        "Batch",
        "Dataset",
        "DatasetFactory",
        "Description",
        "Training",
        "TrainingView",
        "any_size",
        "one_size",
    ],
    "references": ["lazy"],
    "metric": ["Binomial", "Bootstrap", "Metric"],
    "models.deblending": ["deblender"],
    "models.load": ["build", "committee", "load", "mass_map", "pipeline", "zoom"],
    "models.model": ["Model"],
    "models.timm": ["timm_architecture"],
    "plugins": ["hookimpl", "list_plugins"],
    "predict.inputs": ["Files", "Mosaic"],
    "scores": ["MassMaps", "NoiseFree"],
    "tasks": ["Heads"],
    "testing.check": ["check"],
    "train.finetune": ["finetune"],
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*_HOME]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name == "__version__":
        from importlib.metadata import version

        return version("zoo-core")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
