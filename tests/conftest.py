"""Real second distributions, built and installed into a folder of their own; who sees them asks for them."""

import gc
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from hatchling.build import build_wheel
from hypothesis import settings

gc.disable()  # until all is imported, see `pytest_collection_finish`

# What Numba compiles for UMAP and for catalogues of the sky is used once: to make it fast takes longer than it saves.
os.environ.setdefault("NUMBA_OPT", "0")

# A busy machine is no failure, and a commit passes or fails every time; --hypothesis-profile=default looks for more.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("steady")

DISTRIBUTIONS = Path(__file__).parent / "distributions"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a slow test come first, so that none of them is what all others have to wait for at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What is imported stays: to look for garbage among these million objects took a sixth of the time until here."""
    gc.freeze()
    gc.enable()


Child = Callable[..., subprocess.CompletedProcess]


def install(source: Path, site: Path) -> None:
    """Build a wheel of `source` and unpack it into the folder `site`, which is all that pip does with it."""
    with zipfile.ZipFile(built(source, site.parent / f"{source.name}-wheel")) as packed:
        packed.extractall(site)


def built(source: Path, folder: Path) -> Path:
    """The wheel of `source`, in the folder."""
    with chdir(source):
        return folder / build_wheel(str(folder))


def child(site: Path) -> Child:
    """A function that runs Python in a child process which sees what is installed in `site`."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def third_party_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which zoo-second and zoo-broken are installed."""
    site = tmp_path_factory.mktemp("third-party") / "site"
    for name in ("zoo-second", "zoo-broken"):
        install(DISTRIBUTIONS / name, site)
    return site


@pytest.fixture(scope="session")
def third_party(third_party_site: Path) -> Child:
    """Runs Python where zoo-second and zoo-broken are installed, as in `third_party("-m", "zoo_core", "models")`."""
    return child(third_party_site)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes this process see what is installed in a folder, and nothing of what it had imported from the one before."""
    before, path = set(sys.modules), list(sys.path)

    def forget() -> None:
        for name in set(sys.modules) - before:
            if name.startswith("zoo_") and not name.startswith("zoo_core"):
                del sys.modules[name]

    def see(site: Path) -> None:
        forget()
        monkeypatch.setattr(sys, "path", list(path))
        monkeypatch.syspath_prepend(site)

    yield see
    forget()


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt, as in a terminal, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def install_into() -> Callable[[Path, Path], None]:
    """Installs a distribution's source into a folder, as pip does: `install_into(source, site)`."""
    return install
