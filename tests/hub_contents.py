"""What a Hub holds: commits of files, and how it names and describes a file."""

import hashlib
from dataclasses import dataclass

LARGE = ".safetensors"


@dataclass
class Commit:
    """Files of a repository by path, as of one commit."""

    files: dict[str, bytes]
    message: str = ""

    @property
    def oid(self) -> str:
        listing = sorted((path, hashlib.sha1(content).hexdigest()) for path, content in self.files.items())
        return hashlib.sha1(repr((self.message, listing)).encode()).hexdigest()


def remote_oid(content: bytes | None, mode: str) -> str | None:
    if content is None:
        return None
    return hashlib.sha256(content).hexdigest() if mode == "lfs" else blob_id(content)


def blob_id(content: bytes) -> str:
    """What git calls that content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def path_info(path: str, content: bytes) -> dict:
    described = {"type": "file", "path": path, "size": len(content), "oid": blob_id(content)}
    if path.endswith(LARGE):
        described["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return described
