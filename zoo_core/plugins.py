"""Finding plugins, importing only the one that is needed, isolating a broken one.

Example:
    A plugin is a distribution with an entry point in the group `zoo`, whose name is the plugin's:

        [project.entry-points.zoo]
        mynet = "zoo_mynet"

    and a module that implements any of the hooks:

        import zoo_core as zoo

        @zoo.hookimpl
        def zoo_architectures():
            return [zoo.Architecture(name="mynet", ...)]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType

import pluggy

from .errors import NotInstalledError, PluginError, UnknownNameError
from .installed import GROUP, Installed, folder_of, installed_plugins
from .interfaces import Architecture, DatasetFactory
from .metric import Metric

__all__ = [
    "HOOKS",
    "Plugin",
    "architecture",
    "dataset_factory",
    "hookimpl",
    "list_plugins",
    "metrics",
    "package_folder",
    "plugin_listed",
    "plugin_named",
    "plugin_names",
]

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """What a plugin may implement. Each returns a list."""

    @hookspec
    def zoo_architectures(self) -> list[Architecture]:  # type: ignore[empty-body]
        """Networks that can be built."""

    @hookspec
    def zoo_datasets(self) -> list[DatasetFactory]:  # type: ignore[empty-body]
        """Data sets that can be opened."""

    @hookspec
    def zoo_metrics(self) -> list[Metric]:  # type: ignore[empty-body]
        """Metrics beside the core's own."""


HOOKS = {"zoo_architectures": Architecture, "zoo_datasets": DatasetFactory, "zoo_metrics": Metric}


@dataclass(frozen=True)
class Plugin:
    """An installed plugin, imported or found to be broken.

    Arguments:
        name: of its entry point.
        distribution: what pip calls it.
        version: of the distribution.
        module: that implements the hooks.
        error: why it could not be used, or None.
        architectures, datasets, metrics: what it provides; empty before it is imported.
    """

    name: str
    distribution: str
    version: str
    module: str
    error: str | None = None
    architectures: tuple[Architecture, ...] = ()
    datasets: tuple[DatasetFactory, ...] = ()
    metrics: tuple[Metric, ...] = ()

    def __repr__(self) -> str:
        provided = self.architectures + self.datasets + self.metrics
        what = self.error or ", ".join(one.name for one in provided) or "nothing"
        return f"<plugin {self.name} of {self.distribution} {self.version}: {what}>"

    def folder(self) -> Path | None:
        """Folder of its package, found without importing it; None if its module is a single file or is not there."""
        return folder_of(self.module)


def plugin_names() -> list[str]:
    """Names of the installed plugins; imports none of them."""
    return sorted({plugin.name for plugin in installed_plugins()})


def list_plugins(pattern: str = "*", import_them: bool = True) -> list[Plugin]:
    """Installed plugins, sorted by name, each imported on its own; a broken one carries its error.

    Arguments:
        pattern: of names, as in a shell.
        import_them: else they are only listed, without what they provide.

    Example:
        >>> import zoo_core as zoo
        >>> [(plugin.name, plugin.distribution) for plugin in zoo.list_plugins("lastro", import_them=False)]
        [('lastro', 'zoo-lastro')]
    """
    found = [plugin for plugin in installed_plugins() if fnmatchcase(plugin.name, pattern)]
    return [_load(plugin) if import_them else _listed(plugin) for plugin in found]


def package_folder(plugin: str) -> Path | None:
    """`Plugin.folder` of the plugin of that entry point or distribution name.

    Raises:
        NotInstalledError: there is no such plugin.
        PluginError: two distributions provide it.
    """
    return plugin_listed(plugin).folder()


def plugin_listed(name: str) -> Plugin:
    """The plugin of that entry point or distribution name, not imported; errors as of `package_folder`."""
    return _listed(_named(name)[0])


def architecture(name: str, plugin: str | None = None) -> Architecture:
    """The architecture of that name, from the plugin of that entry point or distribution name, or from any.

    Raises:
        NotInstalledError: the plugin that provides it is not installed.
        PluginError: the plugin is broken, or does not provide it.
        UnknownNameError: nothing provides it.
    """
    found = [item for one in _searched(plugin) for item in one.architectures]
    return _only("architecture", name, found, plugin)


def dataset_factory(name: str, plugin: str | None = None) -> DatasetFactory:
    """The data set of that name from the plugin named, or from any; errors as `architecture`."""
    found = [item for one in _searched(plugin) for item in one.datasets]
    return _only("data set", name, found, plugin)


def plugin_named(name: str) -> Plugin:
    """The plugin of that entry point or distribution name, imported; a broken one carries its error.

    Raises:
        NotInstalledError: there is none.
        PluginError: two distributions provide it.
    """
    return _load(_named(name)[0])


def metrics(plugin_names: Iterable[str]) -> list[Metric]:
    """The metrics of the plugins named."""
    return [metric for name in plugin_names for one in _searched(name) for metric in one.metrics]


def _only(kind: str, name: str, found: list, plugin: str | None):
    matches = [item for item in found if item.name == name]
    if len(matches) > 1:
        raise PluginError(f"{kind} {name!r} is provided {len(matches)} times; uninstall all but one of the plugins")
    if matches:
        return matches[0]
    if plugin is not None:
        provided = ", ".join(sorted(item.name for item in found)) or "nothing"
        raise PluginError(f"plugin {plugin!r} does not provide the {kind} {name!r}; it provides {provided}")
    raise UnknownNameError.among(kind, name, [item.name for item in found])


def _searched(plugin: str | None) -> list[Plugin]:
    if plugin is None:
        return [one for one in list_plugins() if one.error is None]
    found = [_load(one) for one in _named(plugin)]
    for one in found:
        if one.error is not None:
            raise PluginError(f"plugin {one.name!r} of {one.distribution} {one.version} is broken: {one.error}")
    return found


def _named(plugin: str) -> list[Installed]:
    """The plugin of that name, or all those of the distribution of that name."""
    installed = installed_plugins()
    found = [one for one in installed if one.name == plugin] or [
        one for one in installed if _canonical(one.distribution) == _canonical(plugin)
    ]
    if not found:
        raise NotInstalledError(f"{plugin} is not installed; pip install {plugin}")
    providers = sorted({one.distribution for one in found})
    if len(providers) > 1:
        raise PluginError(f"plugin {plugin!r} is provided by {' and '.join(providers)}; uninstall all but one")
    return found


def _canonical(distribution: str) -> str:
    """The spelling that pip compares."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _listed(plugin: Installed) -> Plugin:
    return Plugin(plugin.name, plugin.distribution, plugin.version, plugin.module)


def _load(plugin: Installed) -> Plugin:
    from importlib.metadata import EntryPoint

    listed = _listed(plugin)
    try:
        provided = _provided(listed.name, EntryPoint(plugin.name, plugin.reference, GROUP).load())
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return replace(listed, error=f"{type(error).__name__}: {error}")
    return replace(
        listed,
        architectures=provided["zoo_architectures"],
        datasets=provided["zoo_datasets"],
        metrics=provided["zoo_metrics"],
    )


def _provided(plugin: str, module: ModuleType) -> dict[str, tuple]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    manager.register(module, name=plugin)
    manager.check_pending()  # a misspelt hook would provide nothing, in silence
    return {hook: _items(getattr(manager.hook, hook)(), hook) for hook in HOOKS}


def _items(returned: list, hook: str) -> tuple:
    items = tuple(item for some in returned for item in some)
    for item in items:
        if not isinstance(item, HOOKS[hook]):
            raise PluginError(f"{hook} must return a list of {HOOKS[hook].__name__}, one item is {type(item).__name__}")
    return items
