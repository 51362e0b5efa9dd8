"""The sha256 of a file: what a published file is known by."""

import hashlib
from pathlib import Path

from ..errors import ChecksumError

__all__ = ["check_sha256", "sha256_of"]


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sha256(path: Path, expected: str, remedy: str) -> Path:
    """The path, if its file has that sha256; else ChecksumError, ending with the remedy."""
    found = sha256_of(path)
    if found != expected:
        raise ChecksumError(f"{path}: sha256 is {found}, the catalogue says {expected}; {remedy}")
    return path
