"""Grade a class: read, try, mark, write. What has not changed since the last time is not tried."""

import ast
import datetime
import difflib
import hashlib
import json
import re
import secrets
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from grading import gradebook, likeness, pages
from grading.child import Work, compiled_modules
from grading.marking import Examiner, Mark, by_hand, not_found
from grading.needed import Statement, is_stub, needed_for
from grading.notebooks import Cell, Notebook, read_notebook
from grading.sandbox import METHOD, Limits, Outcome, Room, number_of_workers
from grading.submissions import Submission, find_submissions, version
from grading.tasks import Sheet, Task, read_sheets
from ser_helpers import exercises, files
from ser_helpers.errors import DataError

#: The grader's own memory: the seed, what it gave, what it need not try again.
MEMORY = "grading.json"
#: What a teacher should look at before trusting a grade.
_SUSPICIOUS = re.compile(
    r"ser_helpers\.exercises(?:\.\w+| import (?!check\b)\w+)"
    r"|\bexercises\.(?:find|of_topic|judge|TOPICS)\b"
    r"|\b_posixsubprocess\b|\bctypes\b|\bos\._exit\b|\bos\.fork\b|\bsubprocess\b|\bgc\.get_|\b_getframe\b|\bsocket\b"
)


_OUR_FAULT = "the grader failed: see its output; the next time it tries again"


@dataclass(frozen=True)
class Settings:
    """How a class is graded.

    Attributes
    ----------
    tasks : Path
        The folder with the tasks.
    handed_out : Path
        The folder with the notebooks that students were given; it may be missing.
    numbers : tuple of str
        Which notebooks; none stands for those that were handed in.
    seed : int or None
        Of the hidden inputs; None keeps that of the last time, or draws one.
    seconds : float
        The time limit of a function, at least.
    memory : int
        The limit of a student's process, in bytes, beyond what the libraries take.
    workers : int
        Students at a time.
    again : bool
        Try everything again, also what has not changed.
    delimiter : str
        Between the columns of a new ``grades.csv``.
    method : {"forkserver", "spawn"}
        How processes are started.
    """

    tasks: Path
    handed_out: Path
    numbers: tuple[str, ...] = ()
    seed: int | None = None
    seconds: float = 10
    memory: int = 2 << 30
    workers: int = field(default_factory=number_of_workers)
    again: bool = False
    delimiter: str = ","
    method: str = METHOD


@dataclass(frozen=True)
class Read:
    """A submission, read.

    Attributes
    ----------
    submission : Submission
    notebooks : tuple of Notebook
    statements : dict
        Of a function task's id, the name of the notebook with it, and what the function needs.
    found : dict
        Of the id of a task graded by hand, the texts or pictures.
    digest : str
        Of all that was handed in.
    loose : tuple of str
        Tasks without an answer, of which a cell that does not begin as it should may be the answer.
    """

    submission: Submission
    notebooks: tuple[Notebook, ...]
    statements: dict[str, tuple[str, list[Statement]]]
    found: dict[str, tuple[str, ...]]
    digest: str
    loose: tuple[str, ...] = ()

    @property
    def problems(self) -> list[str]:
        """What could not be read."""
        of_notebooks = [f"{n.name}: {n.problem}" for n in self.notebooks if n.problem]
        return [*self.submission.problems, *of_notebooks]


@dataclass(frozen=True)
class Graded:
    """What came of a class.

    Attributes
    ----------
    students : list of pages.Student
    tried : int
        How many submissions were tried; the others had not changed.
    typed : int
        How many points a teacher had typed, and were kept.
    most : float
        The points of all tasks together.
    warnings : tuple of str
        What is odd about what was typed.
    """

    students: list[pages.Student]
    tried: int
    typed: int
    most: float
    warnings: tuple[str, ...] = ()


def grade(
    place: Path, out: Path, settings: Settings, *, say: Callable[[str], None] = print
) -> Graded:
    """Grade all submissions of a class.

    Parameters
    ----------
    place : Path
        The folder, or the zip, with the submissions.
    out : Path
        Gets ``grades.csv``, ``report.html``, ``feedback/``, ``by_hand/``.
    settings : Settings
    say : callable
        Is given one line for each student.

    Returns
    -------
    Graded

    Raises
    ------
    DataError
        If there is nothing to grade, or nothing can be written.
    """
    if place in (out, *out.parents):
        raise DataError(f"{out} lies in {place}, among the submissions: give another --out")
    sheets = read_sheets(settings.tasks, settings.numbers)
    submissions = find_submissions(place)
    found = gradebook.read_table(out / "grades.csv", settings.delimiter)
    memory = _read_memory(out / MEMORY)
    given = {sheet.number: _handed_out(settings.handed_out, sheet) for sheet in sheets}
    reads = [_read(submission, sheets, given) for submission in submissions]
    if not settings.numbers:
        sheets = [sheet for sheet in sheets if any(_touches(read, sheet) for read in reads)]
    if not sheets:
        raise DataError(f"no notebook in {place} has an answer to a task of {settings.tasks}")
    tasks = [task for sheet in sheets for task in sheet.tasks]
    seed = settings.seed if settings.seed is not None else memory.get("seed")
    seed = secrets.randbelow(2**31) if seed is None else seed
    handed_out = [word for notebook in given.values() for word in notebook.words]
    common = _digest(seed, settings.seconds, settings.memory, tasks, handed_out, _sources())
    known = {} if settings.again else memory.get("marks", {})
    marks: dict[str, dict[str, Mark]] = {}
    for read in reads:
        kept = known.get(read.submission.key, {})
        if kept.get("digest") == read.digest + common:
            marks[read.submission.key] = {k: Mark(**mark) for k, mark in kept["marks"].items()}
    changed = [read for read in reads if read.submission.key not in marks]
    say(
        f"{len(reads)} submissions; {len(changed)} to be tried, on tasks of notebook "
        + ", ".join(sheet.number for sheet in sheets)
    )
    private = tuple(str(path.absolute()) for path in (place, out, Path(exercises.__file__).parent))
    marks |= _mark_all(changed, tasks, settings, seed, private, say)
    lines = [_line(read, tasks, marks[read.submission.key]) for read in reads]
    rows = gradebook.merge(found, lines, tasks, memory.get("written", {}))
    noted = {
        "seed": seed,
        "written": memory.get("written", {}),
        "marks": {
            read.submission.key: {
                "digest": read.digest + common,
                "marks": {k: asdict(m) for k, m in marks[read.submission.key].items()},
            }
            for read in reads
            if not any(_is_ours(mark) for mark in marks[read.submission.key].values())
        },
    }
    _write_memory(out / MEMORY, noted)  # before the table, which may be open in a spreadsheet
    gradebook.write_table(out / "grades.csv", found, rows, tasks)
    _write_memory(out / MEMORY, noted | {"written": gradebook.record(rows, lines, tasks)})
    students = _students(reads, tasks, marks, {row.key: row for row in rows})
    pairs = likeness.alike(
        {read.submission.key: [w for n in read.notebooks for w in n.words] for read in reads},
        handed_out,
    )
    today = datetime.date.today().isoformat()
    told = {"graded on": today, "seed of the hidden inputs": str(seed)}
    pages.write_pages(out, sheets, students, pairs=pairs, told=told)
    typed = sum(len(row.typed) for row in rows)
    most = sum(task.points for task in tasks)
    return Graded(students, len(changed), typed, most, tuple(gradebook.odd(rows, tasks)))


def _read(submission: Submission, sheets: Sequence[Sheet], given: Mapping[str, Notebook]) -> Read:
    """Read what a student handed in; whatever it is, it costs no other student a grade."""
    try:
        return _read_all(submission, sheets, given)
    except Exception as error:  # no memory and too deep a nesting among them
        traceback.print_exc(file=sys.stderr)
        problem = f"it could not be read ({type(error).__name__}): have a look at it yourself"
        without = replace(submission, notebooks=(), problems=(*submission.problems, problem))
        return replace(_read_all(without, sheets, given), digest=secrets.token_hex())


def _read_all(
    submission: Submission, sheets: Sequence[Sheet], given: Mapping[str, Notebook]
) -> Read:
    notebooks = tuple(read_notebook(name, content) for name, content in submission.notebooks)
    statements, by_hand_found = {}, {}
    for sheet in sheets:
        # Of several notebooks with a function: one in which it is written, one of that number,
        # the newest.
        for task in sheet.tasks:
            if task.by_hand:
                by_hand_found[task.id] = _found(task, notebooks, given[sheet.number])
                continue
            found = []
            for place, notebook in enumerate(notebooks):
                code = needed_for(task.name, notebook.cells, given[sheet.number].cells)
                if code is not None:
                    defined = [s.node for s in code if task.name in s.binds]
                    written = not all(map(is_stub, defined))
                    found.append((written, _is_of(notebook, sheet), place, notebook.name, code))
            if found:
                statements[task.id] = max(found, key=lambda item: item[:3])[3:]
    digest = _digest(*(part for item in submission.notebooks for part in item))
    loose = tuple(
        name for sheet in sheets for name in _loose(notebooks, sheet, given[sheet.number])
    )
    return Read(submission, notebooks, statements, by_hand_found, digest, loose)


def _loose(notebooks: Sequence[Notebook], sheet: Sheet, given: Notebook) -> Iterator[str]:
    """Yield the tasks of a notebook that nothing answers, if it has text of the student's own."""
    own = [notebook for notebook in notebooks if _is_of(notebook, sheet)]
    known = {text.strip() for text in given.prose}
    if any(text.strip() not in known for notebook in own for text in notebook.prose):
        answered = {name for notebook in notebooks for name in notebook.answers}
        yield from (t.id for t in sheet.tasks if t.kind == "text" and t.id not in answered)


def _is_of(notebook: Notebook, sheet: Sheet) -> bool:
    stem = version(notebook.name)[0].rpartition("/")[2]
    return sheet.notebook in stem or stem.startswith(sheet.number)


def _touches(read: Read, sheet: Sheet) -> bool:
    """Tell whether a student handed in something of a notebook."""
    ids = {task.id for task in sheet.tasks}
    return (
        bool(ids & set(read.statements))
        or any(ids & ({*n.answers} | {*n.figures}) for n in read.notebooks)
        or any(_is_of(notebook, sheet) for notebook in read.notebooks)
    )


def _handed_out(folder: Path, sheet: Sheet) -> Notebook:
    path = folder / f"{sheet.notebook}.ipynb"
    return read_notebook(path.name, path.read_bytes()) if path.is_file() else Notebook(path.name)


def _mark_all(
    reads: Sequence[Read],
    tasks: Sequence[Task],
    settings: Settings,
    seed: int,
    private: tuple[str, ...],
    say: Callable[[str], None],
) -> dict[str, dict[str, Mark]]:
    """Try the functions of several students at a time; whatever one does costs no other."""
    if not reads:
        return {}
    with _quiet():
        examiners = _examiners(reads, tasks, settings, seed)
    topics = {f"{exercises.__name__}.{examiner.topic}" for examiner in examiners.values()}
    works: list[list[Work]] = [
        [
            examiner.work(read.statements[name][1])
            for name, examiner in examiners.items()
            if name in read.statements
        ]
        for read in reads
    ]
    compiled = compiled_modules([work for own in works for work in own])
    room = Room(
        Limits(settings.memory, private),
        preload=["numpy", "pandas", "matplotlib.pyplot", *sorted(topics), *compiled],
        method=settings.method,
    )
    marks: dict[str, dict[str, Mark]] = {}
    with ThreadPoolExecutor(settings.workers) as pool:
        running: dict[Future, Read] = {
            pool.submit(room.examine, own): read for read, own in zip(reads, works, strict=True)
        }
        try:
            for i, future in enumerate(as_completed(running), start=1):
                read = running[future]
                own = _mark_one(read, tasks, future, examiners)
                marks[read.submission.key] = own
                points = sum(mark.points or 0 for mark in own.values())
                say(f"  {i} of {len(reads)}: {read.submission.student}: {points:g} points")
        except BaseException:  # Ctrl-C: those that wait need not be tried
            pool.shutdown(cancel_futures=True)
            raise
    return marks


def _examiners(
    reads: Sequence[Read], tasks: Sequence[Task], settings: Settings, seed: int
) -> dict[str, Examiner]:
    return {
        task.id: Examiner(task, seed=seed, seconds=settings.seconds)
        for task in tasks
        if not task.by_hand and any(task.id in read.statements for read in reads)
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Print no warnings: typical mistakes overflow, and divide by zero."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        yield


def _mark_one(
    read: Read, tasks: Sequence[Task], future: Future, examiners: Mapping[str, Examiner]
) -> dict[str, Mark]:
    try:
        with _quiet():
            return {task.id: _mark(task, read, future.result(), examiners) for task in tasks}
    except Exception:  # our fault; the others' grades must not suffer
        traceback.print_exc(file=sys.stderr)
        return {task.id: _failed() for task in tasks}


def _failed() -> Mark:
    told = "The grader failed here, and not you. Your teacher will have a look."
    return Mark(None, "by hand", told, problem=_OUR_FAULT)


def _is_ours(mark: Mark) -> bool:
    """Tell whether the grader failed; the next time it tries again."""
    return mark.problem == _OUR_FAULT


def _mark(
    task: Task, read: Read, outcomes: Mapping[str, Outcome], examiners: Mapping[str, Examiner]
) -> Mark:
    if task.by_hand:
        return by_hand(task, read.found[task.id], _source(task, read.notebooks))
    if task.id in outcomes:
        return examiners[task.id].mark(outcomes[task.id], read.statements[task.id][0])
    problems = [*_unreadable(task, read), *read.submission.problems]
    return not_found(task, problems, _names_like(task.name, read.notebooks))


def _unreadable(task: Task, read: Read) -> list[str]:
    """Say why a function that may be there was not found."""
    pattern = re.compile(rf"\b(?:def|class)\s+{re.escape(task.name)}\b")
    notebooks = [f"{n.name}: {n.problem}" for n in read.notebooks if n.problem]
    cells: list[Cell] = [cell for n in read.notebooks for cell in n.cells if cell.error]
    return notebooks + [
        f"Python cannot read cell {cell.number} ({cell.error})"
        for cell in cells
        if pattern.search(cell.source)
    ]


def _names_like(name: str, notebooks: Sequence[Notebook]) -> list[str]:
    """List functions of another name that may be meant: to find it, the name must be kept."""
    defined = [
        node.name
        for notebook in notebooks
        for cell in notebook.cells
        for node in cell.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and len(node.name) < 100
    ]
    return difflib.get_close_matches(name, dict.fromkeys(defined[:1000]), n=1, cutoff=0.6)


def _found(task: Task, notebooks: Sequence[Notebook], given: Notebook) -> tuple[str, ...]:
    """Collect what a teacher is to grade, from all cells that answer the task."""
    kind = "answers" if task.kind == "text" else "figures"
    handed_out = getattr(given, kind).get(task.id, [])
    found = [part for notebook in notebooks for part in getattr(notebook, kind).get(task.id, [])]
    return tuple(dict.fromkeys(part for part in found if part not in handed_out))


def _source(task: Task, notebooks: Sequence[Notebook]) -> str:
    return next((n.name for n in notebooks if task.id in n.answers | n.figures), "")


def _line(read: Read, tasks: Sequence[Task], marks: Mapping[str, Mark]) -> gradebook.Line:
    submission = read.submission
    return gradebook.Line(
        submission.student,
        submission.platform_id,
        {task.id: marks[task.id].points for task in tasks},
        "; ".join(_remarks(read, marks)),
    )


def _remarks(read: Read, marks: Mapping[str, Mark]) -> list[str]:
    remarks = list(read.problems)
    if not read.notebooks and not remarks:
        remarks.append("no notebook")
    remarks += [f"{name}: {mark.problem}" for name, mark in marks.items() if mark.meant]
    if read.loose:
        remarks.append(
            f"{', '.join(read.loose)}: no answer, but text in a cell without its first line "
            "`**Answer …**`: look into the notebook"
        )
    words = {
        found
        for notebook in read.notebooks
        for cell in notebook.cells
        for found in _SUSPICIOUS.findall(cell.source)
    }
    if words:
        remarks.append("uses " + ", ".join(f"`{word}`" for word in sorted(words)))
    remarks += [
        f"{name}: {mark.problem}"
        for name, mark in marks.items()
        if mark.state == "stopped" or _is_ours(mark)
    ]
    return remarks


def _students(
    reads: Sequence[Read],
    tasks: Sequence[Task],
    marks: Mapping[str, Mapping[str, Mark]],
    rows: Mapping[tuple[str, str], gradebook.Row],
) -> list[pages.Student]:
    names = pages.file_names([read.submission.key for read in reads])
    students = []
    for read in reads:
        submission = read.submission
        row = rows[submission.student, submission.platform_id]
        own = marks[submission.key]
        entries = tuple(
            pages.Entry(
                task,
                own[task.id],
                row.points(task),
                task.id in row.typed,
                read.found.get(task.id, ()),
            )
            for task in tasks
        )
        comment = row.cells.get(gradebook.COMMENT, "")
        students.append(
            pages.Student(
                submission.student,
                submission.key,
                names[submission.key],
                entries,
                comment,
                tuple(_remarks(read, own)),
                tuple(read.problems),
                submission.way_back,
                submission.platform_id,
            )
        )
    return students


def _read_memory(path: Path) -> dict:
    """Read what the grader noted the last time; a damaged note is none."""
    try:
        memory = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}


def _write_memory(path: Path, memory: dict) -> None:
    files.replace_file(path, json.dumps(memory).encode())


def _sources() -> bytes:
    """Return all code on which a mark depends."""
    folders = (Path(exercises.__file__).parent, Path(__file__).parent)
    return b"".join(path.read_bytes() for folder in folders for path in sorted(folder.glob("*.py")))


def _digest(*parts: object) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else repr(part).encode("utf-8", "replace"))
        digest.update(b"\0")
    return digest.hexdigest()
