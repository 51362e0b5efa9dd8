"""The data sets of the core, as a plugin like any other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from ..interfaces import Dataset, DatasetFactory, Download
from ..plugins import hookimpl

__all__ = ["zoo_datasets"]


MODELLING = {
    "modelling_hst": "simulated lenses with the parameters of their mass, pixels and PSFs of HST",
    "modelling_jwst": "simulated compact lenses with the parameters of their mass, pixels and PSFs of JWST",
    "modelling_euclid": "simulated lenses with the parameters of their mass, pixels of Euclid, PSFs of HST to broader",
}


@hookimpl
def zoo_datasets() -> list[DatasetFactory]:
    """Simulated sets, adapters of public ones, and a user's own folder."""
    return [
        _classified("simulated.finding", "finding_space", "simulated lenses and look-alikes, one band"),
        _classified(
            "simulated.finding",
            "finding_space_shifted",
            "the same task with other telescopes, galaxies and look-alikes; never trained on",
        ),
        _classified("simulated.finding_ground", "finding_ground", "simulated lenses and look-alikes in r, i, g, u"),
        DatasetFactory(
            "restoration_space",
            "restoration",
            _Opener("simulated.restoration", "restoration_space"),
            "simulated lenses and look-alikes, and what they were before the noise, or before the lens galaxy",
        ),
        _classified(
            "simulated.substructure",
            "substructure",
            "simulated lenses without substructure, with subhalos, with an axion vortex",
        ),
        DatasetFactory(
            "substructure_mass",
            "regression",
            _Opener("simulated.substructure_mass", "substructure_mass"),
            "simulated lenses with an axion vortex or subhalos, and log10 of the mass",
        ),
        *(
            DatasetFactory(name, "regression", _Opener("simulated.modelling", name), summary)
            for name, summary in MODELLING.items()
        ),
        DatasetFactory(
            "convergence_euclid",
            "convergence",
            _Opener("simulated.convergence", "convergence_euclid"),
            "simulated lenses of one ellipsoid, of two, or with subhalos, and maps of their convergence",
        ),
        _whole(_from_files("public.bologna", "blf1_space", "Bologna challenge 1.0, space set (one VIS band)")),
        _whole(_from_files("public.bologna", "blf1_ground", "Bologna challenge 1.0, ground set (r, i, g, u)")),
        _whole(_from_files("public.blf2", "blf2", "Bologna challenge 2.0, VIS and Y, J, H of NISP")),
        _whole(
            _from_files(
                "public.deeplense_finding", "deeplense_finding", "DeepLense's test of lens finders, three filters"
            )
        ),
        _from_files(
            "public.slc2020.opening", "slc2020", "ML4SCI challenge 2020: lenses without and with substructure, grey"
        ),
        _from_files(
            "public.deeplense", "deeplense", "DeepLense: lenses without substructure, with subhalos, with a vortex"
        ),
        _from_files("public.deeplense", "deeplense_mass", "DeepLense: lenses with log10 of a mass", "regression"),
        _from_files("public.sky", "sky", "real lenses and galaxies on telescope images, with a table of what they are"),
        _from_files(
            "public.modelling_sky", "modelling_sky", "real lenses with their published Einstein radius", "regression"
        ),
        _from_files("public.ensai", "ensai", "lenses of Ensai's simulator, PNG and parameters", "regression"),
        _from_files(
            "public.astromatic2022", "astromatic2022", "lenses of Astromatic 2022, HDF5 of 21 parameters", "regression"
        ),
        _from_files("public.folder", "folder", "your own images, one folder a class"),
    ]


def _classified(module: str, name: str, summary: str) -> DatasetFactory:
    return DatasetFactory(name, "classification", _Opener(module, name), summary)


def _from_files(module: str, name: str, summary: str, task: str = "classification") -> DatasetFactory:
    return DatasetFactory(name, task, _FileOpener(module, name), summary)


def _whole(factory: DatasetFactory) -> DatasetFactory:
    """The factory, which can also say whether a download is whole."""

    def download(path: str | Path) -> Download:
        return getattr(import_module(".public.download", __package__), f"{factory.name}_download")(path)

    return replace(factory, download=download)


@dataclass(frozen=True)
class _Opener:
    """Opens a data set by a function of a module of this package, which is imported when it is called for."""

    module: str
    function: str

    def __call__(self, **arguments: Any) -> Dataset:
        return self.target(**arguments)

    @property
    def target(self) -> Callable[..., Dataset]:
        """The function that opens the data set."""
        return getattr(import_module(f".{self.module}", __package__), self.function)


@dataclass(frozen=True)
class _FileOpener(_Opener):
    """An opener of a data set that the user has, at `path`."""

    def __call__(self, path: str | Path, **arguments: Any) -> Dataset:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.target(path=path, **arguments)
