"""``grades.csv``: a line per student, a column per task. What a teacher typed into it stays."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.marking import points_text
from grading.tasks import Task
from ser_helpers import files
from ser_helpers.errors import DataError

STUDENT, ID, TOTAL, COMMENT, REMARK = "student", "id", "total", "comment", "remark"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute these


@dataclass(frozen=True)
class Line:
    """What the grader knows of one student.

    Attributes
    ----------
    student, platform_id : str
    points : mapping
        Of each task's id, the points, or None where a teacher gives them.
    remark : str
        What a teacher should look at.
    """

    student: str
    platform_id: str
    points: Mapping[str, float | None]
    remark: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Name and number."""
        return self.student, self.platform_id


@dataclass(frozen=True)
class Row:
    """A student's line as it is written.

    Attributes
    ----------
    cells : dict
        Of each column, its text.
    typed : frozenset of str
        The tasks whose points a teacher typed.
    """

    cells: dict[str, str]
    typed: frozenset[str] = frozenset()

    def points(self, task: Task) -> float | None:
        """Return the points of a task, or None if there are none yet."""
        return number(self.cells.get(column(task), ""))

    @property
    def key(self) -> tuple[str, str]:
        """Name and number."""
        return self.cells[STUDENT], self.cells[ID]


@dataclass(frozen=True)
class Table:
    """``grades.csv`` as it was found.

    Attributes
    ----------
    columns : list of str
    rows : list of dict
    delimiter : str
        A comma, unless a spreadsheet saved it with another.
    """

    columns: list[str]
    rows: list[dict[str, str]]
    delimiter: str = ","


def column(task: Task) -> str:
    """Name the column of a task; its id comes first, its points last."""
    return f"{task.label} /{points_text(task.points)}"


def number(text: str) -> float | None:
    """Read points as people type them: ``2,5`` as well as ``2.5``; None if it is no number.

    Examples
    --------
    >>> number("2,5"), number(" 3 "), number("ill")
    (2.5, 3.0, None)
    """
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def delimiter_of(text: str) -> str:
    """Tell what separates the cells of a table: what its first line has most of."""
    return max(",;\t", key=text.partition("\n")[0].count)


def read_table(path: Path, delimiter: str = ",") -> Table:
    """Read what is there, also after a spreadsheet saved it in its own way.

    Parameters
    ----------
    path : Path
    delimiter : str
        For a new table; one that is there keeps its own.

    Returns
    -------
    Table
        Empty if there is no such file.

    Raises
    ------
    DataError
        If it has no column for the student.
    """
    if not path.exists():
        return Table([], [], delimiter)
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")  # how Excel saves a plain CSV
    delimiter = delimiter_of(text)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [name for name in reader.fieldnames or [] if name]
    if STUDENT not in columns:
        raise DataError(
            f"{path} has no column {STUDENT!r}: what was typed into it could not be kept. Put the "
            "column back, or move the file elsewhere, and grade again"
        )
    rows = [{name: (row.get(name) or "").strip() for name in columns} for row in reader]
    for row in rows:
        row[STUDENT] = _unguarded(row[STUDENT])
        row.setdefault(ID, "")
    return Table(columns, [row for row in rows if row[STUDENT]], delimiter)


def merge(
    found: Table,
    lines: Sequence[Line],
    tasks: Sequence[Task],
    written: Mapping[str, Mapping[str, str]],
) -> list[Row]:
    """Bring the grader's points and a teacher's together.

    Parameters
    ----------
    found : Table
        As it was; whatever differs from what the grader wrote was typed by hand, and stays.
    lines : sequence of Line
        Of this grading.
    tasks : sequence of Task
    written : mapping
        What :func:`record` returned the last time.

    Returns
    -------
    list of Row
        Of this grading's students, then of those who were in the table only.
    """
    left = list(found.rows)
    rows = []
    for line in lines:
        old = _find(left, line.key)
        if old is not None:
            left.remove(old)
        before = written.get(_joined(line.key), {})
        rows.append(_merged(line, old or {}, tasks, before))
    return rows + [Row(dict(old)) for old in left]


def odd(rows: Sequence[Row], tasks: Sequence[Task]) -> Iterator[str]:
    """Say which points that were typed are no number, or more than there are."""
    for row in rows:
        for task in tasks:
            text, points = row.cells.get(column(task), ""), row.points(task)
            if text and points is None:
                yield f"{row.cells[STUDENT]}, {task.id}: {text!r} is no number of points"
            elif points is not None and not 0 <= points <= task.points:
                most = points_text(task.points)
                yield f"{row.cells[STUDENT]}, {task.id}: {text} points, and the task has {most}"


def record(rows: Sequence[Row], lines: Sequence[Line], tasks: Sequence[Task]) -> dict:
    """Say what the grader itself gave, to know the next time what was typed."""
    typed = {row.key: row.typed for row in rows}
    return {
        _joined(line.key): {
            task.id: "typed" if task.id in typed[line.key] else _text(line.points.get(task.id))
            for task in tasks
        }
        for line in lines
    }


def write_table(path: Path, found: Table, rows: Sequence[Row], tasks: Sequence[Task]) -> None:
    """Write the table; the one before is kept beside it.

    Raises
    ------
    DataError
        If it cannot be written: on Windows, because it is open in a spreadsheet.
    """
    total = f"{TOTAL} /{points_text(sum(task.points for task in tasks))}"
    ours = [STUDENT, ID, *map(column, tasks), total, COMMENT, REMARK]
    theirs = [name for name in found.columns if name not in ours and not _is_total(name)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=found.delimiter, lineterminator="\r\n")
    writer.writerow([*ours, *theirs])
    for row in rows:
        cells = {**row.cells, total: _text(sum(row.points(task) or 0 for task in tasks))}
        cells[STUDENT] = _guarded(cells[STUDENT])
        writer.writerow([_local(cells.get(n, ""), found.delimiter) for n in (*ours, *theirs)])
    content = stream.getvalue().encode("utf-8-sig", "backslashreplace")
    try:
        if path.exists() and path.read_bytes() != content:
            files.replace_file(path.with_name("grades-before.csv"), path.read_bytes())
        files.replace_file(path, content)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}): close it in other programs, "
            "and grade again; what is graded already is not graded twice"
        ) from error


def _merged(
    line: Line, old: Mapping[str, str], tasks: Sequence[Task], before: Mapping[str, str]
) -> Row:
    cells = {**old, STUDENT: line.student, ID: line.platform_id, REMARK: line.remark}
    typed = set()
    for task in tasks:
        given, now = old.get(_column_like(task, old), ""), _text(line.points.get(task.id))
        wrote = before.get(task.id)
        ours = any(_equal(given, text) for text in (wrote, now) if text is not None)
        is_typed = given != "" and (wrote == "typed" or not ours)
        if is_typed:
            typed.add(task.id)
        cells[column(task)] = given if is_typed else now
    return Row(cells, frozenset(typed))


def _column_like(task: Task, row: Mapping[str, str]) -> str:
    """Find a task's column also if its points or its name have changed since."""
    return next((name for name in row if name.partition(" ")[0] == task.id), column(task))


def _find(rows: Sequence[dict[str, str]], key: tuple[str, str]) -> dict[str, str] | None:
    """Find a student's row; a spreadsheet may have taken the zeros off the number.

    Where a platform numbers its students, the number tells, and a name may have been corrected.
    """
    name, platform_id = key
    numbered = [r for r in rows if platform_id and r[ID].lstrip("0") == platform_id.lstrip("0")]
    if len(numbered) == 1:
        return numbered[0]
    same = [row for row in rows if row[STUDENT] == name]
    exact = [row for row in same if row[ID].lstrip("0") == platform_id.lstrip("0")]
    if not exact and len(same) == 1 and not same[0][ID]:
        exact = same
    return exact[0] if exact else None


def _equal(one: str, other: str) -> bool:
    numbers = number(one), number(other)
    return one == other if None in numbers else numbers[0] == numbers[1]


def _text(points: float | None) -> str:
    return "" if points is None else points_text(points)


def _local(text: str, delimiter: str) -> str:
    """Write a decimal as the spreadsheet that saved the file does."""
    is_decimal = delimiter == ";" and re.fullmatch(r"\d+\.\d+", text)
    return text.replace(".", ",") if is_decimal else text


def _is_total(name: str) -> bool:
    return name.startswith(f"{TOTAL} /")


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _joined(key: tuple[str, str]) -> str:
    return "\n".join(key)
