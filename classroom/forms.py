"""What becomes of a source in ``sources/``: the students' notebook, the teacher's, nbgrader's.

A source is a notebook as text, in jupytext's percent format. What students do not get is marked:

- in code, by a line ``# solution``: from there to the end of its block students read
  ``raise NotImplementedError``; at the left margin, to the next blank line, one that asks for
  theirs;
- in an answer (a Markdown cell that begins with ``**Answer 02.4**``), by ``<!-- solution -->``:
  what follows it is replaced by a line that asks for theirs;
- the cell tag ``solution`` removes a whole cell.

A heading ``## Task 02.4 · 4 points`` begins a task. The link to Colab below each title,
the cell for Colab, and what to do without the course are put in here, so that they stand once.
"""

import re
import tomllib
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
SOURCES, TASKS = HERE / "sources", HERE / "tasks"
EXERCISES, SOLUTIONS = HERE / "exercises", HERE / "solutions"
MARK, MARK_IN_PROSE = "# solution", "<!-- solution -->"
STUB = "raise NotImplementedError  # delete this line and write yours"
STUB_AT_THE_MARGIN = "# Write yours here."
STUB_IN_PROSE = "*Write your answer here.*"
ANSWER = re.compile(r"\*\*Answer (\d\d\.\d)\*\*")
FIGURE = re.compile(r"# Figure (\d\d\.\d)$", re.MULTILINE)
CHECK = re.compile(r'^exercises\.check\("(\w+)", \w+\)$', re.MULTILINE)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
#: For whoever got this notebook alone; pip needs no git for it.
ALONE = (
    "*No module named …?* Open this notebook in the course's JupyterLab (`python course.py lab`). "
    "Or run once, in a cell of its own: `%pip install {address}/archive/refs/heads/main.zip`"
)
LAUNCH = "[Open in Colab](https://colab.research.google.com/github/{name}/blob/main/{file})"


def sources() -> list[Path]:
    """List the sources of the exercise notebooks; the museum is not one of them."""
    return sorted(SOURCES.glob("[0-9][0-9]_*.py"))


def tasks_of(stem: str) -> dict:
    """Read title, minutes and tasks of a notebook."""
    return tomllib.loads((TASKS / f"{stem[:2]}.toml").read_text(encoding="utf-8"))


def read(source: Path, *, file: str) -> nbformat.NotebookNode:
    """Read a source, and add the link to Colab, the cell for it, and what is needed elsewhere.

    ``file`` is where the notebook will stand, from the repository's root.
    """
    notebook = jupytext.read(source)
    address = repository()
    title = notebook.cells[0]
    launch = LAUNCH.format(name=address.removeprefix("https://github.com/"), file=file)
    heading, _, rest = title.source.partition("\n")
    alone = ALONE.format(address=address)
    title.source = f"{heading}\n\n{launch}\n\n{rest.strip()}".strip() + f"\n\n{alone}"
    colab = nbformat.v4.new_code_cell(cell_for_colab())
    colab.metadata = nbformat.from_dict({"cellView": "form", "jupyter": {"source_hidden": True}})
    notebook.cells.insert(1, colab)
    return notebook


def for_students(source: Path) -> nbformat.NotebookNode:
    """Make the notebook that students get, without solutions and outputs."""
    notebook = read(source, file=f"classroom/exercises/{source.stem}.ipynb")
    notebook.cells = [cell for cell in notebook.cells if "solution" not in tags(cell)]
    for cell in notebook.cells:
        cell.source = (
            without_solution(cell.source)
            if cell.cell_type == "code"
            else without_answer(cell.source)
        )
    return finished(notebook)


def for_teachers(source: Path) -> nbformat.NotebookNode:
    """Make the teacher's notebook, with all solutions; it has still to be run."""
    notebook = read(source, file=f"classroom/exercises/{source.stem}.ipynb")
    for cell in notebook.cells:
        lines = cell.source.splitlines()
        kept = [line for line in lines if line.strip() not in (MARK, MARK_IN_PROSE)]
        cell.source = "\n".join(kept)
    return finished(notebook)


def without_solution(code: str) -> str:
    r"""Replace what is marked in a code cell by a line that asks for the student's own.

    >>> print(without_solution('def f(x):\n    # solution\n    return x\n\n\nf(1)'))
    def f(x):
        raise NotImplementedError  # delete this line and write yours
    <BLANKLINE>
    <BLANKLINE>
    f(1)
    """
    kept: list[str] = []
    depth = None  # of the mark whose block is being left out
    blank = 0
    for line in code.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None:
            if not line.strip() and depth:
                blank += 1
                continue
            if line.strip() and indent >= depth:
                blank = 0
                continue
            kept += [""] * blank
            depth = None
        if line.strip() == MARK:
            depth, blank = indent, 0
            kept.append(" " * indent + (STUB if indent else STUB_AT_THE_MARGIN))
        else:
            kept.append(line)
    return "\n".join(kept)


def without_answer(prose: str) -> str:
    """Replace what is marked in a Markdown cell by a line that asks for the student's own."""
    before, mark, _ = prose.partition(MARK_IN_PROSE)
    return f"{before.rstrip()}\n\n{STUB_IN_PROSE}" if mark else prose


def finished(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Give a notebook the metadata that all of the course's have, and ids that do not change."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:02d}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if i != 1:
            cell.metadata = nbformat.from_dict({})
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """List the tags of a cell."""
    return cell.metadata.get("tags", [])


def cell_for_colab() -> str:
    """Return the code that prepares Colab, as it stands in all notebooks of the course."""
    first = HERE.parent / "notebooks" / "00_start_here.ipynb"
    return nbformat.read(first, as_version=4).cells[1].source


def repository() -> str:
    """Read the repository's address from ``pyproject.toml``."""
    text = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["urls"]["Repository"].rstrip("/")


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook under a temporary name first, so that half of one is never seen."""
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, part)
    part.replace(path)
