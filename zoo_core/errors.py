"""Every error of the zoo.

ZooError
├── UnknownNameError        a name that nothing provides; says what is close to it
├── NotInstalledError       the name is known, its distribution is missing; says what to install
├── PluginError             a plugin failed to import or broke the contract of its hook
├── RegistryError           a registry file is malformed or contradicts another
├── ArgumentError           what the caller passed cannot be used; also a ValueError
├── FileError               a file or folder that cannot be written, or that another run is writing
├── SchedulerError          the scheduler of a distributed run, or its workers, cannot be used, or left shards undone
├── SpecError               what a plugin, a registry or a recipe declares cannot be built
├── WeightsError            weights that could not be had or do not fit
│   ├── ChecksumError       the file is not the one that was published
│   ├── DownloadError       the Hub refused or did not answer
│   └── UntrainedError      a prediction was asked of random weights
├── ImageError              an image that cannot be used; one image, one row of the table
│   ├── ImageReadError      the file could not be read
│   ├── ImageShapeError     not the number of images, bands or pixels that the model takes
│   │   └── SeveralImagesError  a file holds several images, and none is chosen
│   └── PixelScaleError     the pixel scale is missing or contradicts the header
├── DatasetError            a data set is missing, incomplete or malformed
├── RecipeError             a training recipe that cannot be run
├── TrainingError           training stopped without a usable result
├── ResultError             a result file that does not match what it claims to measure
└── PublishError            a model that cannot be published yet; says what is missing
"""

from collections.abc import Iterable, Sequence

LISTED = 12  # names in an error, so that it stays a line or two


def one_line(text: str) -> str:
    r"""The text in one line, with what no terminal should act upon written out: files may be called anything.

    Example:
        >>> one_line("a\x1b[2Jb.fits:\n no image")
        'a\\x1b[2Jb.fits: no image'
    """
    readable = " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").split())
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in readable)


def _some(names: Sequence[str]) -> str:
    """The names, of many the first ones and how many more there are."""
    listed = ", ".join(names[:LISTED]) or "none"
    return listed if len(names) <= LISTED else f"{listed} and {len(names) - LISTED} more"


class ZooError(Exception):
    """Root of all errors that the zoo raises on purpose.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.open_dataset("finding_spice")
        Traceback (most recent call last):
        zoo_core.errors.UnknownNameError: no data set is called 'finding_spice'; did you mean finding_space or ...?
    """


class UnknownNameError(ZooError):
    """A name that nothing provides."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """The error for `name`, with the nearest of the `known` names, or with some where none is near.

        Example:
            >>> from zoo_core.errors import UnknownNameError
            >>> str(UnknownNameError.among("band", "K", ["g", "r", "i"]))
            "no band is called 'K'; known: g, i, r"
        """
        from difflib import get_close_matches  # most commands make no such error

        known = sorted(known)
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {_some(known)}"
        return cls(f"no {kind} is called {name!r}; {hint}")


class NotInstalledError(ZooError):
    """The name is known, the distribution that provides it is not installed."""


class PluginError(ZooError):
    """A plugin failed to import or broke the contract of its hook."""


class RegistryError(ZooError):
    """A registry file is malformed or contradicts another one."""


class ArgumentError(ZooError, ValueError):
    """What the caller passed cannot be used.

    The message names the keyword and, where there is one, the option of the command.

    Example:
        >>> import zoo_core as zoo
        >>> zoo.load("trivial", device="cpu").predict("cutouts/", pixel_scale=-0.1)
        Traceback (most recent call last):
        zoo_core.errors.ArgumentError: pixel_scale= (--pixel-scale) is -0.1; it must be a positive number of arcsec
    """


class FileError(ZooError):
    """A file or folder that cannot be written, or that another run is writing."""


class SchedulerError(ZooError):
    """The scheduler of a distributed run, or its workers, cannot be used, or left shards undone."""


class SpecError(ZooError):
    """What a plugin, a registry or a recipe declares cannot be built."""


class WeightsError(ZooError):
    """Weights that could not be had or do not fit the network."""


class ChecksumError(WeightsError):
    """The file is not the one that was published."""


class DownloadError(WeightsError):
    """The Hub refused or did not answer."""


class UntrainedError(WeightsError):
    """A prediction was asked of random weights."""


class ImageError(ZooError):
    """An image that cannot be used."""


class ImageReadError(ImageError):
    """The file could not be read."""


class ImageShapeError(ImageError):
    """Not the number of images, bands or pixels that the model takes."""


class SeveralImagesError(ImageShapeError):
    """A file holds several images, and none is chosen.

    Arguments:
        message: for whoever does not know what the image is for.
        path: of the file.
        names: what `--ext` takes for each.
    """

    def __init__(self, message: str, path: str = "", names: Sequence[str] = ()):
        super().__init__(message)
        self.path = path
        self.names = tuple(names)


class PixelScaleError(ImageError):
    """The pixel scale is missing or contradicts the header."""


class DatasetError(ZooError):
    """A data set is missing, incomplete or malformed."""


class RecipeError(ZooError):
    """A training recipe that cannot be run."""


class TrainingError(ZooError):
    """Training stopped without a usable result."""


class ResultError(ZooError):
    """A result file that does not match what it claims to measure."""


class PublishError(ZooError):
    """A model that cannot be published yet."""
