"""A small site of four finders on two benchmarks, and a browser to look at it."""

import os
import shutil

import pytest

from zoo_core.board.leaderboard import leaderboard
from zoo_core.web.pages import write_pages

from ..bench.conftest import storing

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
