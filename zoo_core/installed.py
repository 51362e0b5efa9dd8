"""Installed plugins, found without importing any of them, and remembered until something else is installed."""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import PluginError
from .remembered import remembered

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "Installed", "folder_of", "installed_plugins"]

GROUP = "zoo"
METADATA = (".dist-info", ".egg-info")  # how the folders end in which distributions tell their entry points


@dataclass(frozen=True)
class Installed:
    """A plugin as its distribution declares it.

    Arguments:
        name: of its entry point.
        distribution: what pip calls it.
        version: of the distribution.
        module: that implements the hooks.
        reference: of the entry point: the module, and what of it where that is not all.
        package: the folder of its package, or None if its module is a single file or is not there.
    """

    name: str
    distribution: str
    version: str
    module: str
    reference: str
    package: str | None


def installed_plugins() -> list[Installed]:
    """All of them, sorted by name; a name that two distributions provide is there twice, sorted by distribution."""
    name = f"plugins on {sys.path}"
    found = remembered(name, _state(), lambda: {"plugins": [list(astuple(plugin)) for plugin in _declared()]})
    return [Installed(*fields) for fields in found["plugins"]]


def folder_of(module: str) -> Path | None:
    """Folder of the package that a module is in, found without importing it; see `Installed.package`."""
    from importlib.util import find_spec

    top, *below = module.split(".")
    spec = find_spec(top)  # of a top-level name, this executes nothing
    places = [Path(place) for place in (spec and spec.submodule_search_locations) or []]
    folders = [place.joinpath(*below[:depth]) for depth in range(len(below) + 1) for place in places]
    return next((folder for folder in folders if (folder / "__init__.py").is_file()), None)


def _declared() -> list[Installed]:
    """What the entry points declare; reads the metadata of each distribution that has one."""
    from importlib.metadata import entry_points  # which takes longer than all the rest of a listing

    found = [_installed(point) for point in entry_points(group=GROUP)]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def _installed(point: "EntryPoint") -> Installed:
    if point.dist is None:
        raise PluginError(f"entry point {point.name!r} belongs to no installed distribution; reinstall its package")
    metadata, folder = point.dist.metadata, folder_of(point.module)  # metadata is parsed at each access
    return Installed(
        point.name, metadata["Name"], metadata["Version"], point.module, point.value, folder and str(folder)
    )


def _state() -> str:
    """Changes with the folders that modules are imported from, what is installed in them, and this file."""
    return repr([(place, *_dates(place)) for place in (__file__, *sys.path)])


def _dates(place: str) -> Iterator[tuple[str, int]]:
    """When a folder of `sys.path` changed, and the metadata of each distribution in it; of a file, when it did."""
    try:
        facts = os.stat(place or os.curdir)  # noqa: PTH116 - each Path would cost more than its stat
        yield "", facts.st_mtime_ns
        if stat.S_ISDIR(facts.st_mode):
            with os.scandir(place or os.curdir) as entries:
                found = [entry for entry in entries if entry.name.endswith(METADATA)]
            yield from sorted((entry.name, entry.stat().st_mtime_ns) for entry in found)
    except OSError:
        yield "not there", 0
