"""The pages in a browser, from disk: what a reader does with them."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from zoo_core.web.vega import DRAWN

BOARD = "others.html"  # of benchmarks that no subject names
BUDGET = 300_000  # bytes before the first plot
PAGES = ["index.html", BOARD, "compare.html#on=sky&model=a.one&compare=b.two", "model/a.one.html", "benchmark/sky.html"]


@pytest.fixture
def visit(browser, site):
    """Opens a page and waits until it is `ready`."""

    def opened(page, ready="tables", site=site):
        browser.get("about:blank")
        for name in ("browser", "performance"):
            browser.get_log(name)  # what the page before has left
        browser.get(f"{(site / page.split('#')[0]).as_uri()}{page[len(page.split('#')[0]) :]}")
        until(browser, f"return document.documentElement.dataset.ready === '{ready}'")

    return opened


def until(browser, script):
    WebDriverWait(browser, 600, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))


def ready(page):
    return "comparison" if page.startswith("compare") else "tables"


def shown(browser, benchmark="sky"):
    """Names of the models in the rows that can be seen, in order."""
    rows = browser.find_elements(By.CSS_SELECTOR, f"#table-{benchmark} tbody tr[data-model]")
    return [row.get_attribute("data-model") for row in rows]


@contextmanager
def sized(browser, width, **media):
    """A screen of this width in CSS pixels."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def requested(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_asks_anybody_or_complains_or_shuts_a_reader_out(visit, browser, page):
    visit(page, ready(page))

    assert {url.split(":")[0] for url in requested(browser)} <= {"file", "data", "about"}
    assert browser.get_log("browser") == []
    serious = [one for one in Axe().run(browser)["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []


@pytest.mark.parametrize("page", PAGES)
def test_pages_fit_a_phone(visit, browser, page):
    with sized(browser, 390):
        visit(page, ready(page))

        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        names = (
            "return Math.min(390, ...[...document.querySelectorAll('tbody th')].map((one) => one.offsetWidth || 390))"
        )
        assert browser.execute_script(names) > 60  # and no name stands letter below letter


def test_dark_pages_have_contrast(visit, browser):
    with sized(browser, 1200, prefers_color_scheme="dark"):
        visit(BOARD)

        found = Axe().run(browser, options={"runOnly": ["color-contrast"]})["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_a_click_on_a_heading_sorts(visit, browser):
    visit(BOARD)
    assert shown(browser)[-1] == "d.four"  # without a rank

    heading = browser.find_element(By.XPATH, "//table[@id='table-sky']//th[contains(., 'images/s')]")
    heading.click()
    until(browser, "return document.querySelector('#table-sky tbody tr').dataset.model === 'c.three'")
    assert shown(browser)[:3] == ["c.three", "b.two", "a.one"]
    assert heading.get_attribute("aria-sort") == "descending"
    heading.click()
    until(browser, "return document.querySelector('#table-sky tbody tr').dataset.model === 'd.four'")
    assert shown(browser)[1:] == ["a.one", "b.two", "c.three"]


def test_filters_leave_rows_out_and_the_address_keeps_them(visit, browser):
    visit(BOARD)

    browser.find_element(By.NAME, "speed").send_keys("50")
    assert sorted(shown(browser)) == ["b.two", "c.three"]
    Select(browser.find_element(By.NAME, "domain")).select_by_visible_text("real")
    until(browser, "return document.querySelectorAll('tbody tr[data-model]').length === 0")
    until(browser, "return location.href.endsWith('#domain=real&speed=50')")

    visit(f"{BOARD}#q=three")
    assert shown(browser) == ["c.three"]
    browser.find_element(By.CSS_SELECTOR, "button[type=reset]").click()
    until(browser, "return document.querySelectorAll('#table-sky tbody tr').length === 4")


def test_real_images_come_first_and_another_metric_can_rank(visit, browser):
    visit(f"{BOARD}#rank.sky=recall")

    assert [one.get_attribute("id") for one in browser.find_elements(By.CSS_SELECTOR, "section")][:2] == [
        "real_sky",
        "sky",
    ]
    rank = browser.find_element(By.CSS_SELECTOR, ".tools[data-for='table-sky'] .rank-by")
    assert rank.get_property("value") == "recall"
    row = browser.find_element(By.CSS_SELECTOR, "#table-sky tr[data-model='b.two']")
    metrics = [option.text for option in Select(rank).options]
    ranks = dict(zip(metrics, json.loads(row.get_attribute("data-ranks")), strict=True))
    cell = browser.find_element(By.CSS_SELECTOR, "#table-sky tr[data-model='b.two'] .place")
    assert cell.text == "{} [{}–{}]".format(*ranks["recall"][:3])
    places = browser.find_elements(By.CSS_SELECTOR, "#table-sky td.rank")
    orders = [float(place.get_attribute("data-order")) for place in places]
    assert orders == sorted(orders) and len(set(orders)) > 1


def test_columns_can_be_chosen(visit, browser):
    visit(BOARD)

    browser.find_element(By.CSS_SELECTOR, ".tools[data-for='table-sky'] summary").click()
    box = browser.find_element(By.XPATH, "//*[@data-for='table-sky']//label[contains(., 'licence')]/input")
    box.click()
    assert not browser.find_elements(By.XPATH, "//table[@id='table-sky']//th[contains(., 'licence')]")


def test_the_keyboard_alone_sorts_picks_columns_and_closes_them(visit, browser):
    visit(BOARD)
    name = "return (document.activeElement.textContent || document.activeElement.name).trim()"

    press(browser, Keys.TAB)
    assert browser.execute_script(name) == "To the content"
    seen = "return getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(60):
        press(browser, Keys.TAB)
        assert browser.execute_script(seen) == "solid"
        if browser.execute_script("return document.activeElement.matches('[data-for=table-sky] summary')"):
            break
    press(browser, Keys.ENTER)
    assert browser.execute_script("return document.querySelector('[data-for=table-sky] details').open")
    press(browser, Keys.TAB, Keys.SPACE, Keys.ESCAPE)
    assert not browser.execute_script("return document.querySelector('[data-for=table-sky] details').open")
    assert browser.execute_script(name) == "Columns"
    assert not browser.find_elements(By.XPATH, "//table[@id='table-sky']//th[contains(., 'auroc')]")
    for _ in range(12):
        press(browser, Keys.TAB)
        if browser.execute_script("return document.activeElement.closest('th')?.textContent.includes('images/s')"):
            break
    press(browser, Keys.ENTER)
    assert shown(browser)[:3] == ["c.three", "b.two", "a.one"]


def press(browser, *keys):
    ActionChains(browser).send_keys(*keys).perform()


@pytest.mark.parametrize("width", [1280, 1400])
def test_boards_fit_a_laptop(visit, browser, width):
    with sized(browser, width):
        visit(BOARD)

        wide = "return [...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1)"
        assert browser.execute_script(f"{wide}.length") == 0


def test_the_model_stays_when_the_table_moves(visit, browser):
    with sized(browser, 390):
        visit(BOARD)

        place = "return document.querySelector('#table-sky tbody th').getBoundingClientRect().left"
        before = browser.execute_script(place)
        browser.execute_script("document.querySelector('#sky .scroll').scrollLeft = 200")
        assert browser.execute_script(place) == before


def test_picked_models_lead_to_their_comparison(visit, browser):
    with sized(browser, 1300):
        visit(BOARD)
        browser.execute_script("document.getElementById('sky').scrollIntoView()")
        for model in ("b.two", "c.three"):
            browser.find_element(By.CSS_SELECTOR, f"#table-sky tr[data-model='{model}'] .pick").click()
        browser.find_element(By.CSS_SELECTOR, "#picked a").click()
        until(browser, "return document.documentElement.dataset.ready === 'comparison'")

    assert browser.current_url.endswith("compare.html#on=sky&model=b.two&compare=c.three")
    text = browser.find_element(By.ID, "comparison").text
    assert "b.two − c.three" in text and "not told apart" in text
    assert len(browser.find_elements(By.CSS_SELECTOR, "#comparison .plot svg")) >= 3
    Select(browser.find_element(By.NAME, "third")).select_by_visible_text("a.one")
    until(browser, "return document.getElementById('comparison').textContent.includes('b.two − a.one')")
    assert browser.current_url.endswith("#on=sky&model=b.two&compare=c.three,a.one")
    assert "b.two is better" in browser.find_element(By.ID, "comparison").text


def test_the_legend_hides_a_model_in_every_plot(visit, browser):
    visit("benchmark/sky.html")
    browser.execute_script("document.querySelector('.plots').scrollIntoView()")
    until(browser, "return document.querySelector('figure[data-plot=roc]').dataset.drawn")
    lines = "return document.querySelectorAll('figure[data-plot=roc] path[aria-roledescription=\"line mark\"]').length"
    before = browser.execute_script(lines)

    browser.find_element(By.CSS_SELECTOR, ".legend button[data-model='b.two']").click()

    until(browser, f"{lines} < {before}")


@pytest.mark.parametrize("page", [BOARD, "benchmark/sky.html"])
def test_250_rows_cost_less_than_the_budget_before_the_first_plot_and_come_after_it(visit, browser, crowded, page):
    visit(page, site=crowded)

    asked = [Path(url.removeprefix("file://")) for url in requested(browser) if url.startswith("file")]
    names = [path.relative_to(crowded).as_posix() for path in asked]
    first = asked[: names.index("assets/tables.js")]  # which is asked for once the page is drawn
    html = (crowded / page).read_text()
    assert html.index('class="marks"') > html.index("<table")
    assert sum(path.stat().st_size for path in first) < BUDGET
    assert "assets/plots.js" not in names[: len(first)]
    assert names.index("parts/sky/rows.js") > len(first)


def test_250_rows_are_paged_and_all_of_them_are_sorted_filtered_and_picked(visit, browser, crowded):
    visit(BOARD, site=crowded)

    count = browser.find_element(By.CSS_SELECTOR, ".tools[data-for='table-sky'] .count")
    assert count.text == "250 models" and len(shown(browser)) == 25
    browser.find_element(By.CSS_SELECTOR, "#table-sky tr .pick").click()
    (first,) = shown(browser)[:1]
    browser.execute_script("document.querySelector('#sky .dt-paging button:last-of-type').click()")
    assert len(set(shown(browser)) | {first}) == 26
    browser.execute_script("document.querySelector('#table-sky tr .pick').click()")
    assert first in browser.find_element(By.CSS_SELECTOR, "#picked a").text
    browser.find_element(By.NAME, "q").send_keys("c.three_")
    until(browser, "return document.querySelector('[data-for=table-sky] .count').textContent.startsWith('83 of 250')")
    assert browser.find_element(By.CSS_SELECTOR, "#table-sky tbody a").get_attribute("href").startswith("file:///")


def test_a_model_that_no_plot_begins_with_is_added_by_the_legend(visit, browser, crowded):
    visit("benchmark/sky.html", site=crowded)
    browser.execute_script("document.querySelector('.plots').scrollIntoView()")
    until(browser, "return document.querySelector('figure[data-plot=roc]').dataset.drawn")
    lines = "return document.querySelectorAll('figure[data-plot=roc] path[aria-roledescription=\"line mark\"]').length"
    assert browser.execute_script(lines) == DRAWN
    loaded = {url.rpartition("/")[2] for url in requested(browser)}
    assert not [name for name in loaded if name.startswith(("a.one", "b.two"))]  # no model's own points

    browser.execute_script("document.querySelector('.legend button.all').click()")
    until(browser, "return document.querySelectorAll('.legend button[data-model]').length === 250")
    browser.execute_script("document.querySelector(\".legend button[data-model='a.one_40']\").click()")

    until(browser, f"{lines} === {DRAWN + 1}")


def test_strata_and_files_of_250_models_come_when_a_reader_comes(visit, browser, crowded):
    visit("benchmark/sky.html", site=crowded)
    files = "return document.querySelectorAll('[data-part=\"sky/predictions\"] a[download]').length"
    assert browser.execute_script(files) == 0

    browser.execute_script("document.querySelector('[data-part=\"sky/predictions\"]').scrollIntoView()")

    until(browser, f"{files} === 250")
    link = browser.find_element(By.CSS_SELECTOR, "[data-part='sky/predictions'] a[download]").get_attribute("href")
    assert Path(link.removeprefix("file://")).is_file()


def test_downloads_are_there(visit, browser, site):
    visit("benchmark/sky.html")

    links = [link.get_attribute("href") for link in browser.find_elements(By.CSS_SELECTOR, "a[download]")]
    files = [Path(link.removeprefix("file://")) for link in links]
    names = {"sky.csv", "sky.json", "a.one.parquet", "b.two.parquet", "c.three.parquet"}
    assert {file.name for file in files} == names
    assert all(file.stat().st_size > 100 for file in files)
