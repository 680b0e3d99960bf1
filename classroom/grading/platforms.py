"""Carry the totals into the table that Moodle or Canvas gives out, and takes back."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grading.gradebook import delimiter_of, number
from grading.marking import points_text
from ser_helpers import files
from ser_helpers.errors import DataError

_GRADE = "Grade"  # Moodle's column, in English
_POSSIBLE = "points possible"  # Canvas's second or third line, in its first column
_READ_ONLY = "(read only)"
_OF_CANVAS = re.compile(r".*\S \(\d+\)", re.DOTALL)  # an assignment's column, with its number
_ABOUT_STUDENTS = ("ID", "SIS User ID", "SIS Login ID", "Section")
_HOW = (
    "In Moodle, take the assignment's grading worksheet (View all submissions, Download grading "
    "worksheet); in Canvas, the gradebook's export"
)


@dataclass(frozen=True)
class Total:
    """What a student has reached.

    Attributes
    ----------
    student, platform_id : str
        As in ``grades.csv``.
    points : float or None
        None as long as something is still to be graded by hand.
    """

    student: str
    platform_id: str
    points: float | None


@dataclass(frozen=True)
class _Sheet:
    """A platform's table, and the form in which it came."""

    columns: list[str]
    rows: list[dict[str, str]]
    delimiter: str
    end: str
    encoding: str

    def encoded(self) -> bytes:
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(
            stream, self.columns, delimiter=self.delimiter, lineterminator=self.end
        )
        writer.writeheader()
        writer.writerows(self.rows)
        return stream.getvalue().encode(self.encoding)


@dataclass(frozen=True)
class Filled:
    """What was written.

    Attributes
    ----------
    path : Path
        The filled table.
    column : str
        Where the totals are.
    n_filled : int
        How many students have one.
    told : tuple of str
        What a teacher should know: who is missing, whose points were others, another maximum.
    """

    path: Path
    column: str
    n_filled: int
    told: tuple[str, ...]


def fill(
    path: Path, totals: Sequence[Total], *, most: float, out: Path, column: str | None = None
) -> Filled:
    """Fill a platform's table with the totals, and leave all else in it as it is.

    Students are found by the platform's number; where the submissions came without one, by their
    name, if only one has it.

    Parameters
    ----------
    path : Path
        Moodle's grading worksheet, or Canvas's export of the gradebook. It is only read.
    totals : sequence of Total
    most : float
        The points that all tasks have together. Where the platform's assignment has others, the
        totals are converted.
    out : Path
        The folder that gets the filled table, under the name of the given one.
    column : str, optional
        Which column to fill, where its name or the file leaves that open.

    Returns
    -------
    Filled

    Raises
    ------
    DataError
        If the table is none of these, the column cannot be told, or nothing can be written.
    """
    table = _read(path)
    names, rows = table.columns, table.rows
    is_canvas = "ID" in names and any(map(_OF_CANVAS.fullmatch, names))
    column = _column(path, names, rows, is_canvas, column)
    maximum = _maximum(names, rows, is_canvas, column)
    if maximum == 0:
        raise DataError(f"{path}: {column!r} has 0 points there: give the assignment some first")
    factor = 1.0 if maximum is None else maximum / most
    told = []
    if maximum is not None and maximum != most:
        told.append(
            f"{points_text(most)} points here are {points_text(maximum)} there: all were converted"
        )
    place = _places(names, rows, is_canvas, totals)
    if not place:
        raise DataError(
            f"{path} has none of these students: its numbers and names are others. {_HOW}"
        )
    changed, filled = [], 0
    for total in totals:
        row = place.get(total)
        if row is None:
            told.append(
                f"{total.student} was not filled in: {path.name} has nobody of that "
                + (f"number ({total.platform_id})" if total.platform_id else "name, or two")
            )
        elif total.points is None:
            told.append(f"{total.student} was left out: something is still to be graded by hand")
        else:
            text = points_text(total.points * factor)
            if (old := number(row[column])) is not None and old != number(text):
                changed.append(f"{total.student} had {row[column].strip()}, and has {text}")
            row[column] = text
            filled += 1
    written = out / path.name
    if written.resolve() == path.resolve():
        written = out / f"{path.stem}-filled{path.suffix}"
    try:
        files.replace_file(written, table.encoded())
    except OSError as error:
        raise DataError(
            f"{written} cannot be written ({error.strerror or error}): close it in other programs, "
            "and grade again"
        ) from error
    return Filled(written, column, filled, (*told, *changed))


def _read(path: Path) -> _Sheet:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}). {_HOW}") from error
    if content.startswith((b"PK", b"\xd0\xcf")):
        raise DataError(f"{path} is a workbook: save it, or download it, as CSV")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"{path} is not in UTF-8, as platforms write it: take the file as it was downloaded, "
            "not as a spreadsheet saved it"
        ) from None
    delimiter = delimiter_of(text)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    names = lines[0] if lines else []
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(f"{path} is no table with a name over each column. {_HOW}")
    rows = []
    for n, line in enumerate(lines[1:], start=2):
        if len(line) > len(names):
            raise DataError(f"{path}, line {n} has more columns than the first: download it anew")
        if line:
            rows.append(dict(zip(names, line + [""] * (len(names) - len(line)), strict=True)))
    end = "\r\n" if b"\r\n" in content else "\n"
    encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    return _Sheet(names, rows, delimiter, end, encoding)


def _column(
    path: Path,
    names: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    is_canvas: bool,
    wanted: str | None,
) -> str:
    """Tell which column takes the points."""
    fixed = (names[0], *_ABOUT_STUDENTS) if is_canvas else (names[0],)
    could = [name for name in names if name not in fixed]
    if is_canvas:
        marked = [row for row in rows if _READ_ONLY in row.values()]
        could = [
            name
            for name in could
            if _OF_CANVAS.fullmatch(name) and all(row[name] != _READ_ONLY for row in marked)
        ]
    elif wanted is None and _GRADE in could:
        return _GRADE
    found = [name for name in could if wanted is not None and name.startswith(wanted)]
    found = [name for name in found if name == wanted] or found
    if wanted is None and is_canvas:
        found = could
    if len(found) != 1:
        listed = ", ".join(f'"{name}"' for name in could) or "none"
        problem = "which column takes the points?" if wanted is None else f"not one is {wanted!r}:"
        raise DataError(f"{path}: {problem} Give it by --column; there are {listed}. {_HOW}")
    return found[0]


def _maximum(
    names: Sequence[str], rows: Sequence[Mapping[str, str]], is_canvas: bool, column: str
) -> float | None:
    """Return the most points that the platform's assignment has, if the table tells."""
    if is_canvas:
        told = {row[column] for row in rows if row[names[0]].strip().casefold() == _POSSIBLE}
    else:  # the next column repeats it in each line
        after = names[names.index(column) + 1 :][:1]
        told = {row[name] for row in rows for name in after}
    return number(told.pop()) if len(told) == 1 else None


def _places(
    names: Sequence[str],
    rows: Sequence[dict[str, str]],
    is_canvas: bool,
    totals: Sequence[Total],
) -> dict[Total, dict[str, str]]:
    """Find each student's line: by number (``Participant 12345`` in Moodle), else by name."""
    by_number: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if found := re.search(r"(\d+)\s*$", row["ID" if is_canvas else names[0]]):
            by_number.setdefault(found[1], []).append(row)
    name_column = names[0] if is_canvas else names[min(1, len(names) - 1)]
    place = {}
    for total in totals:
        if total.platform_id:
            own = by_number.get(total.platform_id, [])
        else:
            own = [row for row in rows if _plain(row[name_column]) == _plain(total.student)]
        if len(own) == 1:
            place[total] = own[0]
    taken = Counter(map(id, place.values()))  # two who would get one line get none
    return {total: row for total, row in place.items() if taken[id(row)] == 1}


def _plain(name: str) -> tuple[str, ...]:
    """Read ``Lovelace, Ada`` like ``Ada Lovelace``."""
    return tuple(sorted(re.findall(r"\w+", name.casefold())))
