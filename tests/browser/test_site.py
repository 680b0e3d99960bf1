"""The web pages in a real browser: nothing from elsewhere, everybody can use them, links lead on.

Each page is visited once, in light, in dark and on a narrow screen; the tests look at what was
found. Skipped where Playwright or a Chromium is missing; axe-core comes by npm.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from conftest import REPOSITORY

playwright = pytest.importorskip("playwright.sync_api", reason="run `course.py test --browser`")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
HTML = ROOT / "site" / "_build" / "html"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
#: What axe looks for: the rules of WCAG up to level AA; in dark, the page differs in colours only.
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],
}
#: Text of its background's colour is "incomplete" for axe: it may be hidden on purpose. Not here.
FIND_VIOLATIONS = """async rules => {
    const resultTypes = ["violations", "incomplete"];
    const found = await axe.run(document, {runOnly: rules, resultTypes});
    const invisible = node => node.any.some(check => check.data?.messageKey === "equalRatio");
    const doubts = found.incomplete.map(one => ({...one, nodes: one.nodes.filter(invisible)}));
    return [...found.violations, ...doubts.filter(({nodes}) => nodes.length)].map(
        ({id, nodes: [first, ...more]}) =>
            [id, 1 + more.length, first.html.slice(0, 200), first.failureSummary].join(" | "));
}"""
SOUNDS = """() => Promise.all([...document.querySelectorAll("audio")].map(a => new Promise(done => {
    const tell = () => done(a.duration > 0.1 ? "" : a.outerHTML.slice(0, 100));
    a.readyState > 0 || a.error ? tell() : (a.onloadedmetadata = a.onerror = tell);
    a.preload = "metadata";
}))).then(all => ({players: all.length, silent: all.filter(Boolean)}))"""
QUIZZES = """() => {
    const all = [...document.querySelectorAll("main fieldset")];
    const mute = all.filter(one => one.querySelectorAll("input[type=radio]").length < 2);
    return {quizzes: all.length, mute: mute.map(one => one.outerHTML.slice(0, 100))};
}"""
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [`${document.documentElement.scrollWidth} pixels`, ...[...document.querySelectorAll("main *")]
        .filter(part => part.getBoundingClientRect().right > innerWidth && !part.closest("pre"))
        .slice(0, 3).map(part => part.outerHTML.slice(0, 100))]"""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Build the pages, letting no warning pass, and serve them as ``course.py site`` does."""
    command = [sys.executable, ROOT / "site" / "build.py", "--strict", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as site:
        lines = []
        for line in site.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            pytest.fail("".join(lines))
        yield found.group()
        site.send_signal(signal.SIGINT)
        assert "stopped" in site.stdout.read()


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists() and shutil.which("npm"):
        subprocess.run(["npm", "ci", "--prefix", HERE], check=False, capture_output=True)
    if not AXE.exists():
        pytest.skip("axe-core is missing, and npm could not bring it")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    if not CHROMIUM:
        pytest.skip("there is no Chromium here")
    sandbox = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, address) -> Iterator[object]:
    opened = browser.new_page(base_url=address)
    yield opened
    opened.close()


def pages() -> list[str]:
    paths = (path.relative_to(HTML) for path in HTML.rglob("*.html"))
    return sorted(path.as_posix() for path in paths if path.parts[0] != "_static")


@pytest.fixture(scope="session")
def visits(address, browser, axe) -> dict[str, dict]:
    """Visit every page; say of each what was asked for, complained about, heard and too wide."""
    found = {}
    opened = browser.new_page(base_url=address, reduced_motion="reduce")
    asked, complaints = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    for name in pages():
        asked.clear()
        complaints.clear()
        opened.set_viewport_size({"width": 1280, "height": 900})
        opened.goto(name, wait_until="load")
        sounds = opened.evaluate(SOUNDS)
        opened.evaluate(axe)
        violations = {}
        for scheme, rules in RULES.items():
            opened.evaluate("scheme => { document.documentElement.dataset.theme = scheme }", scheme)
            violations[scheme] = opened.evaluate(FIND_VIOLATIONS, rules)
        opened.set_viewport_size({"width": 360, "height": 780})
        found[name] = {
            "elsewhere": [a for a in asked if not a.startswith((address, "data:", "blob:"))],
            "complaints": list(complaints),
            "violations": {scheme: each for scheme, each in violations.items() if each},
            "too wide": opened.evaluate(WIDER),
            **sounds,
            **opened.evaluate(QUIZZES),
        }
    opened.close()
    return found


def those_with(visits: dict[str, dict], what: str) -> dict[str, object]:
    return {name: visit[what] for name, visit in visits.items() if visit[what]}


def test_no_page_asks_another_host_for_anything(visits):
    assert those_with(visits, "elsewhere") == {}


def test_no_page_complains(visits):
    assert those_with(visits, "complaints") == {}


def test_everybody_can_use_every_page_in_light_and_dark(visits):
    assert those_with(visits, "violations") == {}


def test_every_page_fits_a_narrow_screen(visits):
    assert those_with(visits, "too wide") == {}


def test_every_player_has_a_sound(visits):
    assert those_with(visits, "silent") == {}
    assert visits["index.html"]["players"] == 3
    assert visits["notebooks/00_start_here.html"]["players"] > 3


def test_every_quiz_has_buttons(visits):
    assert those_with(visits, "mute") == {}
    notebooks = {path.stem: visits[f"notebooks/{path.stem}.html"] for path in NOTEBOOKS}
    assert all(visit["quizzes"] >= 3 for visit in notebooks.values())


def test_a_quiz_answers_to_the_keyboard_and_says_so_aloud(page):
    page.goto("index.html")
    page.locator("fieldset input").first.focus()
    page.keyboard.press("ArrowDown")
    told = page.get_by_role("status")
    assert told.inner_text().startswith("Yes. Loud")
    page.keyboard.press("ArrowDown")
    assert told.inner_text().startswith("No. This one is happy")


def test_a_solution_is_folded_until_it_is_asked_for(page):
    page.goto("notebooks/02_extract_mfccs.html")
    fold = page.locator("main details", has=page.locator("summary", has_text="Solution")).first
    assert not fold.locator("pre").first.is_visible()
    fold.locator("summary").first.click()
    assert fold.locator("pre").first.is_visible()


def test_every_figure_and_sketch_says_what_it_shows(address):
    bare = {}
    for path in sorted(HTML.glob("notebooks/*.html")):
        article = path.read_text(encoding="utf-8").partition("<article")[2].partition("</article")
        pictures = re.findall(r"<img\b[^>]*>", article[0])
        assert len(pictures) > 3
        bare[path.name] = [p[:99] for p in pictures if not re.search(r'alt="[^"]{20,}"', p)]
    assert not any(bare.values()), bare


def test_a_formula_is_drawn_without_a_script(page):
    page.goto("notebooks/04_build_the_model.html")
    box = page.locator("math").first.bounding_box()
    assert box["width"] > 150
    assert box["height"] > 30
    assert page.evaluate("typeof MathJax") == "undefined"


def test_the_search_finds_a_word_and_leads_to_its_page(page):
    page.goto("search.html?q=softmax")
    first = page.locator("ul.search li a").first
    first.wait_for()
    first.click()
    assert "softmax" in page.locator("main").inner_text().lower()


def test_dark_mode_can_be_chosen_and_stays(page):
    page.emulate_media(color_scheme="light")
    page.goto("index.html")
    page.get_by_role("button", name="Color mode").click()
    page.locator("[data-mode=dark]:visible").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.goto("docs/glossary.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_can_be_opened_elsewhere_and_downloaded_as_it_is(page, path):
    page.goto(f"notebooks/{path.stem}.html")
    ways = page.locator("p.ways-in a")
    addresses = [way.get_attribute("href") for way in ways.all()]
    source = path.read_text(encoding="utf-8")
    assert len(addresses) == 3
    assert all(address in source for address in addresses[:2])
    with page.expect_download() as downloaded:
        ways.last.click()
    assert downloaded.value.path().read_bytes() == path.read_bytes()


class Anchors(HTMLParser):
    """Collect what a page links to, and what in it can be linked to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        self.links |= {given[key] for key in ("href", "src") if given.get(key)}


def test_every_link_within_the_site_and_to_the_repository_leads_somewhere(address):
    read = {name: Anchors((HTML / name).read_text(encoding="utf-8")) for name in pages()}
    ours = re.escape(REPOSITORY)
    repository = re.compile(ours + r"/(?:blob|tree)/main/([^#?]+)")
    dead = []
    for name, anchors in read.items():
        for link in anchors.links:
            target, part = urldefrag(urljoin(name, link))
            if found := repository.match(link):
                there = (ROOT / found[1]).exists()
            elif urlsplit(target).scheme:
                continue
            else:
                target = unquote(urlsplit(target).path)
                there = (HTML / target).exists()
                if there and part and target in read:
                    there = unquote(part) in read[target].ids
            if not there:
                dead.append(f"{name}: {link}")
    assert not dead


def test_every_module_and_every_notebook_has_its_page(address):
    built = {Path(name).stem for name in pages()}
    assert {path.stem for path in NOTEBOOKS} <= built
    modules = {path.stem for path in (ROOT / "ser_helpers").glob("[a-z]*.py")}
    assert modules <= built
    assert ">>> " in (HTML / "reference" / "quiz.html").read_text(encoding="utf-8").replace(
        "&gt;", ">"
    )
