"""Pictures that a user asks for by the name of their file."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

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

    Its words are shown as they are: files and classes may have names with `$`, which are no formulas.

    Raises:
        ArgumentError: the extension names none.
        FileError: it cannot be written.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # pyright: ignore[reportAttributeAccessIssue]
    with whole(path) as part:
        figure.savefig(part, format=check_picture(path))
    return path
