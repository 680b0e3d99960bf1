"""The folded solutions of every notebook run after its last cell, as the learner would run them."""

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ser_helpers import data, features

PATHS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SOLUTION = re.compile(r"<summary>Solution</summary>.*?</details>", re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
AT_ONCE = 2  # a notebook keeps one processor busy for most of the time


def solutions(path: Path) -> list[str]:
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [block for part in SOLUTION.findall(text) for block in BLOCK.findall(part)]


def run(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells += [nbformat.v4.new_code_cell(block) for block in solutions(path)]
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=300, resources=resources)
    environment = {"SER_DATA": "demo", **os.environ}
    client.execute(env=environment, stderr=subprocess.DEVNULL)  # the kernel's own log


@pytest.fixture(scope="module")
def runs(request) -> Iterator[dict[Path, Future]]:
    """Start the notebooks that were chosen (``-k``), two at a time."""
    chosen = [
        item.callspec.params["path"]
        for item in request.session.items
        if item.path == request.path and "runs" in item.fixturenames
    ]
    # librosa's compiled functions, first called in two processes at once, can spoil their cache.
    features.describe(data.load_clip(data.open_corpus("demo").clips.path.iloc[0]))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {path: pool.submit(run, path) for path in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_solutions_run(path, runs):
    assert solutions(path), "a task without a solution in code"
    runs[path].result()
