"""A new plugin that installs and passes `zoo check` before its author has written a line."""

import re
from importlib.resources import as_file, files
from pathlib import Path

from ..errors import ArgumentError
from ..files import whole_folder
from ..plugins import plugin_names

__all__ = ["new"]

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TEMPLATE = "mynet"  # the template is itself a plugin of this name


def new(name: str, to: Path | str | None = None) -> Path:
    """The folder of a new plugin `name`, to be installed with `pip install -e`.

    Arguments:
        name: of the plugin and its architecture.
        to: the folder to make; by default `name` in the current one.

    Raises:
        ArgumentError: the name cannot be one of a plugin, is taken, or the folder is there already.
        FileError: it cannot be written; nothing is left of it.
    """
    folder = Path(name if to is None else to)
    if not NAME.fullmatch(name):
        raise ArgumentError(
            f"{name!r} cannot name a plugin; use lower-case letters, digits and underscores, as in my_net"
        )
    if name in plugin_names():
        raise ArgumentError(f"a plugin {name!r} is installed already; choose another name")
    if folder.exists():
        raise ArgumentError(f"{folder} exists; choose another folder with --to, or remove it")
    with whole_folder(folder) as partial:
        _fill(partial, name)
    return folder


def _fill(folder: Path, name: str) -> None:
    """Write the files of the template under their new names."""
    with as_file(files("zoo_core.testing") / "template") as template:
        for path in sorted(template.rglob("*")):
            place = path.relative_to(template)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in place.parts):
                target = folder / _renamed(str(place), name)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_renamed(path.read_text(encoding="utf-8"), name), encoding="utf-8")


def _renamed(text: str, name: str) -> str:
    text = text.replace(f"zoo-{TEMPLATE}", f"zoo-{name.replace('_', '-')}")
    text = text.replace("MyNet", "".join(word.capitalize() for word in name.split("_")))
    return text.replace(TEMPLATE, name)
