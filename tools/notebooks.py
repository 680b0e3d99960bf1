"""Edit and run notebooks as text: ``python tools/notebooks.py text|run|classroom [NUMBER]``.

``text`` writes ``work/text/NN_name.py`` in jupytext's percent format, for editing; ``run`` reads
that text if there is any, runs the notebook from top to bottom in a fresh kernel with the demo
voices, and replaces the notebook if all cells succeed; ``classroom`` makes the notebooks of
``classroom/`` from its sources and runs those that are kept with outputs. NUMBER is 00, 01, ... (or
``museum``, ``record_your_class``); without it, all notebooks are processed.
"""

import argparse
import functools
import importlib.util
import os
import sys
import time
from pathlib import Path
from types import ModuleType

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
TEXT = ROOT / "work" / "text"
WHOLE = ("museum", "record_your_class")  # of a class, for students and teachers alike


def chosen(numbers: list[str]) -> list[Path]:
    """List the notebooks with these numbers, including those that exist only as text so far."""
    names = {p.stem for p in (*NOTEBOOKS.glob("*.ipynb"), *TEXT.glob("*.py"))}
    return [NOTEBOOKS / f"{n}.ipynb" for n in sorted(names) if not numbers or n[:2] in set(numbers)]


def to_text(path: Path) -> Path:
    """Write a notebook as text, but never overwrite newer text that has not been run yet."""
    text = TEXT / f"{path.stem}.py"
    if text.exists() and path.exists() and text.stat().st_mtime > path.stat().st_mtime:
        sys.exit(f"{text} is newer than the notebook: `run` it or delete it")
    TEXT.mkdir(parents=True, exist_ok=True)
    jupytext.write(nbformat.read(path, as_version=4), text, fmt="py:percent")
    return text


def run(path: Path) -> None:
    """Read the text if there is any, run all cells with the demo voices, replace the notebook."""
    text = TEXT / f"{path.stem}.py"
    notebook = jupytext.read(text) if text.exists() else nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.from_dict(classroom_forms().METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):  # ids that do not change from run to run
        cell["id"] = f"cell-{i:02d}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata = metadata(cell, colab=i == 1)
    execute(notebook, path)


def execute(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Run all cells with the demo voices, tidy what they print, and replace the notebook."""
    environment = dict(os.environ, SER_DATA="demo", SER_WORK=str(ROOT / "work" / "test"))
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=300, resources=folder)
    start = time.perf_counter()
    try:
        client.execute(env=environment)
    except CellExecutionError as error:
        sys.exit(f"{path.name}: {error}")
    for cell in notebook.cells:
        if cell.cell_type == "code":
            tidy(cell)
    classroom_forms().write(notebook, path)
    os.utime(path)
    seconds, size = time.perf_counter() - start, path.stat().st_size / 1e6
    print(f"{path.name}: {seconds:.0f} s, {size:.2f} MB")


def classroom(numbers: list[str]) -> None:
    """Make the class's notebooks: releases as they are, solutions and the museum with outputs."""
    forms = classroom_forms()
    for source in forms.sources():
        if not numbers or source.stem[:2] in numbers:
            forms.write(forms.for_students(source), forms.EXERCISES / f"{source.stem}.ipynb")
            execute(forms.for_teachers(source), forms.SOLUTIONS / f"{source.stem}.ipynb")
    for name in WHOLE:
        if not numbers or name in numbers:
            source, path = forms.SOURCES / f"{name}.py", forms.HERE / f"{name}.ipynb"
            execute(forms.finished(forms.read(source, file=f"classroom/{path.name}")), path)


@functools.cache
def classroom_forms() -> ModuleType:
    """Import ``classroom/forms.py``, which is part of no package."""
    spec = importlib.util.spec_from_file_location("forms", ROOT / "classroom" / "forms.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def metadata(cell: nbformat.NotebookNode, *, colab: bool) -> nbformat.NotebookNode:
    """Keep a cell's tags; collapse the cell that is for Colab only, in JupyterLab and on Colab."""
    kept = {"tags": tags} if (tags := cell.metadata.get("tags")) else {}
    if colab:
        kept |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    return nbformat.from_dict(kept)


def tidy(cell: nbformat.NotebookNode) -> None:
    """Reduce outputs to what readers want: no timestamps, only the last state of a progress bar."""
    cell.metadata.pop("execution", None)
    outputs = []
    for output in cell.outputs:
        last = outputs[-1] if outputs else None
        if last and output.output_type == "stream" == last.output_type and last.name == output.name:
            last.text += output.text
        else:
            outputs.append(output)
    for output in outputs:
        if output.output_type == "stream":
            lines = (line.rstrip("\r").split("\r")[-1] for line in output.text.split("\n"))
            text = "\n".join(line.rstrip() for line in lines).strip("\n")
            text = text.replace(f"{ROOT}{os.sep}", "")  # where it ran is nobody's business
            output.text = text + "\n" if text else ""
    cell.outputs = [o for o in outputs if o.output_type != "stream" or o.text]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("text", "run", "classroom"))
    parser.add_argument("numbers", nargs="*", metavar="NUMBER")
    options = parser.parse_args()
    if options.what == "classroom":
        classroom(options.numbers)
        return 0
    paths = chosen(options.numbers)
    if not paths:
        sys.exit(f"no notebook has this number: {' '.join(options.numbers)}")
    for path in paths:
        if options.what == "text":
            print(to_text(path))
        else:
            run(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
