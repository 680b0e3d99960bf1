"""The folded solutions of a notebook are tested as cells after its last, in the same kernel."""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

SOLUTION = "<details><summary>Solution</summary>\n\n```python\n{}\n```\n\n</details>"
HINT = "<details><summary>Hint</summary>\n\n```python\nmisleading()\n```\n\n</details>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(ROOT / "notebooks" / "conftest.py", folder)
    new = nbformat.v4
    for name, solution in (("right", "assert x == 2"), ("wrong", "assert x == 1")):
        task, printed = SOLUTION.format(solution), SOLUTION.format("print(x); y = x")
        cells = [
            new.new_code_cell("x = 1", execution_count=1),
            new.new_markdown_cell(f"**1.** Print.\n\n{HINT}\n{printed}\n**2.** Judge.\n\n{task}"),
            new.new_code_cell("x += 1", execution_count=2),
            new.new_markdown_cell(SOLUTION.format("assert y == 2")),
        ]
        nbformat.write(new.new_notebook(cells=cells), folder / f"{name}.ipynb")
    return folder


def run(folder, *arguments: str) -> tuple[int, list[str]]:
    """Run nbval on the folder: its exit code, and what passed or failed, in order."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-v", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--rootdir={folder}", ".", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    pattern = r"^(\w+)(?:\.|::)ipynb::(\w+ \d) (PASSED|FAILED)"
    return done.returncode, [" ".join(m) for m in re.findall(pattern, done.stdout, re.M)]


def test_they_run_after_the_cells_and_each_failure_is_one(folder):
    code, results = run(folder)
    assert code == 1
    in_order = ["Cell 0", "Cell 1", "Solution 1", "Solution 2", "Solution 3"]
    assert results[:5] == [f"right {name} PASSED" for name in in_order]
    assert results[5:] == [
        f"wrong {name} {'FAILED' if name == 'Solution 2' else 'PASSED'}" for name in in_order
    ]


SEALED = """
from ser_helpers import data, features, split
clips = data.open_corpus().clips
parts = split.by_speaker(clips)
part = clips[parts == "{}"].head(2)
{}
"""
HEAR, EXTRACT = "data.load_clip(part.path.iloc[0])", "features.extract(part, progress=False)"


def test_before_06_no_cell_can_hear_a_test_speaker(tmp_path):
    shutil.copy(ROOT / "notebooks" / "conftest.py", tmp_path)
    cells = {
        "05_all_others": [("train", HEAR), ("validation", EXTRACT)],
        "05_test_speakers": [("test", HEAR), ("test", EXTRACT)],
        "06_opens": [("test", HEAR)],
    }
    for name, sources in cells.items():
        code = [nbformat.v4.new_code_cell(SEALED.format(*source).strip()) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=code), tmp_path / f"{name}.ipynb")
    _, results = run(tmp_path)
    assert [result for result in results if "Cell" in result] == [
        "05_all_others Cell 0 PASSED",
        "05_all_others Cell 1 PASSED",
        "05_test_speakers Cell 0 FAILED",
        "05_test_speakers Cell 1 FAILED",
        "06_opens Cell 0 PASSED",
    ]


def test_a_chosen_cell_brings_those_above_it_and_no_other_notebook(folder):
    code, results = run(folder, "-k", "right and Solution and 1")
    assert (code, results) == (
        0,
        [f"right {name} PASSED" for name in ("Cell 0", "Cell 1", "Solution 1")],
    )
