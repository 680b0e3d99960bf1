"""Test the folded solutions of a notebook: each is one more cell after its last, in its kernel."""

import re
from collections.abc import Iterator

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

SOLUTION = re.compile(r"<summary>Solution</summary>.*?</details>", re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def solutions(notebook: nbformat.NotebookNode) -> list[str]:
    """List the Python blocks of a notebook's folded solutions, in order."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [block for part in SOLUTION.findall(text) for block in BLOCK.findall(part)]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Append the solutions to a notebook's cells; what they print is not compared."""
    report = yield
    if isinstance(collector, IPyNbFile) and report.passed:
        for i, source in enumerate(solutions(collector.nb), start=1):
            number = len(report.result)
            cell = nbformat.v4.new_code_cell(source)
            options = {"check": False, "check_exception": False, "skip": False}
            item = IPyNbCell.from_parent(
                collector, name=f"Solution {i}", cell_num=number, cell=cell, options=options
            )
            report.result.append(item)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Run, with each cell that was chosen (``-k``), those above it: it leans on them."""
    every = list(items)
    yield
    chosen = set(items)
    needed = set()  # notebooks with a chosen cell further down
    for item in reversed(every):
        if item in chosen:
            needed.add(item.parent)
        elif isinstance(item, IPyNbCell) and item.parent in needed:
            chosen.add(item)
    items[:] = [item for item in every if item in chosen]
