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

playwright = pytest.importorskip("playwright.sync_api", reason="run `course.py test --browser`")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HTML = ROOT / "site" / "_build" / "html"
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
#: What axe looks for: the rules of WCAG up to level AA; in dark, the page differs in colours only.
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "dark": ["color-contrast", "link-in-text-block"],
}
FIND_VIOLATIONS = """async rules => {
    const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.map(v =>
        [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary].join(" | "));
}"""
SOUNDS = """() => Promise.all([...document.querySelectorAll("audio")].map(a => new Promise(done => {
    const tell = () => done(a.duration > 0.1 ? "" : a.outerHTML.slice(0, 100));
    a.readyState > 0 || a.error ? tell() : (a.onloadedmetadata = a.onerror = tell);
    a.preload = "metadata";
}))).then(all => ({players: all.length, silent: all.filter(Boolean)}))"""
WIDER = """() => document.documentElement.scrollWidth > innerWidth
    ? [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth)
        .slice(0, 3).map(e => e.outerHTML.slice(0, 100)) : []"""


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Build the pages, letting no warning pass, and serve them as ``course.py site`` does."""
    command = [sys.executable, ROOT / "site" / "build.py", "--strict", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as site:
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
