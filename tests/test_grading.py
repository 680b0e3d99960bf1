"""A class of thirty hands in: each gets the grade it should, whatever the others did."""

import ast
import base64
import dataclasses
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from conftest import ROOT
from grading import gradebook, kernel, notebooks, pages, sandbox, submissions, wire
from grading.likeness import alike
from grading.marking import Examiner
from grading.needed import needed_for
from grading.run import Graded, Settings, grade
from grading.sandbox import Limits, Room
from grading.submissions import find_submissions
from grading.tasks import Task, read_sheet, read_sheets

from ser_helpers import exercises, files
from ser_helpers.errors import DataError
from ser_helpers.exercises.comparing import difference

TASKS = """
title = "MFCCs"
notebook = "02_mfccs"

[[task]]
id = "02.1"
kind = "function"
name = "frame_signal"
points = 4

[[task]]
id = "02.2"
kind = "function"
name = "one_row"
points = 3

[[task]]
id = "02.3"
kind = "text"
points = 2
rubric = ["1 point: the mean", "1 point: the spread"]

[[task]]
id = "02.4"
kind = "figure"
points = 2
rubric = ["2 points: axes with units"]
"""
SPLITTING = """
title = "Splitting"
notebook = "03_split"
[[task]]
id = "03.1"
kind = "function"
name = "deal_people"
points = 5
"""
IMPORTS = """%matplotlib inline
import numpy as np
import pandas as pd
!ls
from ser_helpers import exercises"""
FRAMES = '''
def frame_signal(y, frame_length, hop_length):
    """Cut."""
    n = 1 + (len(y) - frame_length) // hop_length
    return np.stack([y[i * hop_length : i * hop_length + frame_length] for i in range(n)], axis=1)
'''
ROW = "def one_row(mfccs):\n    return np.r_[mfccs.mean(axis=1), mfccs.std(axis=1)]"
STUB = "def frame_signal(y, frame_length, hop_length):\n    raise NotImplementedError"
ROW_STUB = "def one_row(mfccs):\n    raise NotImplementedError('write it')"
CHECK = 'exercises.check("frame_signal", frame_signal)'
ANSWER = "**Answer 02.3**\n\nThe <b>mean</b> says where, & the sd how far."
FIGURE = "# Figure 02.4\nplt.plot([1])"
DEAL = """
def deal_people(actors, n_folds, rng):
    people = rng.permutation(actors.unique())
    return actors.map(dict(zip(people, np.arange(len(people)) % n_folds)))
"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def notebook(*cells: str, picture: bool = True, bare: bool = False) -> bytes:
    """Write a notebook; a cell that begins with ``**`` is text."""
    made = []
    for i, source in enumerate(cells):
        cell = {"cell_type": "markdown" if source.startswith("**") else "code", "source": source}
        if not bare:
            cell |= {"id": f"c{i}", "metadata": {"tags": ["x"]}, "source": source.splitlines(True)}
        if cell["cell_type"] == "code":
            shown = [{"output_type": "display_data", "data": {"image/png": PIXEL}}]
            cell["outputs"] = shown if picture and source.startswith("# Figure") else []
        made.append(cell)
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5}).encode()


def with_frames(code: str) -> bytes:
    """Write a notebook in which all is right but one function."""
    return notebook(IMPORTS, code, CHECK, ROW, ANSWER, FIGURE)


def body(code: str, *, before: str = "") -> bytes:
    """Do the same, given the function's body."""
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    return with_frames(f"{before}\ndef frame_signal(y, frame_length, hop_length):\n{lines}\n")


RIGHT = with_frames(FRAMES)
#: Of each student: what is handed in, and the points of 02.1 and 02.2.
CLASS: dict[str, tuple[bytes, float, float]] = {
    "all right": (RIGHT, 4, 3),
    "untouched": (notebook(IMPORTS, STUB, CHECK, ROW_STUB, "**Answer 02.3**\n\n"), 0, 0),
    "frames as rows": (body("return FRAMES(y, frame_length, hop_length).T",
                            before=FRAMES.replace("def frame_signal", "def FRAMES")), 0, 3),
    "one too few": (body("return FRAMES(y, frame_length, hop_length)[:, :-1]",
                         before=FRAMES.replace("def frame_signal", "def FRAMES")), 0, 3),
    "an edge missed": (body("if len(y) == frame_length:\n    return None\n"
                            "return FRAMES(y, frame_length, hop_length)",
                            before=FRAMES.replace("def frame_signal", "def FRAMES")), 2, 3),
    "endless loop": (body("while True:\n    pass"), 0, 3),
    "fork bomb": (body("import os\nwhile True:\n    os.fork()"), 0, 3),
    "hidden fork bomb": (body(
        "import os, _posixsubprocess as p, sys\nloop = b'while true; do (sleep 9.37 &) ; done'\n"
        "while True:\n"
        "    p.fork_exec([b'/bin/sh', b'-c', loop], [b'/bin/sh'], True, (), None, None, -1, -1,"
        " -1, -1, -1, -1, *os.pipe(), False, False, *((-1,) if sys.version_info < (3, 14) else ()),"
        " None, None, None, -1, None, *((True,) if sys.version_info < (3, 14) else ()))"), 0, 3),
    "memory bomb": (body("keep = []\nwhile True:\n    keep.append(np.zeros(100_000_000))"), 0, 3),
    "test cell deleted": (notebook(IMPORTS, FRAMES, ROW, ANSWER, FIGURE), 4, 3),
    "test cell copied": (notebook(IMPORTS, FRAMES, CHECK, CHECK, ROW, CHECK, ANSWER, ANSWER), 4, 3),
    "stub copied below": (notebook(IMPORTS, FRAMES, CHECK, ROW, STUB, CHECK), 4, 3),
    "another order": (notebook(ANSWER, ROW, CHECK, FRAMES.replace("1 +", "ONE +"), "ONE = 1",
                               IMPORTS), 4, 3),
    "syntax error": (notebook(IMPORTS, FRAMES.replace("):", ")"), CHECK, ROW, ANSWER), 0, 3),
    "no JSON": (b"<html>you are not logged in</html>", 0, 0),
    "metadata stripped": (notebook(IMPORTS, FRAMES, ROW, ANSWER, FIGURE, bare=True), 4, 3),
    "changes its input": (notebook(IMPORTS, FRAMES, "def one_row(mfccs):\n"
                                   "    answer = np.r_[mfccs.mean(axis=1), mfccs.std(axis=1)]\n"
                                   "    mfccs -= 1\n    return answer"), 4, 1.5),
    "values pasted": (b"", 0, 3),  # made below, from what the check in the notebook shows
    "Windows line ends": (RIGHT.replace(b"\\n", b"\\r\\n"), 4, 3),
    "Jörg  Müller-Lüdenscheidt": (RIGHT.replace(b"sd how", b"spread how"), 4, 3),
    "imports the reference": (body("from ser_helpers.exercises import mfccs\n"
                                   "return mfccs.frame_signal(y, frame_length, hop_length)"), 0, 3),
    "finds the reference": (body('return exercises.find("frame_signal").reference(\n'
                                 "    y, frame_length, hop_length)"), 0, 3),
    "a million lines": (body("print('line\\n' * 80_000)\n"
                             "return FRAMES(y, frame_length, hop_length)",
                             before=FRAMES.replace("def frame_signal", "def FRAMES")), 4, 3),
    "sys.exit": (body("import sys\nsys.exit()"), 0, 3),
    "os._exit": (body("import os\nos._exit(0)"), 0, 3),
    "patches the check": (body("exercises.check = lambda *a, **k: True\n"
                               "return FRAMES(y, frame_length, hop_length)[:, :-1]",
                               before=FRAMES.replace("def frame_signal", "def FRAMES")), 0, 3),
    "patches numpy": (body("np.allclose = np.isclose = lambda *a, **k: True\nreturn y"), 0, 3),
    "a cell that raises": (notebook("1 / 0", IMPORTS, "open_corpus('nowhere')", FRAMES, ROW), 4, 3),
    "no network, no files": (body(
        "import socket, pathlib\nfor trick in (\n"
        "    lambda: socket.create_connection(('127.0.0.1', 80)),\n"
        "    lambda: pathlib.Path.home().joinpath('x.txt').write_text('x'),\n"
        f"    lambda: open({str(ROOT / 'course.py')!r}),\n"
        "):\n    try:\n        trick()\n        return 'it worked'\n"
        "    except PermissionError:\n        pass\nreturn FRAMES(y, frame_length, hop_length)",
        before=FRAMES.replace("def frame_signal", "def FRAMES")), 4, 3),
    "a class, not a function": (with_frames("frame_signal = 5"), 0, 3),
}  # fmt: skip


def pasted_values() -> bytes:
    """Return a notebook that knows the answers to the visible inputs, and nothing else."""
    exercise = exercises.find("frame_signal")
    inputs = [tuple(given) for given in exercise.inputs(np.random.default_rng(0))]
    known = {len(y): exercise.reference(y, n, hop).tolist() for y, n, hop in inputs}
    return body(f"return np.array({known!r}[len(y)])")


@pytest.fixture(scope="module")
def settings(tmp_path_factory) -> Settings:
    tasks = tmp_path_factory.mktemp("tasks")
    (tasks / "02.toml").write_text(TASKS)
    (tasks / "03.toml").write_text(SPLITTING)
    handed_out = tmp_path_factory.mktemp("exercises")
    (handed_out / "02_mfccs.ipynb").write_bytes(CLASS["untouched"][0])
    return Settings(tasks, handed_out, seconds=3, memory=1 << 30, workers=2)


@pytest.fixture(scope="module")
def graded(tmp_path_factory, settings) -> tuple[Path, Graded]:
    """Grade the class once; every test looks at what came of it."""
    folder = tmp_path_factory.mktemp("class") / "handed in"
    for name, (content, *_) in CLASS.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "02_mfccs.ipynb").write_bytes(content or pasted_values())
    out = folder.with_name("graded")
    return out, grade(folder, out, settings, say=lambda line: None)


def points_of(graded: Graded, name: str) -> list[float | None]:
    (student,) = [s for s in graded.students if s.name == name]
    return [entry.points for entry in student.entries]


def test_a_class_of_thirty_is_graded_and_nothing_of_it_goes_on(graded):
    assert len(CLASS) == len(graded[1].students) == graded[1].tried == 30
    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert ["sleep", "9.37"] not in running


@pytest.mark.parametrize("name", CLASS)
def test_each_gets_the_points_expected(graded, name):
    if name == "hidden fork bomb" and sys.platform == "win32":
        pytest.skip("it is written for other systems")
    assert points_of(graded[1], name)[:2] == list(CLASS[name][1:]), page(graded[0], name)


def page(out: Path, name: str) -> str:
    return (out / "feedback" / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("untouched", "It is not written yet"),
        ("frames as rows", "Time is to run sideways"),
        ("one too few", "A frame is missing at the end"),
        ("an edge missed", "The ordinary cases are right: half of the points"),
        ("endless loop", "does a loop never end"),
        ("fork bomb", "no other program can be started"),
        ("memory bomb", "MemoryError"),
        ("syntax error", "Python cannot read cell 2"),
        ("no JSON", "this is no notebook"),
        ("changes its input", "<code>mfccs</code> is changed on the way"),
        ("imports the reference", "the right solutions stand there"),
        ("finds the reference", "the right solutions stand there"),
        ("sys.exit", "SystemExit"),
        ("os._exit", "it ends Python itself"),
        ("patches numpy", "<code>numpy.allclose</code>"),
        ("a class, not a function", "is no function"),
    ],
)
def test_the_feedback_says_what_was_wrong(graded, name, says):
    assert says in page(graded[0], name)


def test_what_students_wrote_cannot_run_in_a_page(graded):
    hand = (graded[0] / "by_hand" / "02.3.html").read_text(encoding="utf-8")
    assert "The &lt;b&gt;mean&lt;/b&gt; says where, &amp;" in hand and "<b>mean" not in hand
    assert "default-src 'none'" in hand
    figures = (graded[0] / "by_hand" / "02.4.html").read_text(encoding="utf-8")
    assert f"data:image/png;base64,{PIXEL}" in figures


def test_the_report_shows_the_class(graded):
    report = (graded[0] / "report.html").read_text(encoding="utf-8")
    assert "Notebooks that nearly coincide" not in report  # what all wrote is no sign
    assert re.search(r"2 ×</td>\s*<td>A frame is missing at the end", report)
    assert "uses <code>os._exit</code>" in report
    assert "uses <code>ser_helpers.exercises import mfccs</code>" in report


def test_grades_csv_opens_in_a_spreadsheet(graded):
    content = (graded[0] / "grades.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\r\n") == 31
    header, *lines = content.decode("utf-8-sig").splitlines()
    assert header == (
        "student,id,02.1 frame_signal /4,02.2 one_row /3,02.3 /2,02.4 /2,total /11,comment,remark"
    )
    assert "all right,,4,3,,,7,," in lines
    assert "Jörg  Müller-Lüdenscheidt,,4,3,,,7,," in lines


# --- regrading -----------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path, settings):
    """Two students, graded; grading again takes the settings given."""
    for name, frames in (("Ada", FRAMES), ("Ben", STUB)):
        path = tmp_path / "in" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(with_frames(frames))
    out = tmp_path / "out"

    def again() -> Graded:
        return grade(tmp_path / "in", out, settings, say=lambda line: None)

    again()
    return tmp_path, again


def edit(path: Path, old: str, new: str, encoding: str = "utf-8-sig") -> None:
    text = path.read_bytes().decode("utf-8-sig")
    assert old in text
    path.write_bytes(text.replace(old, new).encode(encoding))


def test_what_a_teacher_typed_is_kept_and_added_up(small):
    folder, again = small
    table = folder / "out" / "grades.csv"
    edit(table, "Ada,,4,3,,,7,,", "Ada,,4,3,2,1.5,7,Well done!,")
    edit(table, "Ben,,0,3,,,3,,", "Ben,,1,3,0,,3,,")  # a point for trying
    for _ in range(2):  # and once more, when the grader itself has written them
        graded = again()
        assert graded.tried == 0
        assert points_of(graded, "Ada") == [4, 3, 2, 1.5]
        assert points_of(graded, "Ben") == [1, 3, 0, None]
    assert "Ada,,4,3,2,1.5,10.5,Well done!," in table.read_text(encoding="utf-8-sig")
    assert "Well done!" in page(folder / "out", "Ada")
    assert "still to be graded" in page(folder / "out", "Ben")
    (folder / "in" / "Ben.ipynb").write_bytes(RIGHT)  # handed in anew: the teacher's point stays
    graded = again()
    assert graded.tried == 1 and points_of(graded, "Ben")[0] == 1
    edit(table, "Ben,,1,3,0", "Ben,,,3,0")  # emptied: the grader's counts again
    assert points_of(again(), "Ben")[0] == 4


def test_a_table_that_excel_saved_in_german_is_read_and_written_like_that(small):
    folder, again = small
    table = folder / "out" / "grades.csv"
    text = (
        table.read_text(encoding="utf-8-sig")
        .replace(",", ";")
        .replace("Ada;;4;3;;", "Ada;;4;3;1,5;")
    )
    text = text.replace("remark", "remark;Gruppe").replace(
        "Ada;;4;3;1,5;;7;;", "Ada;;4;3;1,5;;7;;;A–ö"
    )
    table.write_bytes(text.encode("cp1252"))
    again()
    after = table.read_text(encoding="utf-8-sig")
    assert "Ada;;4;3;1,5;;8,5;;;A–ö" in after and "Gruppe" in after
    assert (folder / "out" / "grades-before.csv").read_bytes() == text.encode("cp1252")


def test_a_table_can_begin_as_german_spreadsheets_want_it(tmp_path, settings):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Ada.ipynb").write_bytes(CLASS["changes its input"][0])
    quiet = dataclasses.replace(settings, delimiter=";")
    grade(tmp_path / "in", tmp_path / "out", quiet, say=lambda line: None)
    assert "Ada;;4;1,5;0;0;5,5;" in (tmp_path / "out" / "grades.csv").read_text("utf-8-sig")


def test_a_line_of_somebody_who_handed_in_nothing_stays(small):
    folder, again = small
    (folder / "in" / "Ada.ipynb").unlink()
    edit(folder / "out" / "grades.csv", "Ada,,4,3,,,7", "Ada,,4,3,2,,9")
    again()
    assert "Ada,,4,3,2,,9" in (folder / "out" / "grades.csv").read_text(encoding="utf-8-sig")


def test_without_the_graders_memory_nothing_typed_is_lost(small):
    folder, again = small
    (folder / "out" / "grading.json").write_text("{damaged")
    edit(folder / "out" / "grades.csv", "Ben,,0,3", "Ben,,2,3")
    assert points_of(again(), "Ben")[0] == 2


def test_a_table_that_is_open_elsewhere_loses_nothing(small, monkeypatch):
    folder, again = small
    before = (folder / "out" / "grades.csv").read_bytes()
    (folder / "in" / "Ben.ipynb").write_bytes(RIGHT)

    def fails(path, content, replace=files.replace_file):
        if path.suffix == ".csv":
            raise PermissionError(13, "Permission denied")
        replace(path, content)

    with monkeypatch.context() as patched, pytest.raises(DataError, match="close it"):
        patched.setattr(files, "replace_file", fails)
        again()
    assert (folder / "out" / "grades.csv").read_bytes() == before
    graded = again()
    assert graded.tried == graded.typed == 0 and points_of(graded, "Ben")[0] == 4


def test_what_the_grader_itself_could_not_do_costs_nobody_and_is_tried_again(small, monkeypatch):
    folder, again = small
    (folder / "in" / "Ben.ipynb").write_bytes(RIGHT)
    with monkeypatch.context() as patched:
        patched.setattr(Room, "_one_process", lambda *_: iter(()))
        graded = again()
        assert points_of(graded, "Ben")[:2] == [None, None]
        assert points_of(graded, "Ada")[:2] == [4, 3]
    assert points_of(again(), "Ben")[:2] == [4, 3]


def test_points_that_cannot_be_are_named_and_a_corrected_name_is_found_by_its_number(small):
    folder, again = small
    edit(folder / "out" / "grades.csv", "Ada,,4,3,,,7", "Ada,,40,3,01. Mai,,7")
    assert again().warnings == (
        "Ada, 02.1: 40 points, and the task has 4",
        "Ada, 02.3: '01. Mai' is no number of points",
    )
    row = {"student": "Ada King", "id": "007", "02.1 x /4": "2"}
    line = gradebook.Line("Ada", "7", {"02.1": 4})
    (merged,) = gradebook.merge(
        gradebook.Table([], [row]), [line], [Task("02.1", "function", 4, "x")], {}
    )
    assert merged.cells["02.1 x /4"] == "2"


def test_results_are_not_put_among_the_submissions(small, settings):
    folder, _ = small
    with pytest.raises(DataError, match="among the submissions"):
        grade(folder / "in", folder / "in" / "graded", settings)


def test_a_table_without_its_column_is_not_overwritten(small):
    folder, again = small
    (folder / "out" / "grades.csv").write_text("name,points\nAda,4\n")
    with pytest.raises(DataError, match="no column 'student'"):
        again()
    assert (folder / "out" / "grades.csv").read_text() == "name,points\nAda,4\n"


# --- one function --------------------------------------------------------------------------------


def solutions() -> dict[str, tuple[str, ...]]:
    """Read one right solution of each exercise, as the cells of a notebook."""
    found = {}
    for topic in exercises.TOPICS:
        text = (ROOT / "tests" / "right_solutions" / f"{topic}.py").read_text(encoding="utf-8")
        parts = tuple(ast.unparse(node) for node in ast.parse(text).body)
        for exercise in exercises.of_topic(topic):
            name = re.findall(rf"^(?:def|class) ({exercise.name}__\w+)", text, re.M)[-1]
            found[exercise.name] = (*parts, f"{exercise.name} = {name}")
    return found


def test_a_right_solution_of_every_exercise_gets_all_points():
    works, examiners = [], {}
    for i, (name, cells) in enumerate(solutions().items()):
        examiner = Examiner(Task(f"00.{i}", "function", 1, name), seed=5, seconds=20)
        code = [notebooks.read_code(cell, number=k) for k, cell in enumerate(cells)]
        examiners[f"00.{i}"] = examiner
        works.append(examiner.work(needed_for(name, code)))
    outcomes = Room(Limits()).examine(works)
    marks = {e.task.name: e.mark(outcomes[i]) for i, e in examiners.items()}
    assert {name: mark.told for name, mark in marks.items() if mark.state != "right"} == {}


def test_on_systems_without_fork_it_is_the_same(tmp_path, settings, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    Path("pickle.py").write_text("open('ran', 'w')")  # a name that Python itself looks for
    (tmp_path / "in" / "Eve.ipynb").write_bytes(CLASS["os._exit"][0])
    spawning = Settings(settings.tasks, settings.handed_out, seconds=3, method="spawn")
    graded = grade(tmp_path / "in", tmp_path / "out", spawning, say=lambda line: None)
    assert points_of(graded, "Eve")[:2] == [0, 3]
    assert not Path("ran").exists()


def cells_of(*sources: str) -> list[notebooks.Cell]:
    return [notebooks.read_code(source, number=i) for i, source in enumerate(sources)]


def needs(*sources: str, given: tuple = ()) -> list[str]:
    return [ast.unparse(s.node) for s in needed_for("f", cells_of(*sources), cells_of(*given))]


def test_only_what_a_function_needs_is_run():
    assert needs("import a\nimport b", "table = slow()", "def f(table):\n    return b(table)") == [
        "import b",
        "def f(table):\n    return b(table)",
    ]
    assert needs("N = {}", "N['a'] = 1", "print(N)", "def g(x):\n    return N", "f = g") == [
        "N = {}", "N['a'] = 1", "def g(x):\n    return N", "f = g",
    ]  # fmt: skip
    assert (
        needs("def f():\n    return np", given=("import numpy as np",))[0] == "import numpy as np"
    )
    assert needed_for("f", cells_of("def g(): pass")) is None


def test_lines_that_are_not_python_are_left_out():
    assert needs("%%time\n!pip install x\nx?\ndef f():\n    %time\n    return 5 \\\n % 2")
    assert notebooks.read_code("%%bash\nls -l").body == ()
    assert "line 1" in notebooks.read_code("def f(:").error


# --- submissions ---------------------------------------------------------------------------------


def test_folders_files_and_the_zips_of_platforms_are_understood(tmp_path):
    moodle = tmp_path / "moodle.zip"
    with zipfile.ZipFile(moodle, "w") as archive:
        archive.writestr("Müller Jörg_123_assignsubmission_file_/02_mfccs.ipynb", RIGHT)
        archive.writestr("Lee Ann_124_assignsubmission_file_02_mfccs.ipynb", RIGHT)
        archive.writestr("Lee Ann_125_assignsubmission_file_/02.ipynb", RIGHT)  # another Ann Lee
        archive.writestr("__MACOSX/x/._02.ipynb", b"x")
        archive.writestr("Void Vic_126_assignsubmission_file_/notes.docx", b"x")
    found = find_submissions(moodle)
    assert [(s.student, s.platform_id, [n for n, _ in s.notebooks]) for s in found] == [
        ("Lee Ann", "124", ["02_mfccs.ipynb"]),
        ("Lee Ann", "125", ["02.ipynb"]),
        ("Müller Jörg", "123", ["02_mfccs.ipynb"]),
        ("Void Vic", "126", []),
    ]
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "class 3.zip").write_bytes(moodle.read_bytes())
    assert find_submissions(tmp_path / "downloads") == found
    canvas = tmp_path / "canvas"
    canvas.mkdir()
    for name in ("leeann_LATE_7_81_02_mfccs.ipynb", "leeann_7_82_03_split.ipynb",
                 "leeann_7_83_02_mfccs-1.ipynb"):  # fmt: skip
        (canvas / name).write_bytes(RIGHT)
    (canvas / "zoe_8_90_all.zip").write_bytes(moodle.read_bytes()[:60])  # damaged
    lee, zoe = find_submissions(canvas)
    assert lee.student == "leeann" and zoe.problems
    assert [n for n, _ in lee.notebooks] == [
        "02_mfccs.ipynb", "02_mfccs-1.ipynb", "03_split.ipynb",
    ]  # fmt: skip
    with pytest.raises(DataError, match="no notebook"):
        find_submissions(tmp_path / "canvas" / "zoe_8_90_all.zip")


def packed(*entries: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def test_what_one_student_packed_cannot_fill_the_memory_or_lie_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "_LARGEST_ZIP", 2_000_000)
    bomb = packed(*[(f"{i}.ipynb", b" " * 900_000) for i in range(50)])
    deep = packed(("a.zip", packed(("b.zip", packed(("c.zip", packed(("02.ipynb", RIGHT))))))))
    for name, content in {
        "bomb": packed(*[(f"{i}.zip", bomb) for i in range(50)]),
        "deep": deep,
        "up": packed(("../../elsewhere/02_mfccs.ipynb", RIGHT)),
    }.items():
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "all.zip").write_bytes(content)
    found = {s.student: s for s in find_submissions(tmp_path / "in")}
    assert sum(len(content) for _, content in found["bomb"].notebooks) < 3_000_000
    assert "more than 2 MB" in found["bomb"].problems[0]
    assert "opened two deep" in found["deep"].problems[0]
    assert [len(found["up"].notebooks), *tmp_path.iterdir()] == [1, tmp_path / "in"]


def test_what_is_no_notebook_is_named_and_what_a_browser_renamed_is_read(tmp_path):
    for name, file, content in (
        ("Ada", "02_mfccs.ipynb.txt", RIGHT),
        ("Ben", "answers.docx", b"PK"),
        ("Cem", "02_mfccs.ipynb", b""),
        ("Dan", "02_mfccs.ipynb", RIGHT[: len(RIGHT) // 2]),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_bytes(content)
    ada, ben, cem, dan = find_submissions(tmp_path)
    assert [name for name, _ in ada.notebooks] == ["02_mfccs.ipynb"] and not ada.problems
    assert "answers.docx" in ben.problems[0]
    assert "the file is empty" in notebooks.read_notebook(*cem.notebooks[0]).problem
    assert "broke off" in notebooks.read_notebook(*dan.notebooks[0]).problem


def test_feedback_goes_back_by_the_names_that_platforms_understand(tmp_path, settings):
    for platform, names, wanted in (
        ("moodle", ["Lee Ann_12_assignsubmission_file/02_mfccs.ipynb",
                    "Li_13_assignsubmission_file_02_mfccs.ipynb"],
         ["Lee Ann_12_assignsubmission_file/feedback.html",
          "Li_13_assignsubmission_file/feedback.html"]),
        ("canvas", ["leeann_LATE_12_80_02_mfccs.ipynb", "anon_Xy1z_81_02_mfccs.ipynb"],
         ["anon_Xy1z_81_feedback.html", "leeann_LATE_12_80_feedback.html"]),
    ):  # fmt: skip
        (tmp_path / f"{platform}.zip").write_bytes(packed(*[(n, notebook(ANSWER)) for n in names]))
        out = tmp_path / platform
        grade(tmp_path / f"{platform}.zip", out, settings, say=lambda line: None)
        with zipfile.ZipFile(out / pages.FOR_THE_PLATFORM) as archive:
            assert archive.namelist() == wanted
            assert b"still to be graded" in archive.read(wanted[0])


def test_work_that_is_not_found_by_its_name_is_pointed_out(tmp_path, settings):
    (tmp_path / "in").mkdir()
    code = FRAMES.replace("def frame_signal", "def frames_signal")
    text = ANSWER.replace("Answer", "Antwort")
    (tmp_path / "in" / "Ada.ipynb").write_bytes(notebook(IMPORTS, code, ROW, text))
    (ada,) = grade(tmp_path / "in", tmp_path / "out", settings, say=lambda line: None).students
    assert any("`frames_signal` is meant to be `frame_signal`" in line for line in ada.remarks)
    assert "keep the name of the function" in page(tmp_path / "out", "Ada")


def test_text_that_is_made_to_last_is_read_at_once():
    cells = [
        "** " + " " * 300_000,
        "**" + "#" * 300_000,
        *(f"a{i} = a{i - 1}" for i in range(5000)),
    ]
    read = notebooks.read_notebook("x", notebook(*cells, "def f():\n    return a4999"))
    assert len(needed_for("f", read.cells)) == 5001 and not read.answers


def test_two_notebooks_of_a_student_are_graded_together(tmp_path, settings):
    (tmp_path / "in" / "Ada").mkdir(parents=True)
    (tmp_path / "in" / "Ada" / "02_mfccs.ipynb").write_bytes(RIGHT)
    (tmp_path / "in" / "Ada" / "Untitled (1).ipynb").write_bytes(notebook(IMPORTS, DEAL))
    graded = grade(tmp_path / "in", tmp_path / "out", settings, say=lambda line: None)
    assert points_of(graded, "Ada") == [4, 3, None, None, 5]


def test_notebooks_that_nearly_coincide_are_found():
    rng = np.random.default_rng(0)
    words = lambda n: " ".join(rng.choice(list("abcdefghijklmnop"), n))  # noqa: E731
    given, own = words(300), words(200)
    texts = {"a": [given, own], "b": [given, own + " so"], "c": [given, words(200)], "d": [given]}
    (pair,) = alike(texts, [given])
    assert (pair.one, pair.other) == ("a", "b") and pair.share > 0.9
    assert pair.passages == ((own, own + " so"),)  # not what was handed out


def test_each_module_imports_only_those_before_it():
    import grading

    order = re.findall(r"\w+", grading.__doc__.partition("::")[2].partition("A notebook")[0])
    for place, name in enumerate(order):
        tree = ast.parse((Path(grading.__file__).parent / f"{name}.py").read_text("utf-8"))
        nodes = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module]
        used = {a.name for n in nodes if n.module == "grading" for a in n.names}
        used |= {n.module.partition(".")[2] for n in nodes if n.module.startswith("grading.")}
        assert used <= set(order[:place]), name


# --- what comes from a student's process ---------------------------------------------------------


@pytest.mark.parametrize("name", [e.name for t in exercises.TOPICS for e in exercises.of_topic(t)])
def test_the_answers_of_every_exercise_come_through(name):
    exercise = exercises.find(name)
    trial_inputs = next(iter(exercise.inputs(np.random.default_rng(3))))
    answer = exercise.observe(exercise.reference, *trial_inputs)
    assert difference(answer, wire.unpack(wire.pack(answer)), rtol=0, atol=0) is None


def test_what_is_no_plain_value_equals_nothing_and_runs_nothing():
    class Sly:
        def __eq__(self, other):
            return True

        def __repr__(self):
            raise RuntimeError

    assert repr(wire.unpack(wire.pack(Sly()))) == "a Sly"
    assert wire.unpack(wire.pack(np.empty((3000, 3000)))).shape == (3000, 3000)
    with pytest.raises(ValueError):
        wire.unpack(b"\x80\x04\x95")
    pickled = {"array": base64.b64encode(b"x").decode(), "dtype": "|O", "shape": [1]}
    with pytest.raises(ValueError):
        wire.unpack(json.dumps(pickled).encode())


def test_a_formula_as_a_name_is_text(tmp_path):
    task = Task("02.1", "function", 4, "rms")
    line = gradebook.Line("=1+1", "", {"02.1": 4})
    found = gradebook.Table([], [])
    rows = gradebook.merge(found, [line], [task], {})
    gradebook.write_table(tmp_path / "g.csv", found, rows, [task])
    assert b"\n'=1+1,,4,4" in (tmp_path / "g.csv").read_bytes()
    assert gradebook.read_table(tmp_path / "g.csv").rows[0]["student"] == "=1+1"


def test_files_of_students_can_be_written_anywhere():
    names = pages.file_names(["con", "a/../b", "A:..:B", "ü" * 300])
    assert len({name.casefold() for name in names.values()}) == 4
    assert not any(re.search(r'[\\/:*?"<>|]', name) for name in names.values())


# --- the tasks of the course ---------------------------------------------------------------------

SHEETS = sorted((ROOT / "classroom" / "tasks").glob("*.toml"))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_the_tasks_are_exercises_of_the_course(path):
    sheet = read_sheet(path)
    assert sheet.notebook.startswith(sheet.number)
    for task in sheet.tasks:
        assert task.id.startswith(f"{sheet.number}.")
        if task.kind == "function":
            assert exercises.find(task.name)


def test_ids_are_unique_and_what_is_missing_is_named(tmp_path):
    if SHEETS:
        assert read_sheets(SHEETS[0].parent)
    (tmp_path / "02.toml").write_text(TASKS)
    (tmp_path / "03.toml").write_text(TASKS)
    with pytest.raises(DataError, match=r"02\.1.* stands there twice"):
        read_sheets(tmp_path)
    (tmp_path / "02.toml").write_text(TASKS.replace("points = 4", "points = 0"))
    with pytest.raises(DataError, match=r"task 02\.1: 0 points"):
        read_sheets(tmp_path, ["02"])
    (tmp_path / "02.toml").write_text(TASKS.replace('notebook = "02_mfccs"', ""))
    with pytest.raises(DataError, match="the line 'notebook' is missing"):
        read_sheets(tmp_path, ["02"])


HELD = """
import os, sys
sys.path.insert(0, sys.argv[1])
from grading import guard
kept, other = os.pipe()
guard.close_all_but(kept)
os.fstat(kept)
os.fstat(1)
try:
    os.fstat(other)
except OSError:
    print("closed")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="files are not inherited there")
def test_a_students_process_holds_no_pipe_of_the_grader():
    done = subprocess.run(
        [sys.executable, "-c", HELD, str(ROOT / "classroom")], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("closed", "")


REFUSED = """
import os, socket, sys, threading
sys.path.insert(0, sys.argv[1])
import numpy as np
from _posixsubprocess import fork_exec
from grading import kernel

held = kernel.refuse_all_but_computing()
def start_another():
    fork_exec([b"/bin/true"], [b"/bin/true"], True, (), None, None, -1, -1, -1, -1, -1, -1,
              *os.pipe(), False, False, *((-1,) if sys.version_info < (3, 14) else ()), None, None,
              None, -1, None, *((True,) if sys.version_info < (3, 14) else ()))

for attempt in (
    os.fork,
    start_another,
    lambda: os.execv("/bin/true", ["true"]),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
    lambda: os.kill(os.getppid(), 0),
    lambda: socket.create_connection(("127.0.0.1", 9)),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
):
    try:
        attempt()
    except PermissionError:
        continue
    except OSError as error:
        print(error)
    else:
        print("it worked")
done = []
thread = threading.Thread(target=lambda: done.append(np.ones((300, 300)) @ np.ones((300, 300))))
thread.start()
thread.join()
print(held, len(done))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such a filter")
def test_linux_itself_refuses_what_is_no_computation():
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, str(ROOT / "classroom")], capture_output=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == (["True", "1"], "")


def test_where_linux_cannot_refuse_nothing_is_changed(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert kernel.refuse_all_but_computing() is False


def test_a_process_that_has_taken_over_a_number_is_left_alone():
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        held = sandbox.known(innocent.pid)
        earlier = psutil.Process(innocent.pid)  # one that had the number before, and is over
        earlier._create_time = earlier.create_time() - 5
        earlier._ident = (earlier.pid, earlier._create_time)
        sandbox.end_all(earlier)
        assert innocent.poll() is None and held.status() != psutil.STATUS_STOPPED
        sandbox.end_all(held)
        assert innocent.wait(10) != 0
    finally:
        innocent.kill()
    sandbox.end_all(held)  # it is over: nothing is done
    assert sandbox.known(None) is None and sandbox.tree_of(None) == []
