"""What a person sees in JupyterLab: each notebook is opened and run in Chromium, and looked at.

Needs ``tests/browser/requirements.txt`` and a Chromium (``SER_CHROMIUM`` may name it). Screenshots
are left in ``work/browser``, or in the folder that ``SER_SCREENSHOTS`` names: two widths, light and
dark. ``python course.py test --browser`` runs it.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs tests/browser/requirements.txt")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
CHROMIUM = os.environ.get("SER_CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
if not CHROMIUM:
    pytest.skip("needs a Chromium; SER_CHROMIUM may name it", allow_module_level=True)
PICTURES = Path(os.environ.get("SER_SCREENSHOTS") or ROOT / "work" / "browser")
TOKEN = "a-token-for-this-test"
MINUTES = 10  # for one notebook, on a busy machine
#: What the browser may say without anything being wrong.
HARMLESS = ("favicon", "ResizeObserver", "translations", "deprecat", "lsp", "Autofill")
#: Without a network the badges at the top are not there; nothing else may ask another host.
BADGES = ("ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED")
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
      setTimeout(done, 10000);
    });
    if (!(audio.duration > 0.1)) found.silent.push(audio.duration);
  }
  return found;
}"""
PLAYS = """async () => {
  const audio = document.querySelector('.jp-OutputArea audio');
  audio.muted = true;
  await audio.play();
  await new Promise(done => setTimeout(done, 600));
  const at = audio.currentTime;
  audio.pause();
  return at;
}"""


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
    """Start JupyterLab as `python course.py lab` does; return its address."""
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
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--LabApp.news_url=None", "--expose-app-in-browser", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={place}"]
    with (place / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=place, stdout=log, stderr=log)
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
        server.terminate()
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
def browser(voice) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        arguments += [f"--use-file-for-fake-audio-capture={voice}"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, lab) -> Iterator[sync_api.Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
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


def open_and_run(page: sync_api.Page, lab: str, path: Path) -> list[dict]:
    """Open a notebook, run all its cells, wait, and return them as JupyterLab has them then."""
    page.goto(f"{lab}/lab/tree/notebooks/{path.name}?reset&token={TOKEN}")
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1500)
    end = time.monotonic() + 60 * MINUTES
    quiet = 0
    while quiet < 3:  # idle three times in a row: between two cells a kernel is idle, too
        assert time.monotonic() < end, f"{path.name} was not done after {MINUTES} minutes"
        page.wait_for_timeout(700)
        quiet = 0 if page.evaluate(BUSY) else quiet + 1
    return page.evaluate(CELLS)


def picture(page: sync_api.Page, name: str) -> None:
    """Keep screenshots of what is open, at two widths."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURES / f"{name}_{width}.png")
    page.set_viewport_size({"width": 1280, "height": 900})


def complaints(page: sync_api.Page) -> list[str]:
    said = [text for text in page.complaints if not any(word in text for word in HARMLESS)]
    missing = [text for text in said if any(word in text for word in BADGES)]
    assert len(missing) <= 2, missing
    return [text for text in said if text not in missing]


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
    if found["players"]:
        assert page.evaluate(PLAYS) > 0.1
    unfinished = page.locator(".jp-OutputArea .progress-bar, .jp-OutputArea progress")
    assert unfinished.count() == 0 or "100%" in said
    assert complaints(page) == []
    page.evaluate("() => document.querySelector('.jp-Notebook').scrollTo(0, 0)")
    picture(page, f"lab_{path.stem[:2]}")


def test_another_emotion_changes_picture_and_sound(page, lab):
    open_and_run(page, lab, NOTEBOOKS[0])
    cell = widget_below(page, "widgets.hear_and_see")
    image, menu = cell.locator("img.widget-image").first, cell.locator("select").nth(2)
    before = image.get_attribute("src")
    values = [o.inner_text() for o in menu.locator("option").all()]
    menu.select_option(values[-1])
    page.wait_for_function("([i, b]) => i.src !== b", arg=[image.element_handle(), before])
    assert cell.locator("audio").first.evaluate("a => a.duration || 1") > 0


def test_a_quiz_is_answered_by_keyboard(page, lab):
    page.goto(f"{lab}/lab/tree/notebooks/{NOTEBOOKS[0].name}?reset&token={TOKEN}")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    quiz = page.locator(".jp-OutputArea input[type=radio]")
    quiz.first.wait_for(state="attached", timeout=60_000 * MINUTES)
    page.wait_for_timeout(2000)
    quiz.first.focus()
    page.keyboard.press("Space")
    assert quiz.first.is_checked()
    reason = page.locator(".jp-OutputArea", has=quiz.first).first
    assert "Yes." in reason.inner_text() or "No." in reason.inner_text()
    page.keyboard.press("ArrowDown")
    assert quiz.nth(1).is_checked()


def test_the_game_counts_an_answer(page, lab):
    open_and_run(page, lab, next(p for p in NOTEBOOKS if p.name.startswith("08")))
    cell = page.locator(".jp-CodeCell", has=page.locator("button", has_text="anger")).first
    cell.scroll_into_view_if_needed()
    text = cell.inner_text()
    cell.locator("button", has_text="anger").first.click()
    page.wait_for_timeout(1500)
    assert cell.inner_text() != text


def test_the_recorder_hears_the_microphone_and_says_when_it_may_not(page, lab, voice):
    open_and_run(page, lab, next(p for p in NOTEBOOKS if p.name.startswith("10")))
    cell = widget_below(page, "recorder.record(")
    cell.locator("button", has_text="Record").click()
    page.wait_for_timeout(2500)
    picture(page, "lab_recording")
    cell.locator("button", has_text="Stop").click()
    cell.get_by_text("recording").first.wait_for(timeout=20_000)
    cell.locator("table").first.wait_for(timeout=30_000)  # the bars of its answer
    cell.locator("input[type=file]").first.set_input_files(voice)
    cell.get_by_text("voice.wav").first.wait_for(timeout=20_000)
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    cell.locator("button", has_text="Record").click()
    cell.get_by_text("was not allowed to use the microphone").wait_for(timeout=10_000)
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => "
        "{ throw new DOMException('no', 'NotFoundError'); }; }"
    )
    cell.locator("button", has_text="Record").click()
    cell.get_by_text("finds no microphone").wait_for(timeout=10_000)


def test_it_can_be_read_in_the_dark(page, lab, place):
    set_settings(place / "settings", "JupyterLab Dark")
    try:
        open_and_run(page, lab, NOTEBOOKS[0])
        page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
        note = widget_below(page, "share_right")
        picture(page, "lab_dark_exercise")
        seen = note.locator(".jp-OutputArea").first.evaluate(
            "o => { const e = [...o.querySelectorAll('*')].find(e => e.children.length === 0 "
            "&& e.textContent.includes('not written')) || o; const c = getComputedStyle(e).color; "
            "return c.match(/\\\\d+/g).slice(0, 3).map(Number); }"
        )
        assert max(seen) > 140, "dark letters on a dark page"
        widget_below(page, "quiz.questions")
        picture(page, "lab_dark_quiz")
    finally:
        set_settings(place / "settings", "JupyterLab Light")
