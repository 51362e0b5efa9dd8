"""A process with a Hub of its own, which publishes and loads whatever it is told; it imports the zoo once.

The client of the Hub reads its address when it is imported, so that it cannot be that of the tests' process.
"""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path

from .cli.conftest import Answer
from .hub_server import HubServer

__all__ = ["PublishingProcess"]


class PublishingProcess:
    """A context manager; its caches lie in `home`, its Hub is `hub`."""

    def __init__(self, hub: HubServer, home: Path):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self._environment = kept | {
            "HF_ENDPOINT": hub.url,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(home / "hf"),
            "HF_TOKEN": "hf_writer",
            "XDG_CACHE_HOME": str(home / "cache"),
            "OMP_NUM_THREADS": "1",
        }

    def __enter__(self) -> "PublishingProcess":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.publishing_process"],
            cwd=Path(__file__).parents[1],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def sees(self, *folders: Path) -> None:
        """Imports what is installed in these folders from now on, and nothing of those before."""
        self._told("sees", *folders)

    def zoo(self, *words: object) -> Answer:
        """What the command answers."""
        return Answer(**self._told("zoo", *words))

    def commit(self, folder: Path, repo: str) -> dict:
        """What `commit_folder` returns, or the `error` that it raises and its `message`."""
        return self._told("commit", folder, repo)

    def replayed(self, model: str) -> dict:
        """Where the weights of a model came to lie, and its largest difference from its golden file."""
        return self._told("replayed", model)

    def _told(self, *words: object) -> dict:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def sees(*folders: str) -> dict:
    """See `PublishingProcess.sees`."""
    sys.path[:] = [*folders, *(path for path in sys.path if path not in SEEN)]
    SEEN[:] = folders
    return {}


def zoo(*words: str) -> dict:
    """See `PublishingProcess.zoo`."""
    from zoo_core.cli import main

    code, out, err = 0, io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(list(words))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def commit(folder: str, repo: str) -> dict:
    """See `PublishingProcess.commit`."""
    from zoo_core.errors import ZooError
    from zoo_core.publish.commit import commit_folder

    try:
        return asdict(commit_folder(Path(folder), repo)) | {"error": ""}
    except ZooError as error:
        return {"error": type(error).__name__, "message": str(error)}


def replayed(name: str) -> dict:
    """See `PublishingProcess.replayed`."""
    import zoo_core
    from zoo_core.catalog.weights import golden_file, weights_file
    from zoo_core.testing.golden import replay

    model = zoo_core.load(name)
    return {"weights": str(weights_file(model.spec)), "difference": replay(model, golden_file(model.spec))[0].value}


SEEN: list[str] = []
TOLD: dict[str, Callable[..., dict]] = {"sees": sees, "zoo": zoo, "commit": commit, "replayed": replayed}

if __name__ == "__main__":
    for line in sys.stdin:
        told, *given = json.loads(line)
        with redirect_stdout(sys.stderr):
            came_of_it = TOLD[told](*given)
        sys.stdout.write(json.dumps(came_of_it) + "\n")
        sys.stdout.flush()
