"""Files of predictions, one an image: what each is called."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from ..errors import ArgumentError
from ..images.source import stem
from .images import Images

__all__ = ["Outputs"]

AT_ONCE = 1024  # keys
LAYER_AND_PLANE = re.compile(r"(?P<file>.*?)(?P<chosen>(\[[^\[\]]*\])*)", re.DOTALL)


@dataclass(frozen=True)
class Outputs:
    """Where the files of predictions go: named after the images, in the folders that these are in.

    `night/a.fits.gz[SCI]` becomes `night/a_SCI.fits`. Images that would share a name also have a number in it.

    Arguments:
        folder: of all files.
        root: folder that all images are in, as their keys begin.
        shared: names that several images would have.
    """

    folder: Path
    root: str
    shared: frozenset[str]

    @classmethod
    def of(cls, folder: Path, images: Images) -> Outputs:
        """The names of these images' files.

        Raises:
            ArgumentError: a file would take the place of an image.
        """
        root = _common({_folder(key) for key in _keys(images)})
        alone = cls(folder, root, frozenset())
        names = Counter(alone.name(key) for key in _keys(images))
        outputs = cls(folder, root, frozenset(name for name, count in names.items() if count > 1))
        outputs._require_apart(images)
        return outputs

    def file(self, key: str) -> Path:
        """The file of the image with this key."""
        return self.folder / f"{self.name(key)}.fits"

    def name(self, key: str) -> str:
        """The file's, with its folders and without its extension."""
        parts = key.removeprefix(self.root).split("/")
        parts[-1] = _without_extension(parts[-1])
        name = "/".join(filter(None, map(_plain, parts)))
        return f"{name}-{_number(key)}".lstrip("-") if not _plain(parts[-1]) or name in self.shared else name

    @property
    def identity(self) -> str:
        """Changes with whatever decides the names."""
        return repr((str(self.folder), self.root, sorted(self.shared)))

    def _require_apart(self, images: Images) -> None:
        resolved = {folder: Path(folder).resolve() for folder in {_folder(key) for key in _keys(images)}}
        there = {resolved[_folder(key)] / _base(key).rpartition("/")[2] for key in _keys(images)}
        for key in _keys(images):
            file = self.file(key)
            if file.parent.resolve() / file.name in there:
                raise ArgumentError(
                    f"out_dir= (--out-dir) is {self.folder}: what becomes of {key} would be written over an image; "
                    "choose another folder"
                )


def _keys(images: Images) -> Iterator[str]:
    for start in range(0, len(images), AT_ONCE):
        yield from images.keys(start, min(start + AT_ONCE, len(images)))


def _common(folders: set[str]) -> str:
    """The folder that all of them are in; empty if there is none."""
    parts = [folder.split("/") for folder in folders]
    first, last = min(parts, default=[]), max(parts, default=[])
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "/".join(part for part, _ in same)


def _folder(key: str) -> str:
    return _base(key).rpartition("/")[0]


def _base(key: str) -> str:
    """The file of an image, without layer and plane."""
    return _split(key)[0]


def _split(key: str) -> tuple[str, str]:
    found = LAYER_AND_PLANE.fullmatch(key)
    assert found is not None  # anything matches
    return found["file"], found["chosen"]


def _without_extension(name: str) -> str:
    file, chosen = _split(name)
    return stem(file) + chosen


def _plain(part: str) -> str:
    """The text in letters, digits and `_.+-` alone."""
    return re.sub(r"[^\w.+\-]+", "_", part).strip("_.")


def _number(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:8]
