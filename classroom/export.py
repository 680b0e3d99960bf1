"""Hand the class's notebooks out: ``python course.py classroom FOLDER``.

FOLDER gets ``for_students`` (exercise notebooks, the museum, the notebook in which a class records
itself) and ``for_teachers`` (solutions).
With ``--nbgrader`` it becomes a course of nbgrader 0.9 instead: an assignment per notebook under
``source``, with tests that students do not see, made from the same exercises, and points to give by
hand for texts and figures. With ``--slides`` it gets a deck of slides for each of the course's
notebooks, to be shown without internet. ``--only 02 03`` chooses notebooks. What is there already
is never replaced without asking.
"""

import argparse
import secrets
import shutil
import sys
from pathlib import Path

import forms
import nbformat
import slides

from ser_helpers import terminal

N_HIDDEN = 3  # seeds of inputs on which a function is tried and that students do not see
BEGIN, END = "### BEGIN {}", "### END {}"
CONFIG = '''"""nbgrader's settings for this course; see classroom/README.md of the course."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "ser"
c.ExecutePreprocessor.timeout = 300
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # write yours"}
c.ClearSolutions.text_stub = "*Write your answer here.*"
# Moodle: "Anna Meier_4711_assignsubmission_file_/02_mfccs.ipynb"; or "meier_02_mfccs.ipynb".
c.FileNameCollectorPlugin.named_regexp = (
    r"(?:.*/)?(?P<student_id>[^/_]+)_(?:\\d+_assignsubmission_file_/?)?(?P<file_id>\\d\\d_\\w+\\.ipynb)"
)
'''


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="course.py classroom", description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, help="where to put the notebooks")
    parser.add_argument("--nbgrader", action="store_true", help="make a course of nbgrader")
    parser.add_argument("--slides", action="store_true", help="make slides of the course instead")
    parser.add_argument("--only", nargs="+", metavar="NN", default=[], help="only these notebooks")
    options = parser.parse_args(arguments)
    folder = options.folder or asked_folder()
    if folder is None:
        parser.error("name a folder: `python course.py classroom FOLDER`")
    if options.slides and options.nbgrader:
        parser.error("choose one of --slides and --nbgrader")
    course = sorted((forms.HERE.parent / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    known = {path.stem[:2]: path for path in (course if options.slides else forms.sources())}
    if unknown := [number for number in options.only if number not in known]:
        parser.error(f"no such notebook: {', '.join(unknown)}. There are {', '.join(known)}")
    chosen = [known[number] for number in options.only or known]
    if options.slides:
        wanted = {f"{path.stem}.html": slides.deck(path) for path in chosen}
    else:
        wanted = nbgrader_files(chosen) if options.nbgrader else plain_files(chosen)
    try:
        if not may_write(folder, list(wanted)):
            print("Nothing was written.")
            return 1
        for name, what in wanted.items():
            put(what, folder / name)
    except OSError as error:
        sys.exit(f"{error.filename or folder} cannot be written ({error.strerror or error}): "
                 "choose another folder")  # fmt: skip
    print(f"{len(wanted)} files are in {folder.resolve()}")
    if options.nbgrader:
        print("Next, in that folder: nbgrader generate_assignment " + chosen[0].stem)
    return 0


def asked_folder() -> Path | None:
    """Ask for a folder, if somebody is there to answer."""
    if not sys.stdin or not sys.stdin.isatty():
        return None
    answer = input("Into which folder? ").strip()
    return Path(answer).expanduser() if answer else None


def may_write(folder: Path, names: list[str]) -> bool:
    """Ask before anything that is there already is replaced; without an answer, leave it."""
    there = [name for name in names if (folder / name).exists()]
    if not there:
        return True
    shown = ", ".join(there[:3]) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
    print(f"{folder} has these files already: {shown}.")
    if not sys.stdin or not sys.stdin.isatty():
        print("Name an empty folder, or move them away.")
        return False
    return input("Replace them? [y/N] ").strip().lower() in ("y", "yes")


def put(what: nbformat.NotebookNode | Path | str, path: Path) -> None:
    """Write a notebook, copy a file, or write a text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(what, Path):
        shutil.copyfile(what, path)
    elif isinstance(what, str):
        path.write_text(what, encoding="utf-8", newline="\n")
    else:
        forms.write(what, path)


def plain_files(sources: list[Path]) -> dict[str, Path]:
    """Name the files of a class without nbgrader, and what they are copied from."""
    both = ("museum.ipynb", "record_your_class.ipynb")
    files = {f"for_students/{name}": forms.HERE / name for name in both}
    for source in sources:
        name = f"{source.stem}.ipynb"
        files[f"for_students/{name}"] = forms.EXERCISES / name
        files[f"for_teachers/{name}"] = forms.SOLUTIONS / name
    return files


def nbgrader_files(sources: list[Path]) -> dict[str, nbformat.NotebookNode | str]:
    """Make the files of a course of nbgrader: its settings and an assignment per notebook."""
    files: dict[str, nbformat.NotebookNode | str] = {"nbgrader_config.py": CONFIG}
    for source in sources:
        files[f"source/{source.stem}/{source.stem}.ipynb"] = for_nbgrader(source)
    return files


def for_nbgrader(source: Path) -> nbformat.NotebookNode:
    """Make nbgrader's source notebook: marked solutions, hidden tests, points."""
    notebook = forms.read(source, file=f"classroom/exercises/{source.stem}.ipynb")
    tasks = forms.tasks_of(source.stem)["task"]
    by_name = {task["name"]: task for task in tasks if task["kind"] == "function"}
    by_id = {task["id"]: task for task in tasks}
    cells = []
    for cell in notebook.cells:
        if "solution" in forms.tags(cell):
            continue
        of_function = forms.CHECK.search(cell.source) if cell.cell_type == "code" else None
        of_hand = (forms.FIGURE if cell.cell_type == "code" else forms.ANSWER).match(cell.source)
        cell.source = with_markers(cell.source)
        cells.append(cell)
        if of_function:
            task = by_name[of_function[1]]
            cell.metadata = grading(f"write-{task['id']}", solution=True)
            test = nbformat.v4.new_code_cell(hidden_test(task))
            test.metadata = grading(f"test-{task['id']}", points=task["points"])
            cells.append(test)
        elif of_hand:
            task = by_id[of_hand[1]]
            cell.metadata = grading(f"answer-{task['id']}", solution=True, points=task["points"])
    notebook.cells = cells
    kept = [cell.metadata for cell in cells]
    notebook = forms.finished(notebook)
    for cell, metadata in zip(notebook.cells, kept, strict=True):
        cell.metadata = metadata if "nbgrader" in metadata else cell.metadata
    return notebook


def with_markers(text: str) -> str:
    """Turn the marks of a source into those of nbgrader."""
    if forms.MARK_IN_PROSE in text:
        before, _, answer = text.partition(forms.MARK_IN_PROSE)
        begin, end = BEGIN.format("SOLUTION"), END.format("SOLUTION")
        return f"{before.rstrip()}\n\n{begin}\n{answer.strip()}\n{end}"
    lines: list[str] = []
    open_at: int | None = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        ended = (
            (indent < open_at if line.strip() else not open_at) if open_at is not None else False
        )
        if ended:
            close(lines, open_at or 0)
            open_at = None
        if line.strip() == forms.MARK:
            open_at = indent
            lines.append(" " * indent + BEGIN.format("SOLUTION"))
        else:
            lines.append(line)
    if open_at is not None:
        close(lines, open_at)
    return "\n".join(lines)


def close(lines: list[str], indent: int) -> None:
    """End a marked block, before the empty lines that follow it."""
    place = len(lines)
    while not lines[place - 1].strip():
        place -= 1
    lines.insert(place, " " * indent + END.format("SOLUTION"))


def hidden_test(task: dict) -> str:
    """Write the cell that tries a function on inputs that students do not see."""
    name, seeds = task["name"], tuple(secrets.randbelow(2**31) for _ in range(N_HIDDEN))
    begin, end = BEGIN.format("HIDDEN TESTS"), END.format("HIDDEN TESTS")
    return (
        f"# Task {task['id']}: `{name}` is tried here on inputs that you do not see.\n"
        f"{begin}\n"
        f"for seed in {seeds}:\n"
        f'    verdict = exercises.check("{name}", {name}, seed=seed)\n'
        f"    assert verdict.right, verdict\n"
        f"{end}"
    )


def grading(
    name: str, *, solution: bool = False, points: float | None = None
) -> nbformat.NotebookNode:
    """Make nbgrader's metadata of a cell; without points, it is not graded."""
    metadata = {
        "grade": points is not None,
        "grade_id": name.replace(".", "-"),
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        metadata["points"] = points
    return nbformat.from_dict({"nbgrader": metadata})


if __name__ == "__main__":
    sys.exit(terminal.run(main, name="classroom"))
