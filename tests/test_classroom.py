"""The class's notebooks: made from their sources, whole as a release, right as a solution."""

import ast
import functools
import re

import forms
import matplotlib
import nbformat
import pandas as pd
import pytest
from conftest import ROOT
from notebook_code import prose

from ser_helpers import data, exercises, features, quiz, train
from ser_helpers.data import open_corpus
from ser_helpers.features import extract
from ser_helpers.further import museum
from ser_helpers.train import TrainSettings

SOURCES = forms.sources()
KINDS = {"function", "text", "figure"}
TASK = re.compile(r"^## Task (\d\d\.\d) · (\d+) points$", re.MULTILINE)
MUSEUM = ROOT / "classroom" / "museum.ipynb"
each = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


def stored(folder, source):
    return nbformat.read(folder / f"{source.stem}.ipynb", as_version=4)


def texts(notebook) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def code(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@functools.cache
def demo() -> data.Corpus:
    return open_corpus("demo")


@functools.cache
def table_of(clips: tuple[str, ...]) -> pd.DataFrame:
    return extract(demo().clips.loc[list(clips)], progress=False)


def execute(cells: list[str], monkeypatch) -> dict:
    """Run code cells one after the other, as Jupyter does, but in this process.

    The corpus is opened once for all notebooks; and how long a network is trained, no check sees.
    """
    matplotlib.use("Agg")
    monkeypatch.setattr(data, "open_corpus", lambda *_: demo())
    monkeypatch.setattr(features, "extract", lambda clips, **_: table_of(tuple(clips.index)).copy())
    monkeypatch.setattr(train, "TrainSettings", lambda **_: TrainSettings(max_epochs=2))
    namespace = {"__name__": "notebook", "display": lambda *_: None}
    for cell in cells:
        exec(compile(ast.parse(cell), "cell", "exec"), namespace)
    return namespace


def verdicts(cells: list[str], monkeypatch) -> dict[str, str]:
    """Run code cells and note what each check says."""
    states, check = {}, exercises.check

    def noting(name, function, **options):
        verdict = check(name, function, **options)
        states[name] = verdict.state
        return verdict

    monkeypatch.setattr(exercises, "check", noting)
    execute(cells, monkeypatch)
    return states


def test_there_is_one_for_each_notebook_that_a_class_works_on():
    numbers = [source.stem[:2] for source in SOURCES]
    assert numbers == ["01", "02", "03", "04", "05", "06", "07", "09", "13", "14"]
    for folder in (forms.EXERCISES, forms.SOLUTIONS):
        assert sorted(p.stem for p in folder.iterdir()) == [source.stem for source in SOURCES]


@each
def test_the_release_is_what_the_source_gives(source):
    assert stored(forms.EXERCISES, source) == forms.for_students(source), "tools/notebooks.py"


@each
def test_the_solution_is_what_the_source_gives_and_was_run(source):
    kept = stored(forms.SOLUTIONS, source)
    assert texts(kept) == texts(forms.for_teachers(source)), "tools/notebooks.py classroom"
    cells = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    for output in (o for cell in cells for o in cell.outputs):
        assert output.output_type != "error" and output.get("name") != "stderr"
        if "image/png" in output.get("data", {}):
            assert len(output.metadata["image/png"]["alt"]) > 30


@each
def test_tasks_are_stated_alike_in_the_notebook_and_for_the_grader(source):
    sheet, notebook = forms.tasks_of(source.stem), forms.for_students(source)
    tasks, number = sheet["task"], source.stem[:2]
    assert sheet["notebook"] == source.stem
    assert notebook.cells[0].source.startswith(f"# Class {number} · {sheet['title']}\n")
    assert [t["id"] for t in tasks] == [f"{number}.{i + 1}" for i in range(len(tasks))]
    assert TASK.findall(prose(notebook.cells)) == [(t["id"], str(t["points"])) for t in tasks]
    assert 4 <= len(tasks) <= 6 and {t["kind"] for t in tasks} == KINDS
    total = sum(t["points"] for t in tasks)
    assert f"· {total} points ·" in notebook.cells[0].source
    if number != "14":
        assert f" {sheet['minutes']} minutes " in notebook.cells[0].source
        assert 45 <= sheet["minutes"] <= 60
    kinds = {kind: [t["id"] for t in tasks if t["kind"] == kind] for kind in KINDS}
    assert forms.ANSWER.findall(prose(notebook.cells)) == kinds["text"]
    assert forms.FIGURE.findall("\n".join(code(notebook))) == kinds["figure"]
    names = [t["name"] for t in tasks if t["kind"] == "function"]
    assert forms.CHECK.findall("\n".join(code(notebook))) == names
    for task in tasks:
        if task["kind"] != "function":
            points = [
                float(p) for line in task["rubric"] for p in re.findall(r"^(\d+) point", line)
            ]
            assert sum(points) == task["points"], task["id"]


@each
def test_two_tasks_at_least_are_solved_nowhere_in_the_course(source):
    solved = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "notebooks").glob("*.ipynb"))
    names = [t["name"] for t in forms.tasks_of(source.stem)["task"] if t["kind"] == "function"]
    assert len([name for name in names if f"def {name}(" not in solved]) >= 2


@each
def test_students_get_no_solution(source):
    release = "\n".join(text for _, text in texts(forms.for_students(source)))
    assert forms.MARK not in release and forms.MARK_IN_PROSE not in release
    for cell in code(forms.for_students(source)):
        if forms.CHECK.search(cell):
            (function,) = (s for s in ast.parse(cell).body if isinstance(s, ast.FunctionDef))
            assert [type(s) for s in function.body] == [ast.Expr, ast.Raise]
    answers = [c.source for c in forms.for_students(source).cells if forms.ANSWER.match(c.source)]
    assert all(answer.endswith(forms.STUB_IN_PROSE) for answer in answers)


@each
def test_the_release_runs_to_its_end_and_nothing_is_written_yet(source, monkeypatch):
    states = verdicts(code(stored(forms.EXERCISES, source)), monkeypatch)
    assert states and set(states.values()) == {"not written"}


@each
def test_the_solution_passes_every_check(source, monkeypatch):
    states = verdicts(code(stored(forms.SOLUTIONS, source)), monkeypatch)
    names = [t["name"] for t in forms.tasks_of(source.stem)["task"] if t["kind"] == "function"]
    assert states == dict.fromkeys(names, "right")


def test_the_teachers_notes_give_each_notebooks_minutes_and_points():
    notes = (ROOT / "classroom" / "README.md").read_text(encoding="utf-8")
    for source in SOURCES:
        sheet = forms.tasks_of(source.stem)
        points = {True: 0, False: 0}
        for task in sheet["task"]:
            points[task["kind"] == "function"] += task["points"]
        row = f"| {sheet['minutes']} | {points[True]} + {points[False]} |"
        (line,) = (x for x in notes.splitlines() if f"(exercises/{source.stem}.ipynb)" in x)
        assert line.endswith(row), row
    for link in re.findall(r"\]\(([^)#]+)", notes):
        if not link.startswith("https://") and link != "GRADING.md":
            assert (ROOT / "classroom" / link).exists(), link


def test_a_marked_block_ends_where_its_indentation_does():
    source = "def f(x):\n    # solution\n    if x:\n        y = 1\n\n    return y\n\n\ncheck(f)"
    assert forms.without_solution(source) == f"def f(x):\n    {forms.STUB}\n\n\ncheck(f)"
    source = "a = 1\n# solution\na = 2\nb = 3\n\nshow(a)"
    assert forms.without_solution(source) == f"a = 1\n{forms.STUB_AT_THE_MARGIN}\n\nshow(a)"


# --- the museum ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rooms():
    return nbformat.read(MUSEUM, as_version=4)


def test_the_museum_is_what_its_source_gives_and_has_twelve_pieces(rooms):
    source = forms.read(forms.SOURCES / "museum.py", file="classroom/museum.ipynb")
    assert texts(rooms) == texts(source), "tools/notebooks.py classroom museum"
    cells = "\n".join(code(rooms))
    assert re.findall(r'museum\.check\("(\w+)"', cells) == list(museum.PIECES)
    assert re.findall(r'quiz\.questions\("museum", "(\w+)"\)', cells) == list(museum.PIECES)
    assert [question.name for question in quiz.load("museum")] == list(museum.PIECES)
    assert len(museum.PIECES) == 12
    wanted = re.findall(r"\*\*Repaired: (.+)\.\*\*", prose(rooms.cells))
    assert wanted == [piece.wanted for piece in museum.PIECES.values()]


def test_broken_pieces_miss_and_repaired_ones_reach_the_stated_number(rooms, monkeypatch):
    states, check = {}, museum.check

    def noting(name, program):
        states[name] = check(name, program).state

    monkeypatch.setattr(museum, "check", noting)
    cells = [cell for cell in code(rooms) if "google.colab" not in cell]
    namespace = execute(cells, monkeypatch)
    assert states == dict.fromkeys(museum.PIECES, "not written")
    printed = "".join(
        output.text
        for cell in rooms.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    for name in museum.PIECES:
        broken = namespace["BrokenNetwork" if name == "Network" else f"{name}_broken"]
        assert check(name, broken).state == "wrong", name
        assert museum.PIECES[name].what in printed
    blocks = re.findall(r"```python\n(.*?)```", prose(rooms.cells), re.DOTALL)
    assert len(blocks) == len(museum.PIECES)
    for block in blocks:
        exec(block, namespace)
    for name in museum.PIECES:
        verdict = check(name, namespace[name])
        assert verdict.right, verdict


def test_a_repair_that_stops_is_told_and_an_unknown_piece_too():
    verdict = museum.check("score", lambda true, said: 1 / 0)
    assert verdict.state == "wrong" and "ZeroDivisionError" in verdict.told
    with pytest.raises(data.DataError, match="choose from copies, deal"):
        museum.measure("scores", len)
