"""Pictures that a user asks for by the name of their file."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..errors import ArgumentError
from ..files import whole

__all__ = ["check_picture", "write_picture"]


def check_picture(path: Path) -> str:
    """The format that the extension names.

    Raises:
        ArgumentError: it names none.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FigureCanvasAgg.get_supported_filetypes():
        raise ArgumentError(f"{path}: not the name of a picture; end it with .png, .jpg, .pdf or .svg")
    return kind


def write_picture(figure: Figure, path: Path) -> Path:
    """The figure as a file of the format that the extension names; returns its path.

    Raises:
        ArgumentError: the extension names none.
        FileError: it cannot be written.
    """
    with whole(path) as part:
        figure.savefig(part, format=check_picture(path))
    return path
