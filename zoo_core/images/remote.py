"""Files that are elsewhere, by their URL, as fsspec opens them: https, s3, gs, memory ...

Of a file that is kept open, blocks are fetched as they are asked for, and a bounded number of them is held.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import ImageReadError

__all__ = ["has_pattern", "is_remote", "joined", "list_remote", "open_binary", "stamp_remote"]

URL = re.compile(r"(\w+::)*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
BLOCK, BLOCKS = 2**18, 128  # bytes that are fetched at once, and how many of these are held of a file
MOST = 2**28  # bytes of a file whose server gives no parts of it


def is_remote(path: str) -> bool:
    """Whether it is a URL."""
    return URL.match(path) is not None


def has_pattern(url: str) -> bool:
    """Whether it stands for several files: `?` and brackets belong to addresses of single ones."""
    return "*" in url


def joined(folder: Path, name: str) -> str:
    """A name in a folder; a URL stays as it is, which a path would not."""
    return name if is_remote(name) else str(folder / name)


def open_binary(path: str) -> BinaryIO:
    """The file, local or elsewhere, for reading at any place.

    Raises:
        OSError: of a local file.
        ImageReadError: of one elsewhere.
    """
    if not is_remote(path):
        return Path(path).open("rb")
    with _reaching(path):
        system, name = _file_system(path)
        options = {"block_size": BLOCK, "cache_type": "blockcache", "cache_options": {"maxblocks": BLOCKS}}
        file = system.open(name, "rb", **options)
        if not _has_parts(file):
            file = _whole(path, file)
    return cast(BinaryIO, BufferedReader(_RemoteFile(file, path), BLOCK // 4))


def list_remote(pattern: str) -> list[str]:
    """The URLs of the files that match, by name.

    Raises:
        ImageReadError: the place cannot be reached.
    """
    with _reaching(pattern):
        system, name = _file_system(pattern)
        found = [each for each in system.glob(name) if not system.isdir(each)]
        return sorted(_url(pattern, str(each)) for each in found)


def stamp_remote(url: str) -> str:
    """What changes when the file does: what its place says of its size and version; empty if it says nothing."""
    try:
        with _reaching(url):
            system, name = _file_system(url)
            known = system.info(name)
    except ImageReadError:
        return ""  # reading it says what is wrong with it
    return repr([(key, str(known[key])) for key in sorted(known) if key.lower() in _VERSION])


_VERSION = ("size", "etag", "lastmodified", "last-modified", "mtime", "updated", "created", "versionid", "md5hash")


class _RemoteFile(RawIOBase):
    """Bytes of a file of fsspec, whose failures are those of files."""

    def __init__(self, file: Any, path: str) -> None:
        super().__init__()
        self._file, self._path = file, path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _reaching(self._path):
            stored = self._file.read(len(buffer))
        buffer[: len(stored)] = stored
        return len(stored)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _has_parts(file: Any) -> bool:
    """Whether it can be read at any place: streams of fsspec say so and then refuse."""
    try:
        file.seek(0, io.SEEK_END)
        file.seek(0)
    except ValueError:
        return False
    return True


def _whole(path: str, file: Any) -> BytesIO:
    """All of a file whose server gives no parts."""
    stored = BytesIO()
    with file:
        while stored.tell() <= MOST and (piece := file.read(BLOCK)):  # as much as has arrived
            stored.write(piece)
    if stored.tell() > MOST:
        raise ImageReadError(f"{path}: its server gives no parts, and {MOST >> 20} MiB is too much; download it first")
    stored.seek(0)
    return stored


def _url(pattern: str, name: str) -> str:
    """The URL of a file as its file system names it, written as the pattern is."""
    head = URL.match(pattern)
    assert head is not None
    if is_remote(name):
        return name
    return head[0] + (name if pattern[head.end() :].startswith("/") else name.lstrip("/"))


def _file_system(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    return url_to_fs(url)


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    try:
        yield
    except ImageReadError:
        raise
    except FileNotFoundError as error:
        why = f", or its place cannot be reached ({' '.join(str(error.__cause__).split())})" if error.__cause__ else ""
        raise ImageReadError(f"{url}: no such file{why}") from error
    except ImportError as error:
        raise ImageReadError(f"{url}: cannot be opened here ({' '.join(str(error).split())})") from error
    except Exception as error:  # each file system has errors of its own
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ImageReadError(f"{url}: cannot be read ({reason}); is the place reachable?") from error
