"""References to code that is imported when it is first called, so that listing plugins stays light."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from .errors import PluginError

__all__ = ["Lazy", "lazy"]


@dataclass(frozen=True)
class Lazy:
    """A function or class that stands for itself before its module is imported; calling it calls that.

    Arguments:
        module: its absolute name.
        name: of the function or class in it.
    """

    module: str
    name: str

    def __call__(self, *values: Any, **named: Any) -> Any:
        """What the function or class returns."""
        return self.target(*values, **named)

    @property
    def target(self) -> Any:
        """The function or class itself; imports its module.

        Raises:
            PluginError: the module has nothing of that name.
        """
        try:
            return getattr(import_module(self.module), self.name)
        except AttributeError as error:
            raise PluginError(f"{self.module}:{self.name} is not there: {error}; mind the spelling of lazy()") from None


def lazy(reference: str) -> Lazy:
    """The function or class of a reference `module:name`, imported when it is first called.

    Example:
        >>> from zoo_core.references import lazy
        >>> root = lazy("math:sqrt")
        >>> root(9.0)
        3.0

    Raises:
        PluginError: the reference has no colon.
    """
    module, colon, name = reference.partition(":")
    if not (module and colon and name):
        raise PluginError(f"lazy({reference!r}): a reference is `module:name`, as in zoo_mynet.network:MyNet")
    return Lazy(module, name)
