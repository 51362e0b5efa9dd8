"""Real second distributions: built, installed into a folder of their own, seen by child processes only."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure, and a commit passes or fails every time; --hypothesis-profile=default looks for more.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

DISTRIBUTIONS = Path(__file__).parent / "distributions"

Child = Callable[..., subprocess.CompletedProcess]


def install(source: Path, site: Path) -> None:
    """Build a wheel of `source` and install it into the folder `site`; neither dependencies nor network."""
    wheels = site.parent / f"{source.name}-wheel"
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source)]
    subprocess.run([sys.executable, *build], check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    pip = ["-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, *pip], check=True, capture_output=True)


def child(site: Path) -> Child:
    """A function that runs Python in a child process which sees what is installed in `site`."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        environment = os.environ | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
        command = [sys.executable, *arguments]
        return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def third_party(tmp_path_factory: pytest.TempPathFactory) -> Child:
    """Runs Python where zoo-second and zoo-broken are installed, as in `third_party("-m", "zoo_core", "models")`."""
    site = tmp_path_factory.mktemp("third-party") / "site"
    for name in ("zoo-second", "zoo-broken"):
        install(DISTRIBUTIONS / name, site)
    return child(site)


@pytest.fixture(scope="session")
def install_into() -> Callable[[Path, Path], Child]:
    """Installs a distribution's source into a folder; the function it returns runs Python that sees it."""

    def installed(source: Path, site: Path) -> Child:
        install(source, site)
        return child(site)

    return installed
