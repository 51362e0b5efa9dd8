"""Files that a run writes: alone, whole, and with one line for what the operating system refuses."""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp

from .errors import FileError

__all__ = ["check_place", "make_folder", "refused", "sole", "stamp", "sweep", "whole", "whole_folder"]

PARTIAL = ".partial"  # ends the name of what is not whole yet
HALF = re.compile(r"\.(?P<whole>.+)\.[a-z0-9_]{8}\.partial")  # what `whole` and `whole_folder` call it
LOCK = ".lock"

REMEDIES = {
    errno.ENOSPC: "free some space, or write elsewhere",
    errno.EDQUOT: "free some of your quota, or write elsewhere",
    errno.EFBIG: "the system allows no file so large; write elsewhere",
    errno.EROFS: "write elsewhere",
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
    errno.ENOENT: "check the path; to write a file, make its folder first",
    errno.EEXIST: "a file of that name is in the way; choose another place",
    errno.ENOTDIR: "a part of the path is a file; check the path",
    errno.EISDIR: "it is a folder; name a file in it",
    errno.ENAMETOOLONG: "choose a shorter name",
}

OF_THE_TARGET = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}  # and never of what is copied there
CUT_SHORT = re.compile(r"\d+ requested and \d+ written|[Nn]ot enough space")  # how NumPy and astropy say ENOSPC


def refused(error: OSError, path: Path | str | None = None) -> str:
    """One line for what the operating system refused: the path, the reason, and what to do.

    Example:
        >>> refused(FileNotFoundError(errno.ENOENT, "No such file or directory", "a/b.csv"))
        'a/b.csv: no such file or directory; check the path; to write a file, make its folder first'
    """
    number = errno.ENOSPC if error.errno is None and CUT_SHORT.search(str(error)) else error.errno
    copied_to = error.filename2 if number in OF_THE_TARGET else None
    where = path or copied_to or error.filename
    place = "" if where is None else f"{os.fsdecode(where)}: "
    if number is None or number not in REMEDIES:
        return f"{place}{' '.join(str(error).split())}"
    return f"{place}{os.strerror(number).lower()}; {REMEDIES[number]}"


def check_place(path: Path) -> None:
    """Raise FileError unless a file of that name can be written."""
    if path.is_dir():
        raise FileError(f"{path}: it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise FileError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise FileError(f"{path}: the folder {path.parent} cannot be written to; {REMEDIES[errno.EACCES]}")


def make_folder(path: Path) -> None:
    """The folder, with those that it lies in; FileError if it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(refused(error, path)) from error


@contextmanager
def sole(path: Path) -> Iterator[None]:
    """Keeps all others from a folder, or from a file to come, until this run ends, whatever ends it.

    Raises:
        FileError: another run has it, or nothing can be written there.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_of(path))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise FileError(_occupied(path, Path(lock.lock_file))) from None
    except OSError as error:
        raise FileError(refused(error, path)) from error
    try:
        yield
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink()  # a run that waits for it finds it gone and makes its own
        lock.release()


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write into, which takes its place at the end, or vanishes if anything fails.

    Several may write it at once, each beside it on its own: the last one stays.

    Raises:
        FileError: the operating system refuses.
    """
    partial = path.with_name(f".{path.name}.{token_hex(4)}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        ours = error.filename in (None, str(partial))
        raise FileError(refused(error, path if ours else None)) from error
    finally:
        with suppress(OSError):  # it is not there, or what refused it refuses this too
            partial.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `path` at the end, or vanishes if anything fails.

    Arguments:
        path: nothing, or an empty folder.

    Raises:
        FileError: the operating system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(mkdtemp(PARTIAL, f".{path.name}.", path.parent))
    except OSError as error:
        raise FileError(refused(error, path)) from error
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp makes it private
        partial.replace(path)
    except OSError as error:
        raise FileError(refused(error, None if _is_elsewhere(error, partial) else path)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sweep(folder: Path, depth: int = 3) -> None:
    """Delete what killed runs left of files that were not whole, in a folder that is written by this run alone.

    What another run is writing in a folder inside it, or beside its files, is left alone.

    Arguments:
        folder: and those inside it ...
        depth: ... so many levels in all.
    """
    for path in list(folder.iterdir()):
        half = HALF.fullmatch(path.name)
        if half is None:
            if depth > 1 and path.is_dir() and not path.is_symlink() and not (path / LOCK).exists():
                sweep(path, depth - 1)
        elif not _lock_of(path.with_name(half["whole"])).exists():
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def stamp(paths: Iterable[str | Path]) -> str:
    """sha256 of paths, sizes and modification times (ns): what changes when a file on this machine is rewritten."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{os.fspath(path)!r} {_size_and_time(path)}\n".encode())
    return digest.hexdigest()


def _occupied(path: Path, lock: Path) -> str:
    """Why there is no lock to be had: another run has it, or the system makes none there."""
    try:
        os.close(os.open(lock, os.O_RDWR | os.O_CREAT))
    except OSError as error:
        return refused(error, path)
    return f"{path}: another run is writing there; wait for its end, or choose another place (-o)"


def _lock_of(path: Path) -> Path:
    return path / LOCK if path.is_dir() else path.with_name(f".{path.name}{LOCK}")


def _is_elsewhere(error: OSError, folder: Path) -> bool:
    """Whether it was a file out of that folder that could not be read."""
    named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name is not None]
    return bool(named) and not any(path.is_relative_to(folder) for path in named)


def _size_and_time(path: str | Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - many strings
    except (OSError, ValueError):
        return None  # reading it says what is wrong with it
    return found.st_size, found.st_mtime_ns
