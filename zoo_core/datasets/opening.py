"""Opening data sets by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ..catalog.registry import catalog
from ..errors import DatasetError, UnknownNameError
from ..plugins import dataset_factory

if TYPE_CHECKING:
    from pathlib import Path

    from ..interfaces import Dataset, DatasetFactory, Download

__all__ = ["examine", "needs_path", "open_dataset", "takes_path"]

PLAIN: dict[str, Callable[[Any], bool]] = {
    "int": lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, Real) and not isinstance(value, bool),
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "None": lambda value: value is None,
}
"""Types whose values are checked before a data set is opened: numbers of NumPy count as numbers."""


def open_dataset(name: str, plugin: str | None = None, **arguments: Any) -> Dataset:
    """Open a data set.

    Arguments:
        name: see `list_datasets`.
        plugin: the distribution or entry point that provides it; by default the one that the catalogue names.
        arguments: of the data set: a path for adapters of public sets, n and seed for simulated ones.

    Raises:
        UnknownNameError: nothing provides it.
        DatasetError: the arguments do not fit it.

    Example:
        >>> import zoo_core as zoo
        >>> lenses = zoo.open_dataset("substructure", n=4, seed=7)
        >>> lenses
        <substructure, version 1: 4 simulated images, VIS, 0.05"/pixel, classification of no, sphere, vort>
        >>> lenses.images([0, 3]).shape
        (2, 1, 64, 64)
    """
    opened = _factory(name, plugin).open
    _check_arguments(name, getattr(opened, "target", opened), arguments)
    try:
        return opened(**arguments)
    except TypeError as error:
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise DatasetError(f"data set {name!r} cannot be opened with {given}: {error}") from error


def examine(name: str, path: str | Path, plugin: str | None = None) -> Download:
    """What of a public data set lies at a path, and what is missing, truncated or too many.

    Raises:
        UnknownNameError: nothing provides it.
        DatasetError: nobody knows which files it should have.
    """
    factory = _factory(name, plugin)
    if factory.download is None:
        raise DatasetError(f"{name}: it is not known which files it should have, so none can be missing")
    return factory.download(path)


def takes_path(name: str, plugin: str | None = None) -> bool:
    """Whether the data set is read from files that the user has, at its argument `path`."""
    return _path_argument(name, plugin) is not None


def needs_path(name: str, plugin: str | None = None) -> bool:
    """Whether it cannot be opened without."""
    argument = _path_argument(name, plugin)
    return argument is not None and argument.default is argument.empty


def _check_arguments(name: str, function: Callable[..., Dataset], arguments: Mapping[str, Any]) -> None:
    """Refuse what the function does not take, by its names, and plain values of another type than it declares."""
    parameters = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return
    for key in arguments:
        if key not in parameters:
            raise DatasetError(f"data set {name!r}: {UnknownNameError.among('argument', key, parameters)}")
    missing = [key for key, one in parameters.items() if one.default is one.empty and key not in arguments]
    if missing:
        takes = ", ".join(parameters)
        raise DatasetError(f"data set {name!r} needs {' and '.join(missing)}; it takes {takes}")
    for key, value in arguments.items():
        declared = _declared(parameters[key])
        if declared <= PLAIN.keys() and not any(PLAIN[kind](value) for kind in declared):
            raise DatasetError(f"data set {name!r}: {key} is {value!r}; it must be {' or '.join(sorted(declared))}")


def _declared(parameter: inspect.Parameter) -> set[str]:
    """The types of an annotation, by name; a name that is not PLAIN where there is none."""
    annotation = parameter.annotation
    written = getattr(annotation, "__name__", None) if isinstance(annotation, type) else str(annotation)
    return {part.strip() for part in str(written).split("|")}


def _path_argument(name: str, plugin: str | None) -> inspect.Parameter | None:
    return inspect.signature(_factory(name, plugin).open).parameters.get("path")


def _factory(name: str, plugin: str | None) -> DatasetFactory:
    listed = catalog().datasets
    if plugin is None and name in listed:
        plugin = listed[name].plugin
    try:
        return dataset_factory(name, plugin)
    except UnknownNameError:
        raise UnknownNameError.among("data set", name, listed) from None
