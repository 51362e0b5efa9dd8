"""A Hub on the loopback, and clients of it in processes of their own."""

import ctypes
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..hub_server import HubServer

CLIENT = Path(__file__).with_name("hub_client.py")
REPO = "survey/lenses"
CAP_DAC_OVERRIDE = 1
PR_CAPBSET_DROP = 24


@dataclass
class Answer:
    """What a client process answer: the path of the file, or the error."""

    path: Path | None
    error: str
    message: str
    log: str


@dataclass
class Client:
    """Runs `weights_file` in a process whose Hub and cache are these."""

    hub: HubServer
    home: Path
    content: bytes
    revision: str

    @property
    def cache(self) -> Path:
        return self.home / "hub"

    def command(self, *options: str, sha256: str | None = None, file: str = "model.safetensors") -> list[str]:
        """The command line of a client; `sha256` is what its catalogue says."""
        entry = {
            "sha256": sha256 or hashlib.sha256(self.content).hexdigest(),
            "size": len(self.content),
            "file": file,
            "repo": REPO,
            "revision": self.revision,
        }
        return [sys.executable, str(CLIENT), json.dumps(entry), *options]

    def environment(self, **variables: str) -> dict[str, str]:
        """With the Hub's address, set before the client is imported."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        hub = {"HF_ENDPOINT": self.hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(self.home)}
        return kept | hub | variables

    def start(self, *options: str, **popen: object) -> subprocess.Popen:
        """A client that runs beside us."""
        return subprocess.Popen(
            self.command(*options), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen
        )

    def get(
        self,
        *options: str,
        sha256: str | None = None,
        file: str = "model.safetensors",
        prepare: Callable[[], None] | None = None,
        **variables: str,
    ) -> Answer:
        """What one client gets; `prepare` is called in its process before it starts."""
        ended = subprocess.run(
            self.command(*options, sha256=sha256, file=file),
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            preexec_fn=prepare,
        )
        return answer_of(ended.stdout, ended.stderr)

    def blobs(self) -> list[str]:
        """Names in the cache's store of files."""
        return sorted(path.name for path in self.cache.glob("models--*/blobs/*"))

    def snapshots(self) -> list[Path]:
        """Links in the cache, whether or not they lead anywhere."""
        return sorted(path for path in self.cache.glob("models--*/snapshots/*/*"))


def answer_of(stdout: str, stderr: str) -> Answer:
    """Read a client's last line."""
    assert stdout, stderr
    answer = json.loads(stdout.splitlines()[-1])
    path = Path(answer["path"]) if answer["path"] else None
    return Answer(path, answer["error"], answer["message"], stderr)


def give_up_root() -> None:
    """Let permissions of files hold for root too, in the process that is about to start."""
    if os.geteuid() == 0 and ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "can't drop CAP_DAC_OVERRIDE")


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """The Hub."""
    with HubServer() as server:
        yield server


@pytest.fixture
def client_of(hub: HubServer, tmp_path: Path) -> Callable[[bytes], Client]:
    """Publishes a file on the Hub; returns clients with an empty cache."""

    def published(content: bytes) -> Client:
        return Client(hub, tmp_path / "hf", content, hub.add(REPO, {"model.safetensors": content}))

    return published


@pytest.fixture
def client(client_of: Callable[[bytes], Client]) -> Client:
    """Clients of a small file."""
    return client_of(b"small weights " * 1000)
