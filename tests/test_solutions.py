"""The folded solutions of every notebook run after its last cell, as the learner would run them."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATHS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SOLUTION = re.compile(r"<summary>Solution</summary>.*?</details>", re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_solutions_run(path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    blocks = [block for part in SOLUTION.findall(text) for block in BLOCK.findall(part)]
    assert blocks, "a task without a solution in code"
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells += [nbformat.v4.new_code_cell(block) for block in blocks]
    monkeypatch.setenv("SER_DATA", os.environ.get("SER_DATA", "demo"))
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
