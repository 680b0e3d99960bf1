"""Find what a function of a notebook needs: its own statement, and those of what it names.

Nothing else of a notebook is run to grade a function: no corpus is opened and no network trained
unless the function itself depends on it, and a cell that fails costs nothing that lies elsewhere.
"""

import ast
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grading.notebooks import Cell

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Statement:
    """A statement at the top level of a cell, and the names in it.

    Attributes
    ----------
    cell : Cell
    place : int
        Among the statements of its cell.
    binds : frozenset of str
        The names that get a value here.
    changes : frozenset of str
        The names whose value is changed here, as in ``table["a"] = 1``.
    uses : frozenset of str
        The names whose value it needs, also within a function's body.
    """

    cell: Cell
    place: int
    binds: frozenset[str]
    changes: frozenset[str]
    uses: frozenset[str]

    @property
    def node(self) -> ast.stmt:
        """Its syntax."""
        return self.cell.body[self.place]


def needed_for(
    name: str, cells: Sequence[Cell], given: Sequence[Cell] = ()
) -> list[Statement] | None:
    """List the statements that a function needs, in the order of the notebook.

    Parameters
    ----------
    name : str
        The function's or class's; its last definition that is written counts.
    cells : sequence of Cell
        The student's.
    given : sequence of Cell
        Those of the notebook that was handed out; for names that the student's cells lack, because
        the cell with the imports was deleted, say.

    Returns
    -------
    list of Statement, or None
        None if nothing of that name is defined.
    """
    own = list(_statements(cells))
    start = _where_defined(name, own)
    if start is None:
        return None
    bound = frozenset().union(*(statement.binds for statement in own))
    imported = frozenset().union(*(s.binds for s in own if _imports(s.node)))
    handed_out = [s for s in _statements(given) if not s.binds & bound and s.binds]
    known = [*handed_out, *own]
    skipped = {
        id(s)
        for i, s in enumerate(own)
        if name in s.binds and (i < start or (i > start and is_stub(s.node)))
    }
    giving: dict[str, list[Statement]] = {}  # of each name, what gives it its value
    for statement in known:
        for bound_name in statement.binds | (statement.changes - imported):
            giving.setdefault(bound_name, []).append(statement)
    wanted = [name, *(use for s in known if _imports_all(s.node) for use in s.uses)]
    chosen = {id(s) for s in known if _imports_all(s.node) and id(s) not in skipped}
    while wanted:  # each name is looked up once
        for statement in giving.pop(wanted.pop(), ()):
            if id(statement) not in chosen and id(statement) not in skipped:
                chosen.add(id(statement))
                wanted += statement.uses
    return [statement for statement in known if id(statement) in chosen]


def is_stub(node: ast.stmt) -> bool:
    """Tell whether a definition is still as it was handed out: it does nothing, or says so."""
    if not isinstance(node, _DEFINITIONS):
        return False
    return all(_does_nothing(part) for part in node.body)


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Raise):
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        return isinstance(error, ast.Name) and error.id == "NotImplementedError"
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Pass) or is_constant or is_stub(node)


def _where_defined(name: str, statements: Sequence[Statement]) -> int | None:
    """Find the last definition that is written; else the last value given; else the last stub."""
    places = [i for i, statement in enumerate(statements) if name in statement.binds]
    definitions = [i for i in places if isinstance(statements[i].node, _DEFINITIONS)]
    written = [i for i in definitions if not is_stub(statements[i].node)]
    values = [i for i in places if i not in definitions]
    return next((group[-1] for group in (written, values, definitions) if group), None)


def _statements(cells: Sequence[Cell]) -> Iterator[Statement]:
    for cell in cells:
        for place, node in enumerate(cell.body):
            try:
                table = symtable.symtable(ast.unparse(node), "cell", "exec")
            except (SyntaxError, RecursionError, MemoryError, ValueError):
                continue  # `return` outside a function: the parser reads it, Python does not
            symbols = table.get_symbols()
            yield Statement(
                cell,
                place,
                frozenset(s.get_name() for s in symbols if s.is_assigned() or s.is_imported()),
                frozenset(_changed(node)),
                frozenset(s.get_name() for s in symbols if s.is_referenced())
                | frozenset(_globals(table)),
            )


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that functions within look up outside themselves."""
    for inner in table.get_children():
        yield from (s.get_name() for s in inner.get_symbols() if s.is_global())
        yield from _globals(inner)


def _changed(node: ast.stmt) -> Iterator[str]:
    """Yield the names whose value a statement changes, or may change by calling its method."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        parts = node.targets
    elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        parts = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        parts = [node.value.func]
    for part in parts:
        inner: ast.expr = part
        while isinstance(inner, (ast.Attribute, ast.Subscript)):
            inner = inner.value
        if isinstance(inner, ast.Name) and inner is not part:
            yield inner.id


def _imports(node: ast.stmt) -> bool:
    return isinstance(node, (ast.Import, ast.ImportFrom))


def _imports_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
