"""The page of a search in a browser, from disk: a person grades candidates on it."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from zoo_core.predict.inputs import Mosaic
from zoo_core.predict.options import Options
from zoo_core.search.search import Search
from zoo_core.search.threshold import threshold_of

from ..small_survey import small_survey, store_thresholds
from ..tiny_models import tiny_model
from .test_browser import requested, sized, until

SHOWN = 7


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """Seven candidates, with names that would be code if a page took them for code."""
    survey = small_survey(tmp_path_factory.mktemp("survey"))
    named = re.sub(r"^(o\d-\d+)", r'"<img src=x>, ""\1"""', survey.catalog.read_text(), flags=re.MULTILINE)
    survey.catalog.write_text(named)
    store_thresholds(survey, np.array([1e-6] * 10 + [0.0] * 1000), np.array([1] * 10 + [0] * 1000))
    threshold = threshold_of(survey.finder, 0.5, 0.1, survey.results)
    mosaic = Mosaic(survey.catalog, survey.tiles, columns=["mag"])
    search = Search(mosaic, survey.finder, threshold, measuring(), tiny_model("anomaly"))
    search.run(survey.folder / "out", Options(pixel_scale=0.1), shown=SHOWN, residuals=1)
    return survey.folder / "out" / "report.html"


def measuring():
    """A model that says of every image that its Einstein radius is half an arcsec."""
    model = tiny_model("regression")
    torch.nn.init.zeros_(model.network.head.weight)
    model.network.head.bias.data[: len(model.heads.parameters)] = torch.tensor([0.5, 0.8])
    return model


@pytest.fixture
def opened(browser, page):
    """The page as somebody sees it for the first time."""
    browser.get(page.as_uri())
    browser.execute_script("localStorage.clear()")
    for name in ("browser", "performance"):
        browser.get_log(name)
    browser.get("about:blank")
    browser.get(page.as_uri())
    until(browser, "return document.documentElement.dataset.ready === 'graded'")
    return browser


def press(browser, *keys):
    ActionChains(browser).send_keys(*keys).perform()


def seen(browser):
    """Number of the candidate that is shown, its grade, and how many have one."""
    name = browser.find_element(By.ID, "name").text
    pressed = browser.find_elements(By.CSS_SELECTOR, "[data-grade][aria-pressed=true]")
    status = browser.find_element(By.ID, "status").text
    return int(name.split(".")[0]), "".join(one.get_attribute("data-grade") for one in pressed), int(status.split()[0])


def test_keys_grade_undo_and_walk_and_a_reload_keeps_the_grades(opened):
    assert seen(opened) == (1, "", 0)
    press(opened, "a", "b", "x")
    assert seen(opened) == (4, "", 3)
    press(opened, "u", "u")
    assert seen(opened) == (2, "", 1)
    press(opened, Keys.ARROW_LEFT)
    assert seen(opened) == (1, "A", 1)
    press(opened, "c")
    opened.refresh()
    until(opened, "return document.documentElement.dataset.ready === 'graded'")
    assert seen(opened) == (2, "", 1)  # the first without a grade
    press(opened, "u", "u", "u")
    assert seen(opened)[2] == 0 and "Nothing to undo" in opened.find_element(By.ID, "status").text


def test_stretches_are_other_pictures_and_names_are_text(opened):
    def source():
        return opened.find_element(By.ID, "picture").get_attribute("src")

    pictures = []
    for key in "1234":
        press(opened, key)
        pictures.append(source())
    assert len(set(pictures)) == 4 and all(one.startswith("data:image/png") for one in pictures)
    assert not opened.find_elements(By.CSS_SELECTOR, "img[src=x]")
    opened.find_element(By.CSS_SELECTOR, "#alike button").click()
    assert seen(opened)[0] != 1


def test_pictures_that_are_none_of_the_image_say_what_their_colours_mean(opened):
    def meaning():
        return opened.find_element(By.ID, "meaning").text

    said = [(press(opened, key), meaning())[1] for key in "1561"]
    assert said[0] == said[3] == "" and "0.1 (dark) to 10" in said[1] and "red is more" in said[2]
    press(opened, "6", Keys.ARROW_RIGHT)
    assert meaning() == "There is no residual of this candidate."


def test_a_critical_curve_lies_over_the_picture_until_it_is_taken_away(opened):
    def curves():
        return opened.find_elements(By.CSS_SELECTOR, "#curves polyline")

    over, picture = curves()[0].rect, opened.find_element(By.ID, "picture").rect
    assert over["width"] / picture["width"] == pytest.approx(2 * 0.5 / 2.5, rel=0.1)  # arcsec
    assert over["x"] + over["width"] / 2 == pytest.approx(picture["x"] + picture["width"] / 2, abs=3)
    press(opened, "m")
    assert not curves()
    press(opened, "5")
    assert "convergence" in opened.find_element(By.ID, "picture").get_attribute("alt")


def test_the_map_of_what_the_finder_sees_leads_to_candidates(opened):
    points = opened.find_elements(By.CSS_SELECTOR, "#latent circle")
    assert len(points) == SHOWN
    opened.execute_script("arguments[0].dispatchEvent(new MouseEvent('click'))", points[4])
    assert seen(opened)[0] == 5
    assert [k for k, point in enumerate(points) if point.get_attribute("class") == "current"] == [4]


def test_a_picture_has_a_scale_bar_and_the_sky_s_directions_and_names_say_what_they_mean(opened):
    drawn = {one.text: one.location for one in opened.find_elements(By.CSS_SELECTOR, "#compass text")}
    assert set(drawn) == {"1″", "N", "E"}
    corner = opened.find_element(By.CSS_SELECTOR, "#compass line:last-of-type").location
    assert drawn["N"]["y"] < corner["y"] and drawn["E"]["x"] < corner["x"]  # as in all tiles with CDELT1 < 0
    name = opened.find_element(By.CSS_SELECTOR, "#facts dt button")
    about = opened.find_element(By.CSS_SELECTOR, "#facts dd small")
    assert not about.is_displayed()
    name.click()
    assert about.is_displayed() and name.get_attribute("aria-expanded") == "true"


def test_grades_are_saved_to_a_file_and_read_from_one(opened, tmp_path):
    opened.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    press(opened, "a", "c", "s")
    path = tmp_path / "grades.csv"
    until(opened, "return true")
    for _ in range(200):
        if path.exists():
            break
        opened.execute_async_script("setTimeout(arguments[0], 50)")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["grade"] for row in rows] == ["A", "C"]
    shown = json.loads(opened.execute_script("return document.getElementById('found').textContent"))["candidates"]
    assert [(row["id"], row["path"], float(row["ra"])) for row in rows] == [
        (one["id"], one["path"], one["ra"]) for one in shown[:2]
    ]
    assert all(re.fullmatch(r'<img src=x>, "o\d-\d\d"', row["id"]) for row in rows)

    opened.execute_script("localStorage.clear()")
    opened.refresh()
    until(opened, "return document.documentElement.dataset.ready === 'graded'")
    opened.find_element(By.ID, "load").send_keys(str(path))
    until(opened, "return document.getElementById('status').textContent.startsWith('2 of')")
    press(opened, Keys.ARROW_LEFT)
    assert seen(opened) == (1, "A", 2)


@pytest.mark.parametrize("width", [1300, 390])
def test_it_fits_asks_nobody_complains_of_nothing_and_shuts_nobody_out(opened, page, width):
    with sized(opened, width):
        opened.refresh()
        until(opened, "return document.documentElement.dataset.ready === 'graded'")
        assert opened.execute_script("return document.documentElement.scrollWidth") <= width
        serious = [one for one in Axe().run(opened)["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
        button = opened.find_element(By.CSS_SELECTOR, "[data-grade=B]")
        assert button.size["height"] >= 44 and button.size["width"] >= 44
        button.click()
        assert seen(opened)[2] == 1
    assert {url.split(":")[0] for url in requested(opened)} <= {"file", "data", "about", "blob"}
    assert opened.get_log("browser") == []


@pytest.mark.parametrize("width", [1280, 390])
def test_a_candidate_and_its_grades_are_on_the_first_screen(opened, width):
    with sized(opened, width):
        opened.refresh()
        until(opened, "return document.documentElement.dataset.ready === 'graded'")
        bar, picture = (opened.find_element(By.ID, name).rect for name in ("bar", "frame"))
        assert opened.execute_script("return window.scrollY") == 0
        assert picture["y"] + picture["height"] <= bar["y"] and bar["y"] + bar["height"] <= 900
        sections = [one.rect for one in opened.find_elements(By.CSS_SELECTOR, "main > section")]
        assert len({one["y"] for one in sections}) == (1 if width == 1280 else 3)  # beside each other, or below
