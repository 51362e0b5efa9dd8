"""Inputs: from files, folders, globs and lists to the rows of a table."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from glob import has_magic, iglob
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TextIO

from ..errors import ArgumentError, ImageReadError
from ..files import refused
from .pack import is_pack, packed_sources
from .pairs import pair
from .readers import SUFFIXES
from .remote import has_pattern, is_remote, list_remote
from .source import NOTHING, Beside, FileSource, Source, StrPath

__all__ = ["find_sources"]


def find_sources(
    inputs: StrPath | Iterable[StrPath] = (),
    *,
    ext: str | int | None = None,
    stack: bool = False,
    bands: Mapping[str, str] | None = None,
    from_file: StrPath | None = None,
    beside: Beside = NOTHING,
) -> Iterator[Source]:
    """The rows to come, in input order; what is named twice is two rows. No pixels are read, nothing is held but paths.

    A file that is missing or broken is a row too: `read` says what is wrong with it.

    Arguments:
        inputs: files, folders (their image files, by name, not recursive) and globs, or packs; with `bands` at most
            one folder.
        ext: the layer of each file, by name or number; "all" gives a row for each.
        stack: the first axis counts images, (N, H, W) or (N, bands, H, W): a row for each.
        bands: pattern of each band's files, in the model's order; `*` is what pairs them, `*.fits[SCI_R]` one layer.
        from_file: a text file with one path a line; "-" is the standard input.
        beside: where masks and weight maps are.

    Raises:
        ImageReadError: a glob or folder without images, or a list that cannot be read.
        ArgumentError: options that exclude one another.
    """
    names = [os.fspath(i) for i in ([inputs] if isinstance(inputs, str | os.PathLike) else inputs)]
    if "" in names:
        raise ArgumentError("an input has an empty name; is a variable of the shell empty?")
    if bands is not None:
        return pair(bands, _folder(names, stack, ext, from_file), ext, beside)
    if not names and from_file is None:
        raise ArgumentError("no images: name files, folders or globs, or a list with from_file= (--from-file)")
    if any(map(is_pack, names)):
        return _of_packs(names, alone=not stack and ext is None and from_file is None and beside == NOTHING)
    paths = chain([path for name in names for path in _expand(name)], _listed(from_file))
    return _rows((FileSource(path, ext, None, beside) for path in paths), ext, stack)


def _of_packs(names: Sequence[str], alone: bool) -> Iterator[Source]:
    if not alone or not all(map(is_pack, names)):
        raise ArgumentError("a pack goes with packs alone, without --ext, --stack, --from-file, --mask and --weight")
    return chain.from_iterable(map(packed_sources, names))


def _rows(files: Iterable[FileSource], ext: str | int | None, stack: bool) -> Iterator[FileSource]:
    for file in files:
        if stack or ext == "all":
            yield from file.expand(stack)
        else:
            yield file


def _expand(name: str) -> list[str]:
    if is_remote(name):
        return _expand_remote(name)
    if Path(name).is_dir():
        return _image_files(name)
    if Path(name).exists() or not has_magic(name):
        return [name]
    found = sorted(path for path in iglob(name) if not Path(path).is_dir())  # noqa: PTH207 - absolute
    if not found:
        raise ImageReadError(f"{name}: no file matches; is the pattern right?")
    return found


def _expand_remote(name: str) -> list[str]:
    """A pattern, or with a slash at its end a folder, of files elsewhere; else the file itself."""
    pattern = f"{name}*" if name.endswith("/") else name
    if not has_pattern(pattern):
        return [name]
    found = [url for url in list_remote(pattern) if pattern == name or url.lower().endswith(SUFFIXES)]
    if not found:
        raise ImageReadError(f"{name}: no file matches; is the pattern right?")
    return found


def _image_files(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        found = [e.path for e in entries if e.name.lower().endswith(SUFFIXES) and e.name[0] != "." and not e.is_dir()]
    if not found:
        raise ImageReadError(f"{folder}: no image files ({', '.join(SUFFIXES)}); folders inside it are not searched")
    return sorted(found)


def _listed(from_file: StrPath | None) -> Iterator[str]:
    """The lines of a list, without blank ones."""
    if from_file is None:
        return
    try:
        with _opened(from_file) as lines:
            yield from (path for line in lines if (path := line.rstrip("\r\n")).strip())
    except OSError as error:
        raise ImageReadError(refused(error, os.fspath(from_file))) from error


def _opened(from_file: StrPath) -> AbstractContextManager[TextIO]:
    if from_file == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape")
        return nullcontext(sys.stdin)
    return Path(from_file).open(encoding="utf-8-sig", errors="surrogateescape")


def _folder(names: Sequence[str], stack: bool, ext: str | int | None, from_file: StrPath | None) -> Path:
    if stack or ext == "all" or from_file is not None:
        raise ArgumentError("bands= (--bands) is one file a band: not with --stack, --ext all or --from-file")
    if len(names) > 1 or (names and not Path(names[0]).is_dir()):
        raise ArgumentError(f"bands= (--bands) takes at most one folder beside its patterns, not {' '.join(names)}")
    return Path(*names)
