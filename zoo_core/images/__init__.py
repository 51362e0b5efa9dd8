"""Images: what goes into a model. Nothing is imported before a name is used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cutouts import find_cutouts as find_cutouts
    from .image import RawImage as RawImage
    from .inputs import find_sources as find_sources
    from .source import Beside as Beside
    from .source import Source as Source
    from .source import read as read

_HOME = {
    "Beside": "source",
    "RawImage": "image",
    "Source": "source",
    "find_cutouts": "cutouts",
    "find_sources": "inputs",
    "read": "source",
}

__all__ = ["Beside", "RawImage", "Source", "find_cutouts", "find_sources", "read"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
