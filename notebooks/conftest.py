"""Test the folded solutions of a notebook: each is one more cell after its last, in its kernel.

The notebooks before 06 are tested with the envelope sealed: no cell can hear a test speaker.
"""

import re
from collections.abc import Iterator

import nbformat
import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

SOLUTION = re.compile(r"<summary>Solution</summary>.*?</details>", re.DOTALL)
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
CHECK = re.compile(r'exercises\.check\("(\w+)"')
DEFINED = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
BEFORE_THE_ENVELOPE = ("00", "01", "02", "03", "04", "05")
#: Run before such a notebook: reading a test speaker's clip, or a table that holds one, fails.
SEAL = """
def _seal():
    import sys
    from ser_helpers import audio, data, features, plot, split, train, widgets

    clips = data.open_corpus().clips
    sealed = set(clips.index[split.by_speaker(clips) == "test"])
    read, extract = audio.load_clip, features.extract

    def load_clip(path, *arguments, **options):
        assert getattr(path, "stem", path) not in sealed, f"{path} is in the envelope until 06"
        return read(path, *arguments, **options)

    def sealed_extract(clips, *arguments, **options):
        there = sealed & set(clips.index)
        assert not there, f"{len(there)} clips are in the envelope until 06: use split.development"
        return extract(clips, *arguments, **options)

    for module in list(sys.modules.values()):
        if getattr(module, "load_clip", None) is read:
            module.load_clip = load_clip
    features.extract = sealed_extract


_seal()
"""


def solutions(notebook: nbformat.NotebookNode) -> list[str]:
    """List the Python blocks of a notebook's folded solutions, in order, each with its checks.

    A solution that defines what an exercise asks for must pass that exercise's check.
    """
    checked = checked_in(notebook.cells)
    tested = []
    for block in solutions_in(notebook.cells):
        names = [name for name in DEFINED.findall(block) if name in checked]
        lines = [f"assert exercises.check('{name}', {name}).right" for name in names]
        tested.append("\n".join([block, *lines]))
    return tested


def checked_in(cells: list[nbformat.NotebookNode]) -> set[str]:
    """Name the exercises whose checks stand in the code."""
    code = (cell.source for cell in cells if cell.cell_type == "code")
    return {name for source in code for name in CHECK.findall(source)}


def solutions_in(cells: list[nbformat.NotebookNode]) -> list[str]:
    """List the Python blocks of the folded solutions, as they stand."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return [block for part in SOLUTION.findall(text) for block in BLOCK.findall(part)]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Append the solutions to a notebook's cells; what they print is not compared."""
    report = yield
    if isinstance(collector, IPyNbFile) and report.passed:
        if collector.path.name.startswith(BEFORE_THE_ENVELOPE):
            options = {"check": False, "check_exception": False, "skip": False}
            cell = nbformat.v4.new_code_cell(SEAL)
            seal = IPyNbCell.from_parent(
                collector, name="Seal the envelope", cell_num=-1, cell=cell, options=options
            )
            report.result.insert(0, seal)
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
