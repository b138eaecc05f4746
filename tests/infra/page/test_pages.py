"""The pages in a real browser: drawn, legible in light, dark and on a phone, alone, and with the right numbers."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from cost import PriceCatalog, machines
from cost.comparison import compare, crossings
from cost.comparison.plans import AlwaysOn, Autoscaled, Lambda, Serverless
from infra import Environment, Stack
from infra.bill import bill as make_bill
from infra.comparison import question
from infra.comparison.statement import Statement
from infra.errors import ToolchainError
from infra.page import bill, comparison, library
from tests.browser import find
from tests.browser.tab import Tab, browsing
from tests.infra.conftest import function, realtime

CATALOG = PriceCatalog.load()
BROWSER = find()
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no headless Chromium: python -m tests.browser.fetch brings Debian's"
)
LOOKS = {"light": {}, "dark": {"dark": True}, "phone": {"width": 390, "height": 844}}
DRAWN = "document.querySelectorAll('.chart').length === document.querySelectorAll('.chart.drawn').length"
CONTRAST = """(() => {
  const of = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(c => c / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = getComputedStyle(at).backgroundColor;
      if (found !== 'rgba(0, 0, 0, 0)') return found;
    }
    return 'rgb(255, 255, 255)';
  };
  const ratio = (one, other) => {
    const [low, high] = [of(one), of(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const html = [...document.querySelectorAll('h1,h2,p,dt,dd,th,td,li,summary')]
    .filter(one => one.textContent.trim())
    .map(one => ratio(getComputedStyle(one).color, behind(one)));
  const svg = [...document.querySelectorAll('.chart text')]
    .filter(one => one.textContent.trim())
    .map(one => ratio(getComputedStyle(one).fill, behind(one.closest('.chart'))));
  return Math.min(...html, ...svg);
})()"""


@pytest.fixture(scope="module")
def script() -> str:
    return library.javascript()


@pytest.fixture(scope="module")
def statement() -> Statement:
    numbers = {"requests": 1_000_000, "p99_ms": 500, "p50_ms": 200, "measured_p99_ms": 260, "memory_mb": 900}
    asked = question.Asked(
        region="us-east-1", traffic="constant", **{name: Decimal(value) for name, value in numbers.items()}
    )
    made = question.of_options(asked)
    machine = machines()["m5.large"]
    plans = [AlwaysOn(machine), Autoscaled(machine), Lambda(1769), Lambda(3008), Serverless(2048)]
    compared = compare(made.demand, made.profile, CATALOG, plans)
    best = [row.plan for row in compared.best if row.usd is not None]
    return Statement(made, compared, tuple(crossings(best, made.demand, made.profile, CATALOG)))


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    if BROWSER is None:
        pytest.skip("no headless Chromium")
    with browsing(BROWSER, tmp_path_factory.mktemp("browser")) as made:
        yield made


@pytest.fixture(scope="module")
def compared(statement, script, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("page") / "compare.html"
    file.write_text(comparison.page(statement, CATALOG).html(script))
    return file


@pytest.fixture(scope="module")
def billed(script, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bill")
    usage = {"rank-small": {"requests_per_month": 5_000_000, "duration_ms": 200}}
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", usage=usage)
    priced = make_bill(Stack("shop", environment, [realtime(), function()], base=folder), CATALOG)
    file = folder / "bill.html"
    file.write_text(bill.page(priced, None).html(script))
    return file


def look(tab: Tab, file: Path, look: str, pictures: Path) -> None:
    tab.open(file, **LOOKS[look])
    tab.until(DRAWN)
    picture = pictures / f"{file.stem}-{look}.png"
    tab.screenshot(picture)
    assert picture.stat().st_size > 20_000


@needs_browser
@pytest.mark.parametrize("kind", ["compared", "billed"])
@pytest.mark.parametrize("name", LOOKS)
def test_a_page_is_drawn_and_legible_and_asks_nothing_of_a_network(tab, kind, name, request, tmp_path):
    file = request.getfixturevalue(kind)
    look(tab, file, name, tmp_path)
    assert tab.said == []
    assert {url for url in tab.asked if not url.startswith("data:")} == {file.resolve().as_uri()}
    marks = tab.value(
        "[...document.querySelectorAll('.chart svg')].map(one => one.querySelectorAll('path,text').length)"
    )
    assert marks and min(marks) > 5
    assert tab.value("document.documentElement.scrollWidth") <= tab.value("innerWidth")
    assert tab.value(CONTRAST) >= 4.5


@needs_browser
def test_what_is_not_expected_of_all_is_at_least_that_in_its_tile(tab, billed, tmp_path):
    look(tab, billed, "light", tmp_path)
    assert "expected" in tab.value("document.body.innerText")
    assert "at least " in tab.value("document.querySelector('.tiles').textContent")


@needs_browser
def test_light_and_dark_are_not_the_same(tab, compared, tmp_path):
    seen = []
    for name in ("light", "dark"):
        look(tab, compared, name, tmp_path)
        seen.append(tab.value("getComputedStyle(document.body).backgroundColor"))
    assert len(set(seen)) == 2


@needs_browser
def test_the_numbers_of_the_page_are_those_of_the_comparison(tab, compared, statement, tmp_path):
    look(tab, compared, "light", tmp_path)
    rows = tab.value(
        "[...document.querySelectorAll('tbody tr')].map(row => [...row.children].map(cell => cell.textContent))"
    )
    assert [tuple(row) for row in rows] == [tuple(row) for row in statement.rows(False)]
    assert tab.value("document.querySelector('.verdict').textContent") == statement.sentence
    held = json.loads(tab.value("document.getElementById('data').textContent"))
    assert held == json.loads(json.dumps(statement.to_json(), default=str))
    # Each break-even is marked in the chart with its number, and told below it.
    assert statement.crossings
    numbers = tab.value("[...document.querySelectorAll('#requests text')].map(one => one.textContent)")
    told = tab.value("[...document.querySelectorAll('#requests + ol li')].map(one => one.textContent)")
    assert told == statement.break_evens[: len(told)]
    assert {str(at) for at in range(1, len(told) + 1)} <= set(numbers)
    assert "1,000,000 now" in numbers


def test_without_the_library_there_is_one_line():
    with pytest.raises(
        ToolchainError, match="vl-convert-python is not installed; run: python -m pip install"
    ):
        library.javascript(lambda: False)


def test_what_a_page_holds_cannot_end_its_script(statement, script):
    text = comparison.page(statement, CATALOG).html(script)
    assert text.count("</script>") == 3
