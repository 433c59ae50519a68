"""The report in a real browser: Debian's chromium, without a head, on a file of this machine."""

import json
import os
import shutil
from importlib import resources, util

import made_up_trials
import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from odyssey.analysis import claims, effects, selection, tables, welch
from odyssey.figures import figure_3, style
from odyssey.report.files import read_pictures, read_tables
from odyssey.report.page import Contents, render

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and os.environ.get("CI") != "true",
    reason="no chromium here: apt-get install chromium chromium-driver",
)

TRIALS = 40
CONFIGURATION = {
    "study": "made-up",
    "seed": 1,
    "search": {"trials": TRIALS},
    "analysis": {
        "best_fraction": 0.1,
        "alpha": 0.05,
        "correction": "bonferroni",
        "selection_luck": True,
        "surrogate": "gp",
    },
}
# The marks of Vega's scene, which `items` finds by these names, with their places on the page.
POINTS, CURVE = "concat_1_layer_0_marks", "concat_2_layer_1_marks"
FIND_ITEMS = """
const view = document.getElementById("plots").view;
const canvas = document.querySelector("#plots canvas").getBoundingClientRect();
const found = [];
function walk(node, x, y) {
  for (const item of node.items || []) {
    if (node.name === arguments_name) {
      const place = { x: canvas.x + x + item.x, y: canvas.y + y + item.y };
      found.push({ ...place, datum: { ...item.datum } });
    }
    if (item.items) for (const mark of item.items) walk(mark, x + (item.x || 0), y + (item.y || 0));
  }
}
const [left, top] = view.origin();
walk(view.scenegraph().root, left + view.padding().left, top + view.padding().top);
return found;
"""
# Of vanilla, and again of a variant: here all of them are figure 3.
PICTURES = ("figure_3", "figure_4", "pareto", "figure_4_NP")
WAIT = 30  # seconds; a slow machine takes a few to draw
# In pixels: the height of a desk's screen, and what A4 has between margins.
SCREEN, PAPER, ON_ITS_SIDE = 900, 687, 1016
WIDER = """
return [...document.querySelectorAll(arguments[0])]
  .filter((part) => part.getBoundingClientRect().right > arguments[1] + 1)
  .map((part) => part.outerHTML.slice(0, 80));
"""


@pytest.fixture(scope="module")
def study():
    made = made_up_trials.trials(TRIALS, synthetic=("timit",))
    return selection.select(made), made_up_trials.curves(made)


@pytest.fixture(scope="module")
def address(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    marked, curves = study
    compared = welch.compare(marked, draws=99)
    spreads = selection.distributions(marked)
    figure = figure_3.draw(spreads, compared, made_up_trials.TASKS)
    style.save(figure, [folder / f"{name}.svg" for name in PICTURES])
    known = effects.table([*effects.of_comparisons(compared), *effects.of_distributions(spreads)])
    tables.best_trials(marked).to_csv(folder / "best_trials.csv", index=False)
    contents = Contents(
        CONFIGURATION,
        marked,
        curves,
        compared,
        made_up_trials.TASKS,
        read_pictures([folder / f"{name}.svg" for name in PICTURES]),
        read_tables([folder / "best_trials.csv"]),
        claims=claims.judge(known, spreads),
    )
    (folder / "report.html").write_text(render(contents), encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def chromium():
    assert CHROMIUM, "there is no chromium"
    assert DRIVER, "there is no chromedriver"
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def page(chromium, address):
    """Open the report on a desk's screen, in the light scheme."""
    show(chromium, width=1280)
    scheme(chromium, "light")
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get(address)
    WebDriverWait(chromium, WAIT).until(
        lambda d: d.find_element(By.ID, "plots").get_attribute("aria-busy") == "false"
    )
    return chromium


def show(driver, width):
    metrics = {"width": width, "height": SCREEN, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def scheme(driver, name):
    # Without smooth scrolling, which would move what is about to be clicked.
    preferences = {"prefers-color-scheme": name, "prefers-reduced-motion": "reduce"}
    features = [{"name": key, "value": value} for key, value in preferences.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def items(page, name):
    settle(page)
    return page.execute_script(FIND_ITEMS.replace("arguments_name", json.dumps(name)))


def settle(page):
    """Wait until Vega has drawn what was asked of it."""
    page.execute_async_script(
        "document.getElementById('plots').view.runAsync().then(() => arguments[0]())"
    )


def signal(page, name):
    settle(page)
    return page.execute_script(
        "return document.getElementById('plots').view.signal(arguments[0])", name
    )


def choose(page, place, label):
    box = next(
        bound
        for bound in page.find_elements(By.CSS_SELECTOR, f"#{place} .vega-bind")
        if bound.find_element(By.CLASS_NAME, "vega-bind-name").text == label
    )
    return box.find_element(By.CSS_SELECTOR, "select, input")


def at(page, item):
    """Bring an item under the middle of the screen and move the pointer onto it."""
    page.execute_script("window.scrollBy(0, arguments[0] - innerHeight / 2)", item["y"])
    same = next(i for i in items(page, POINTS) if i["datum"]["name"] == item["datum"]["name"])
    pointer = ActionChains(page)
    pointer.w3c_actions.pointer_action.move_to_location(round(same["x"]), round(same["y"]))
    return pointer


def open_table(page):
    """Open the table as a reader does, and return its rows."""
    page.find_element(By.ID, "title-best_trials").click()
    return page.find_elements(By.CSS_SELECTOR, "#table-best_trials tbody tr")


def visible(page, selector):
    return [found.is_displayed() for found in page.find_elements(By.CSS_SELECTOR, selector)]


def lonely(points):
    """Find a point that no other one covers."""
    return next(
        p
        for p in points
        if all(q is p or abs(p["x"] - q["x"]) + abs(p["y"] - q["y"]) > 25 for q in points)
    )


def test_the_page_loads_without_an_error_and_asks_for_nothing(page, address):
    assert page.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"].endswith("BeSent")]
    assert address in asked
    assert [url for url in asked if url != address and not url.startswith("data:")] == []


def test_a_figure_and_a_table_are_there(page):
    image = page.find_element(By.CSS_SELECTOR, "#figure_3 img")
    assert page.execute_script("return arguments[0].naturalWidth", image) > 0
    rows = open_table(page)
    assert len(rows) == 27
    assert rows[0].is_displayed()


def test_the_first_screen_of_a_desk_has_the_question_the_answer_and_all_verdicts(page):
    show(page, width=1600)
    selectors = ("h1", ".lead", "#figure_3 img", "#standings", ".strip li:last-child")
    ends = [page.find_element(By.CSS_SELECTOR, s).rect for s in selectors]
    assert max(end["y"] + end["height"] for end in ends) <= SCREEN
    assert len(page.find_elements(By.CSS_SELECTOR, "#standings tbody tr")) == 9
    assert len(page.find_elements(By.CSS_SELECTOR, ".strip a")) > 60


def test_a_verdict_leads_to_its_claim_which_opens_to_rule_and_numbers(page):
    page.find_element(By.CSS_SELECTOR, ".strip a[href='#claim-3']").click()
    claim = page.find_element(By.ID, "claim-3")
    WebDriverWait(page, WAIT).until(lambda _: claim.is_displayed())
    assert claim.text.startswith("Reproduced if: ")
    assert sum(visible(page, ".claim > div")) == 1


def test_one_variant_s_figures_are_shown_at_a_time(page):
    shown = "#subjects figure"
    assert visible(page, shown) == [True, False]
    page.find_element(By.CSS_SELECTOR, ".selector label:nth-of-type(2)").click()
    assert visible(page, shown) == [False, True]
    page.execute_script("location.hash = 'figure_4'")
    WebDriverWait(page, WAIT).until(lambda _: visible(page, shown) == [True, False])


def test_on_paper_everything_is_open_and_nothing_is_wider_than_the_page(page):
    media = {"media": "print", "features": []}
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    assert all(visible(page, "figure img, details > :not(summary), .claim > div"))
    assert not any(visible(page, "nav, .selector, .choices"))
    # Tables have pages of their own, which lie on their side.
    for width, parts in ((PAPER, "main :not(#tables *)"), (ON_ITS_SIDE, "#tables *")):
        show(page, width)
        settle(page)
        assert page.execute_script(WIDER, parts, width) == []
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    scheme(page, "light")
    assert not any(visible(page, ".claim > div"))


@pytest.mark.parametrize(("width", "name"), [(1600, "light"), (1600, "dark"), (390, "light")])
def test_axe_finds_nothing_serious(page, width, name):
    if not util.find_spec("axe_core_python") and os.environ.get("CI") != "true":
        pytest.skip("no axe here: pip install axe-core-python")
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    show(page, width)
    scheme(page, name)
    page.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    settle(page)
    page.execute_script(axe)
    found = page.execute_async_script(
        "axe.run(document, { resultTypes: ['violations'] })"
        ".then((r) => arguments[0](r.violations.map((v) => [v.impact, v.id, v.nodes[0].html])))"
    )
    assert [v for v in found if v[0] in ("serious", "critical")] == []


def test_all_trials_of_the_first_task_are_drawn(page, study):
    of_task = study[0].query("task == 'timit'")
    names = {f"{r.variant}, trial {r.trial}" for r in of_task.itertuples()}
    drawn = [point["datum"]["name"] for point in items(page, POINTS)]
    assert len(drawn) == len(of_task)
    assert set(drawn) == names


def test_the_choice_of_a_task_shows_its_trials(page):
    Select(choose(page, "choose-task", "Task")).select_by_visible_text("JSB Chorales")
    points = items(page, POINTS)
    assert len(points) == 9 * TRIALS
    assert {point["datum"]["task"] for point in points} == {"jsb"}


def test_a_variant_is_hidden_and_shown_again(page):
    box = choose(page, "choose-variants", "NOAF")
    box.click()
    variants = {point["datum"]["variant"] for point in items(page, POINTS)}
    assert len(variants) == 8
    assert "NOAF" not in variants
    box.click()
    assert len(items(page, POINTS)) == 9 * TRIALS


def test_only_the_best_trials_are_shown_when_asked_for(page):
    choose(page, "choose-task", "only the best by validation").click()
    assert len(items(page, POINTS)) == 9 * TRIALS // 10


@pytest.mark.parametrize("axis", ["hidden size", "input noise", "1 − momentum", "parameters"])
def test_the_scatter_plot_takes_every_hyperparameter(page, axis):
    before = [point["x"] for point in items(page, POINTS)]
    Select(choose(page, "choose-axis", "Against")).select_by_visible_text(axis)
    after = [point["x"] for point in items(page, POINTS)]
    assert len(after) == len(before)
    assert before != after


def test_a_click_on_a_trial_shows_its_learning_curve(page, study):
    point = lonely(items(page, POINTS))
    at(page, point).click().perform()
    datum = point["datum"]
    assert signal(page, "picked_trial") == datum["trial"]
    assert signal(page, "picked_variant") == datum["variant"]
    curve = study[1].query(
        "task == 'timit' and variant == @datum['variant'] and trial == @datum['trial']"
    )
    drawn = [item["datum"]["value"] for item in items(page, CURVE)]
    # The page keeps four digits.
    assert drawn == pytest.approx(curve["validation"].tolist(), rel=1e-3)


def test_a_click_beside_the_trials_keeps_the_learning_curve(page):
    before = len(items(page, CURVE))
    assert before > 1
    page.find_element(By.CSS_SELECTOR, "#plots canvas").click()
    assert len(items(page, CURVE)) > 1


def test_the_pointer_on_a_trial_shows_its_numbers(page):
    point = lonely(items(page, POINTS))
    at(page, point).perform()
    tooltip = WebDriverWait(page, WAIT).until(
        lambda d: d.find_element(By.CSS_SELECTOR, "#vg-tooltip-element.visible")
    )
    assert point["datum"]["name"] in tooltip.text
    assert "Learning rate" in tooltip.text


def test_a_table_is_sorted_by_its_headings_first_up_then_down(page):
    open_table(page)
    button = next(
        b
        for b in page.find_elements(By.CSS_SELECTOR, "#table-best_trials th button")
        if b.text.strip() == "Learning rate"
    )
    column = page.execute_script("return arguments[0].parentElement.cellIndex + 1", button)

    def values():
        fields = page.find_elements(By.CSS_SELECTOR, f"#table-best_trials td:nth-child({column})")
        return [float(field.get_attribute("data-value")) for field in fields]

    button.click()
    assert values() == sorted(values())
    button.click()
    assert values() == sorted(values(), reverse=True)
    head = page.execute_script("return arguments[0].parentElement", button)
    assert head.get_attribute("aria-sort") == "descending"


def test_the_keyboard_reaches_every_choice_and_works_it(page):
    wanted = {"select-one", "checkbox", "range"}
    reached = {}
    for _ in range(250):
        ActionChains(page).send_keys(Keys.TAB).perform()
        active = page.switch_to.active_element
        kind = active.get_property("type")
        if kind in wanted and kind not in reached:
            reached[kind] = active.get_attribute("name")
        if kind == "checkbox" and active.get_attribute("name") == "variant_8":
            break
    assert {"select-one", "checkbox"} <= set(reached)
    ActionChains(page).send_keys(Keys.SPACE).perform()
    assert len(items(page, POINTS)) == 8 * TRIALS
    for _ in range(10):
        ActionChains(page).send_keys(Keys.TAB).perform()
        if page.switch_to.active_element.get_property("type") == "range":
            break
    before = signal(page, "picked_trial")
    ActionChains(page).send_keys(Keys.LEFT if before else Keys.RIGHT).perform()
    assert abs(signal(page, "picked_trial") - before) == 1


def test_the_dark_scheme_turns_the_page_and_its_plots_dark(page):
    def lightness():
        colour = page.execute_script("return getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(",")) / (3 * 255)

    assert lightness() > 0.9
    assert signal(page, "dark") is False
    scheme(page, "dark")
    assert lightness() < 0.2
    assert signal(page, "dark") is True


# The narrowest is a desk's screen at 400 %, and 640 pixels are one at 200 %.
@pytest.mark.parametrize("width", [320, 390, 640, 768, 1280])
def test_nothing_is_wider_than_the_screen_of_a_phone_a_tablet_or_a_magnified_one(page, width):
    show(page, width)
    room = page.find_element(By.ID, "plots").size["width"]
    canvas = page.find_element(By.CSS_SELECTOR, "#plots canvas")
    WebDriverWait(page, WAIT).until(lambda _: 0.7 * room < canvas.size["width"] <= room)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
