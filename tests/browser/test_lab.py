"""What a person sees in JupyterLab: each notebook is opened and run in Chromium, and looked at.

Needs ``tests/browser/requirements.txt`` and a Chromium (``SER_CHROMIUM`` may name it). Of each
notebook four sheets are left in ``work/browser``, or in the folder that ``SER_SCREENSHOTS`` names:
all of it from top to end, in two widths, light and dark. ``python course.py test --browser`` runs
it.
"""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api", reason="needs tests/browser/requirements.txt")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
CHROMIUM = os.environ.get("SER_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), ""
)
if not CHROMIUM:
    pytest.skip("needs a Chromium; SER_CHROMIUM may name it", allow_module_level=True)
PICTURES = Path(os.environ.get("SER_SCREENSHOTS") or ROOT / "work" / "browser")
TOKEN = "a-token-for-this-test"
MINUTES = 20  # for one notebook, on a very busy machine
#: What the browser may say without anything being wrong.
HARMLESS = ("favicon", "ResizeObserver", "translations", "deprecat", "lsp", "Autofill")
SCREEN = {"width": 1280, "height": 900}
WIDTHS = (1280, 800)
IN_A_ROW = 4  # screens, on a sheet
SETTINGS = {
    # Cells that are scrolled out of sight would otherwise not be there to be looked at.
    "@jupyterlab/notebook-extension/tracker": {
        "windowingMode": "none",
        "autoStartDefaultKernel": True,
    },
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

# The page's own view of the notebook that is open.
CELLS = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  return panel.content.model.sharedModel.cells.map(c => c.toJSON());
}"""
# A kernel that is still starting takes no cells.
READY = """() => {
  const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
  return context?.isReady && context.session?.kernel?.status === 'idle';
}"""
# Run all cells, or those down to the first one that holds a word.
RUN = """async until => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  const run = how => window.jupyterapp.commands.execute(`notebook:run-${how}`);
  if (!until) { run('all-cells'); return; }
  notebook.deselectAll();
  notebook.activeCellIndex = notebook.widgets.findIndex(
    w => w.model.type === 'code' && w.model.sharedModel.source.includes(until)
  );
  const at = notebook.activeCellIndex;
  await run('all-above');
  notebook.activeCellIndex = at;
  run('cell');
}"""
BUSY = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  if (!kernel || kernel.status !== 'idle') return true;
  return panel.content.widgets.some(w => w.promptNode && w.promptNode.textContent.includes('*'));
}"""
# Pictures that are empty, or of one colour only; players that have no duration.
LOOK = """async () => {
  const outputs = [...document.querySelectorAll('.jp-Notebook .jp-OutputArea')];
  const found = {pictures: 0, empty: [], players: 0, silent: []};
  for (const details of document.querySelectorAll('.jp-OutputArea details')) details.open = true;
  for (const img of outputs.flatMap(o => [...o.querySelectorAll('img')])) {
    found.pictures += 1;
    await img.decode().catch(() => {});
    const canvas = document.createElement('canvas');
    canvas.width = 60; canvas.height = 40;
    const context = canvas.getContext('2d');
    if (!img.naturalWidth) { found.empty.push(img.alt || img.src.slice(0, 60)); continue; }
    context.drawImage(img, 0, 0, 60, 40);
    const seen = new Set(new Uint32Array(context.getImageData(0, 0, 60, 40).data.buffer));
    if (seen.size < 5) found.empty.push(img.alt || img.src.slice(0, 60));
  }
  for (const audio of outputs.flatMap(o => [...o.querySelectorAll('audio')])) {
    // The recorder's own player is empty until something has been recorded.
    if (!audio.src && !audio.querySelector('source')) continue;
    found.players += 1;
    audio.load();
    await new Promise(done => {
      audio.onloadedmetadata = audio.onerror = done;
      setTimeout(done, 60000);
    });
    if (!(audio.duration > 0.1)) found.silent.push(audio.duration);
  }
  return found;
}"""
# Text whose contrast to what is behind it is below 3: hardly to be read. (The colours of code in
# prose are JupyterLab's own.)
FAINT = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(
    v => v <= 0.04 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
  ).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const parts = document.querySelectorAll(
    '.jp-Notebook .jp-OutputArea-output *, .jp-Notebook .jp-MarkdownOutput *'
  );
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...parts].filter(
    e => own(e) && e.checkVisibility() && !e.closest('svg, style, script, [disabled], pre code')
  ).filter(e => {
    const two = [numbers(getComputedStyle(e).color), behind(e)].map(light).sort((a, b) => a - b);
    return (two[1] + 0.05) / (two[0] + 0.05) < 3;
  }).map(e => `${getComputedStyle(e).color} on ${behind(e)}: ${e.textContent.trim().slice(0, 60)}`);
}"""
# Players that do not move on when they are started. A minute is for a busy machine.
STUCK = """async () => {
  const stuck = [];
  for (const audio of document.querySelectorAll('.jp-Notebook .jp-OutputArea audio')) {
    if (!audio.src && !audio.querySelector('source')) continue;
    audio.muted = true;
    const moves = new Promise((done, fail) => {
      audio.ontimeupdate = () => audio.currentTime > 0 && done();
      setTimeout(fail, 60000);
    });
    await audio.play().then(() => moves).catch(() => stuck.push(audio.outerHTML.slice(0, 100)));
    audio.pause();
    audio.muted = false;
  }
  return stuck;
}"""
# The kernel of a widget has answered: what a page shows is no longer what it was.
CHANGED = "([part, name, before]) => (name ? part[name] : part.innerText) !== before"


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


def set_settings(folder: Path, theme: str) -> None:
    for name, own in (
        *SETTINGS.items(),
        ("@jupyterlab/apputils-extension/themes", {"theme": theme}),
    ):
        file = folder / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(own))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A copy of the notebooks, since JupyterLab saves what it has run."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    return folder


@pytest.fixture(scope="module")
def lab(place) -> Iterator[str]:
    """Run `python course.py lab` on the copy; return JupyterLab's address."""
    port, settings = free_port(), place / "settings"
    set_settings(settings, "JupyterLab Light")
    environment = dict(
        os.environ,
        SER_DATA="demo",
        SER_WORK=os.environ.get("SER_WORK", str(place / "work")),
        JUPYTERLAB_SETTINGS_DIR=str(settings),
        JUPYTERLAB_WORKSPACES_DIR=str(place / "workspaces"),
        KERAS_BACKEND="torch",
        OMP_NUM_THREADS="1",
    )
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, str(ROOT / "course.py"), "lab", "--here", "--no-browser"]
    command += ["--allow-root", "--expose-app-in-browser", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={place}"]
    with (place / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=2)
                break
            assert server.poll() is None, (place / "lab.log").read_text()[-2000:]
            time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # JupyterLab is a child of course.py
        server.wait(20)


@pytest.fixture(scope="module")
def voice(tmp_path_factory) -> Path:
    """A second of a tone that rises and falls, for the microphone."""
    import soundfile

    t = np.arange(3 * 48_000) / 48_000
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    soundfile.write(
        path, 0.3 * np.sin(2 * np.pi * 220 * t) * np.sin(2 * np.pi * 2 * t) ** 2, 48_000
    )
    return path


@pytest.fixture(scope="module")
def engine() -> Iterator[sync_api.Playwright]:
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(engine, voice) -> Iterator[sync_api.Browser]:
    """Start a Chromium whose microphone hears a file."""
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    arguments += [f"--use-file-for-fake-audio-capture={voice}"]
    chromium = engine.chromium.launch(executable_path=CHROMIUM, args=arguments)
    yield chromium
    chromium.close()


@pytest.fixture
def page(browser, lab) -> Iterator[sync_api.Page]:
    PICTURES.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport=SCREEN)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.elsewhere = []  # what was asked of other hosts
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("http", "ws"))
            and urllib.parse.urlsplit(request.url).hostname != "127.0.0.1"
            and page.elsewhere.append(request.url)
        ),
    )
    page.complaints = []  # of JavaScript, with what the console calls an error
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: message.type == "error" and page.complaints.append(message.text),
    )
    yield page
    with contextlib.suppress(Exception):
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    context.close()


def open_and_run(page: sync_api.Page, lab: str, path: Path, *, until: str = "") -> list[dict]:
    """Open a notebook, run its cells, wait, and return them as JupyterLab has them then.

    ``until`` stands in the last cell to be run; without it, all are.
    """
    page.goto(f"{lab}/lab/tree/notebooks/{path.name}?reset&token={TOKEN}")
    page.wait_for_function(READY)
    page.evaluate(RUN, until)
    page.wait_for_timeout(1500)
    end = time.monotonic() + 60 * MINUTES
    quiet = 0
    while quiet < 3:  # idle three times in a row: between two cells a kernel is idle, too
        assert time.monotonic() < end, f"{path.name} was not done after {MINUTES} minutes"
        page.wait_for_timeout(700)
        quiet = 0 if page.evaluate(BUSY) else quiet + 1
    return page.evaluate(CELLS)


def wear(page: sync_api.Page, theme: str) -> None:
    """Change JupyterLab's theme, "Light" or "Dark"."""
    name = f"JupyterLab {theme}"
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
    light = "true" if theme == "Light" else "false"
    page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)
    page.wait_for_timeout(500)


def sheet(page: sync_api.Page, name: str) -> None:
    """Keep the open notebook as one picture for each width: its screens in reading order."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1600})
        page.wait_for_timeout(500)
        pane = page.locator(".jp-WindowedPanel-outer:visible")
        end, step = pane.evaluate("e => [e.firstElementChild.scrollHeight, e.clientHeight]")
        screens = []
        for top in range(0, end, step):
            pane.evaluate("(e, top) => { e.scrollTop = top }", top)
            page.wait_for_timeout(100)
            screens.append(Image.open(io.BytesIO(pane.screenshot())))
        wide, high = screens[0].size
        rows = -(-len(screens) // IN_A_ROW)
        whole = Image.new("RGB", (IN_A_ROW * wide, rows * high), "grey")
        for i, screen in enumerate(screens):
            whole.paste(screen, (i % IN_A_ROW * wide, i // IN_A_ROW * high))
        whole.save(PICTURES / f"{name}_{width}.png")
    page.set_viewport_size(SCREEN)


def complaints(page: sync_api.Page) -> list[str]:
    return [text for text in page.complaints if not any(word in text for word in HARMLESS)]


def numbered(number: str) -> Path:
    return next(path for path in NOTEBOOKS if path.name.startswith(number))


def widget_below(page: sync_api.Page, code: str) -> sync_api.Locator:
    """Find the cell whose code holds this, with its outputs."""
    cell = page.locator(".jp-CodeCell", has=page.locator(".jp-InputArea", has_text=code)).first
    cell.scroll_into_view_if_needed()
    return cell


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_a_notebook_runs_and_shows_what_it_should(page, lab, path):
    cells = open_and_run(page, lab, path)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell["outputs"]]
    assert [o for o in outputs if o["output_type"] == "error"] == []
    assert [o["text"] for o in outputs if o.get("name") == "stderr"] == []
    assert all(cell["execution_count"] for cell in code if cell["source"])
    said = json.dumps(outputs)
    stubs = sum("raise NotImplementedError" in "".join(cell["source"]) for cell in code)
    assert said.count("not written yet") >= stubs > 0  # as text, and as HTML
    found = page.evaluate(LOOK)
    assert found["empty"] == [] and found["pictures"] >= 3
    assert found["silent"] == []
    assert page.evaluate(STUCK) == []
    printed = "".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
    assert set(re.findall(r"(\d+)%\|", printed)) <= {"100"}  # progress bars have ended
    for theme in ("Dark", "Light"):
        wear(page, theme)
        assert page.evaluate(FAINT) == [], theme
        sheet(page, f"lab_{path.stem[:2]}_{theme.lower()}")
    assert complaints(page) == []
    assert page.elsewhere == []


def test_the_first_notebook_is_open_at_once(page, lab):
    page.goto(f"{lab}/?token={TOKEN}")
    page.wait_for_function(READY)
    path = page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    assert path == "notebooks/00_start_here.ipynb"


def test_another_emotion_changes_picture_and_sound(page, lab):
    open_and_run(page, lab, NOTEBOOKS[0], until="widgets.hear_and_see")
    cell = widget_below(page, "widgets.hear_and_see")
    image, sound = cell.locator("img.widget-image").first, cell.locator("audio").first
    menu = cell.locator("select").nth(2)
    seen, heard = image.get_attribute("src"), sound.evaluate("a => a.src")
    values = [o.inner_text() for o in menu.locator("option").all()]
    menu.select_option(values[-1])
    page.wait_for_function(CHANGED, arg=[image.element_handle(), "src", seen])
    page.wait_for_function(CHANGED, arg=[sound.element_handle(), "src", heard])
    page.wait_for_function("audio => audio.duration > 0.1", arg=sound.element_handle())
    assert cell.get_by_text(f"”, {values[-1]}").is_visible()


def test_the_mistakes_can_be_browsed(page, lab):
    open_and_run(page, lab, numbered("06"), until="widgets.browse_mistakes")
    cell = widget_below(page, "widgets.browse_mistakes")
    text = cell.locator(".widget-html-content").first
    before = text.inner_text()
    assert re.search(r"\(1 of \d+ such clips\)", before)
    cell.locator("input[type=number]").fill("2")
    page.keyboard.press("Tab")
    page.wait_for_function(CHANGED, arg=[text.element_handle(), "", before])
    assert "(2 of" in text.inner_text()
    same = cell.locator("select").first.evaluate("menu => menu.value")
    cell.locator("select").nth(1).select_option(same)
    cell.get_by_text("No clip was confused in this way.").wait_for()


def test_a_quiz_is_answered_by_keyboard(page, lab):
    word = 'quiz.questions("sound"'
    open_and_run(page, lab, numbered("01"), until=word)
    cell = widget_below(page, word)
    choices, told = cell.locator("input[type=radio]"), cell.locator("[role=status]").first
    choices.first.focus()
    page.keyboard.press("Space")
    assert choices.first.is_checked()
    first = told.inner_text()
    page.keyboard.press("ArrowDown")  # the next choice, not JupyterLab's next cell
    assert choices.nth(1).is_checked()
    second = told.inner_text()
    assert first != second and {first.split()[0], second.split()[0]} <= {"Yes.", "No."}
    before = len(page.evaluate(CELLS))
    page.keyboard.press("x")  # JupyterLab's key to cut a cell
    assert len(page.evaluate(CELLS)) == before


def test_the_game_is_played_to_its_end(page, lab):
    open_and_run(page, lab, numbered("08"), until="game.play(")
    cell = widget_below(page, "game.play(")
    for number in range(1, 9):
        cell.get_by_text(f"Clip {number} of 8").wait_for()
        page.wait_for_timeout(600)  # an earlier click is taken for a double one
        cell.locator("button", has_text="anger").first.click()
    cell.get_by_text(re.compile(r"You \d of 8")).wait_for()
    assert cell.locator(".ser-game audio").count() == 8
    for theme in ("Dark", "Light"):
        wear(page, theme)
        assert page.evaluate(FAINT) == [], theme
        cell.screenshot(path=PICTURES / f"lab_game_{theme.lower()}.png")
    assert complaints(page) == []


def test_an_exercise_is_answered_as_it_is_typed(page, lab):
    check = 'exercises.check("share_right", share_right)'
    open_and_run(page, lab, NOTEBOOKS[0], until=check)
    cell = widget_below(page, check)
    cell.get_by_text("not written yet").wait_for()
    for body, said in (
        ("sum(g == a for g, a in zip(guesses, answers))", "not yet"),
        ("guesses / answers", "TypeError"),
        ("sum(g == a for g, a in zip(guesses, answers)) / len(answers)", "right"),
    ):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(f"def share_right(guesses, answers):\n    return {body}\n{check}")
        page.keyboard.press("Shift+Enter")
        told = cell.locator("[role=status]", has_text=said)
        told.wait_for()
        wear(page, "Dark")
        assert page.evaluate(FAINT) == []
        told.screenshot(path=PICTURES / f"lab_{said.replace(' ', '_')}.png")


def test_the_recorder_hears_the_microphone_and_takes_a_file(page, lab, voice):
    open_and_run(page, lab, numbered("10"), until="recorder.record(")
    cell = widget_below(page, "recorder.record(")
    cell.locator("button", has_text="Record").click()
    page.wait_for_timeout(2500)
    cell.screenshot(path=PICTURES / "lab_recording.png")
    cell.locator("button", has_text="Stop").click()
    cell.get_by_text("recording").first.wait_for(timeout=20_000)
    cell.locator("table").first.wait_for(timeout=30_000)  # the bars of its answer
    cell.locator("input[type=file]").first.set_input_files(voice)
    cell.get_by_text("voice.wav").first.wait_for(timeout=20_000)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--use-fake-device-for-media-stream"], "was not allowed to use the microphone"),
        ([], "finds no microphone"),
    ],
    ids=["denied", "absent"],
)
def test_the_recorder_says_why_it_hears_nothing(engine, place, lab, flags, said):
    notebook = nbformat.v4.new_notebook()
    code = "from ser_helpers.further import recorder\nrecorder.record()"
    notebook.cells = [nbformat.v4.new_code_cell(code)]
    path = place / "notebooks" / "recorder.ipynb"
    nbformat.write(notebook, path)
    # Nobody is there to be asked, so that Chromium says no for them.
    chromium = engine.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--deny-permission-prompts", *flags]
    )
    with contextlib.closing(chromium):
        page = chromium.new_page()
        page.set_default_timeout(60_000)
        open_and_run(page, lab, path)
        page.locator("button", has_text="Record").click()
        page.get_by_text(said).wait_for(timeout=20_000)
        page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
