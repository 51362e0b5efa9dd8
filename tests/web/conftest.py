"""A small site of four finders on two benchmarks, and a browser to look at it."""

import os
import shutil

import pytest

from zoo_core.board.leaderboard import leaderboard
from zoo_core.catalog.registry import catalog
from zoo_core.web.pages import write_pages, write_site
from zoo_core.web.site import site_of

from ..bench.conftest import storing
from .crowds import crowded_site

ON_PATH = {"chromium": shutil.which("chromium"), "chromedriver": shutil.which("chromedriver")}


@pytest.fixture(autouse=True, scope="session")
def cache_folder(tmp_path_factory):
    """The user's cache, empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured") / "results"
    store = storing(folder)
    store("a.one", separation=1.5, images=600, seconds=60.0)
    store("b.two", separation=2.5, images=600, seconds=6.0)
    store("c.three", separation=2.5, images=600, seconds=1.0)
    store("d.four", status="failed", images=600, message="ValueError: <script>alert(1)</script>", metrics={}, strata=[])
    store("a.one", benchmark="real_sky", images=600, dataset={"name": "patch", "version": "1", "domain": "real"})
    return folder


@pytest.fixture(scope="session")
def site(results):
    """The folder of the pages."""
    write_pages(leaderboard(results), results.parent / "site", pictures=False)
    return results.parent / "site"


@pytest.fixture(scope="session")
def crowd(tmp_path_factory):
    """Writes the pages of very many models: `crowd(results, 250)` on each benchmark; returns their folder."""

    def write(results, count):
        folder = tmp_path_factory.mktemp("crowded")
        shutil.copytree(results, folder / "results")
        site = site_of(leaderboard(folder / "results"), catalog(), None, "", {})
        write_site(crowded_site(site, count), folder / "site")
        return folder / "site"

    return write


@pytest.fixture(scope="session")
def crowded(crowd, results):
    """The folder of the pages with 250 models on each of two benchmarks."""
    return crowd(results, 250)


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window, which keeps a record of what it requests."""
    if not all(ON_PATH.values()):
        pytest.skip("needs Chromium and its driver: apt-get install chromium chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = ON_PATH["chromium"]
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1300,1000",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(ON_PATH["chromedriver"], env={**os.environ, "SE_OFFLINE": "true"})
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(600)  # a busy machine is no failure
    yield driver
    driver.quit()
