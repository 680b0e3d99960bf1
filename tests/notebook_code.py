"""Read notebooks without running them: their prose, and their functions, to be tested."""

import ast
import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def prose(cells: Iterable[Mapping]) -> str:
    """Join the Markdown of some cells."""
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def prose_of(path: Path) -> str:
    """Read the Markdown of a notebook."""
    return prose(json.loads(path.read_text(encoding="utf-8"))["cells"])


def code_of(path: Path) -> list[ast.stmt]:
    """Parse the code cells of a notebook: their statements, in order."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [statement for cell in code for statement in ast.parse(cell, path.name).body]


def functions_in(path: Path) -> list[ast.FunctionDef]:
    """List the functions that a notebook defines at the top level of its cells."""
    return [statement for statement in code_of(path) if isinstance(statement, ast.FunctionDef)]


@functools.cache
def functions_of(number: str) -> SimpleNamespace:
    """Execute the imports and functions of notebook ``number``, and nothing else of it.

    A function that leans on a variable of the notebook therefore fails with a NameError.
    """
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef)
    body = [statement for statement in code_of(path) if isinstance(statement, wanted)]
    names = [s.name for s in body if isinstance(s, ast.FunctionDef)]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"{path.name} defines {', '.join(sorted(twice))} twice"
    namespace = {"__name__": path.stem}
    exec(compile(ast.Module(body, type_ignores=[]), path.name, "exec"), namespace)
    return SimpleNamespace(**{name: namespace[name] for name in names})
