"""What is exported for nbgrader is taken by nbgrader, from the assignment to the feedback.

Needs ``requirements-nbgrader.txt``. That files are never replaced unasked is tested without it.
"""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import export
import forms
import nbformat
import pytest
from conftest import ROOT

NBGRADER = importlib.util.find_spec("nbgrader")
STEM = "02_mfccs"
MAX_BY_TEST, MAX_BY_HAND = 10, 10
needs_nbgrader = pytest.mark.skipif(NBGRADER is None, reason="requirements-nbgrader.txt")


def nbgrader(course, *arguments: str) -> str:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = dict(os.environ, SER_DATA="demo", PYTHONPATH=str(ROOT), PATH=programs)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbgrader course")
    assert export.main(["--nbgrader", str(folder), "--only", "02"]) == 0
    return folder


def test_the_source_has_marked_solutions_hidden_tests_and_all_points(course):
    for source in forms.sources():
        notebook = export.for_nbgrader(source)
        tasks = forms.tasks_of(source.stem)["task"]
        graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
        assert [c.metadata.nbgrader.points for c in graded] == [t["points"] for t in tasks]
        for cell, task in zip(graded, tasks, strict=True):
            hidden = "BEGIN HIDDEN TESTS" in cell.source
            assert hidden == (task["kind"] == "function")
            assert cell.metadata.nbgrader.grade_id.endswith(task["id"].replace(".", "-"))
            assert hidden or cell.source.count("### BEGIN SOLUTION") == 1
        text = "\n".join(cell.source for cell in notebook.cells)
        assert text.count("BEGIN SOLUTION") == text.count("END SOLUTION") == len(tasks)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                compile(cell.source, source.stem, "exec")


@needs_nbgrader
def test_generate_collect_autograde_feedback_and_export(course, tmp_path):
    nbgrader(course, "generate_assignment", STEM)
    release = nbformat.read(course / "release" / STEM / f"{STEM}.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in release.cells)
    assert "HIDDEN" not in text and "SOLUTION" not in text and "seed=" not in text
    assert text.count("raise NotImplementedError") == 3  # two functions and a figure
    assert text.count("*Write your answer here.*") == 2

    handed_in = course / "downloaded" / STEM / "archive"
    solved = forms.for_teachers(forms.SOURCES / f"{STEM}.py")
    answers = {c.source.split("(")[0]: c.source for c in solved.cells if c.cell_type == "code"}
    for student in ("Anna Meier", "Bob"):
        for cell in release.cells:
            name = cell.source.split("(")[0]
            wrong = student == "Bob" and name == "def centre_of_gravity"
            if name in answers and name.startswith("def ") and not wrong:
                cell.source = answers[name]
            elif wrong:
                cell.source = "def centre_of_gravity(power, hertz):\n    return hertz @ power"
        folder = handed_in / f"{student}_4711_assignsubmission_file_"
        folder.mkdir(parents=True)
        nbformat.write(release, folder / f"{STEM}.ipynb")

    nbgrader(course, "zip_collect", STEM)
    nbgrader(course, "autograde", STEM)
    nbgrader(course, "generate_feedback", STEM)
    nbgrader(course, "export", "--to", str(tmp_path / "grades.csv"))
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["raw_score"]) for row in csv.DictReader(file)}
    assert scores == {"Anna Meier": MAX_BY_TEST, "Bob": MAX_BY_TEST - 5}
    pages = {p.parent.parent.name: p for p in course.glob(f"feedback/*/{STEM}/*.html")}
    assert set(pages) == set(scores)
    assert "What makes it a *mean*?" in pages["Bob"].read_text(encoding="utf-8")


def test_without_nbgrader_students_get_exercises_and_teachers_solutions(tmp_path, capsys):
    assert export.main([str(tmp_path / "class"), "--only", "03"]) == 0
    assert sorted(
        p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()
    ) == [
        "class/for_students/03_split.ipynb",
        "class/for_students/museum.ipynb",
        "class/for_students/record_your_class.ipynb",
        "class/for_teachers/03_split.ipynb",
    ]
    mine = tmp_path / "class" / "for_students" / "03_split.ipynb"
    mine.write_text("changed by me")
    assert export.main([str(tmp_path / "class")]) == 1
    assert mine.read_text() == "changed by me"
    assert "for_students/03_split.ipynb" in capsys.readouterr().out
    assert not (tmp_path / "class" / "for_teachers" / "02_mfccs.ipynb").exists()


@pytest.mark.parametrize(("answer", "replaced"), [("y", True), ("", False), ("n", False)])
def test_who_is_there_is_asked(tmp_path, monkeypatch, answer, replaced):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    mine = tmp_path / "for_students" / "03_split.ipynb"
    mine.parent.mkdir()
    mine.write_text("changed by me")
    assert export.main([str(tmp_path), "--only", "03"]) == (0 if replaced else 1)
    assert (mine.read_text() != "changed by me") == replaced


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit, match=r"cannot be written .*: choose another folder"):
        export.main([str(tmp_path / "file"), "--only", "03"])
    assert (tmp_path / "file").read_text() == "mine"


def test_a_notebook_that_is_not_there_and_a_folder_that_is_missing_are_told(tmp_path, capsys):
    with pytest.raises(SystemExit):
        export.main([str(tmp_path), "--only", "08"])
    assert "no such notebook: 08. There are 01, 02" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        export.main([])
    assert "name a folder" in capsys.readouterr().err
