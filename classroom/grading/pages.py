"""Pages to read in a browser: one per student, one for the teacher, one per task graded by hand.

They hold what students wrote, so everything is escaped, and no script is allowed to run in them.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from grading.likeness import Pair
from grading.marking import Mark, points_text
from grading.tasks import Sheet, Task
from ser_helpers import files
from ser_helpers.errors import printable

#: In the order in which a bar shows them; the course's colours, told apart by the colour-blind.
STATES = {
    "right": ("right", "#009E73"),
    "half": ("ordinary cases right", "#F0E442"),
    "wrong": ("not yet", "#D55E00"),
    "stopped": ("stopped", "#CC79A7"),
    "not written": ("not written", "#56B4E9"),
    "missing": ("missing", "#999999"),
    "by hand": ("by hand", "#0072B2"),
}
#: The pages of all students, named so that Moodle and Canvas know which belongs to whom.
FOR_THE_PLATFORM = "feedback-for-upload.zip"
_MOST_ERRORS = 3
_NOT_RIGHT = ("wrong", "half", "stopped")


@dataclass(frozen=True)
class Entry:
    """One task of one student, as a page shows it.

    Attributes
    ----------
    task : Task
    mark : Mark
    points : float or None
        As they stand in ``grades.csv``.
    typed : bool
        True if a teacher typed them.
    found : tuple of str
        Texts or pictures, for tasks graded by hand.
    """

    task: Task
    mark: Mark
    points: float | None
    typed: bool = False
    found: tuple[str, ...] = ()


@dataclass(frozen=True)
class Student:
    """One student, as the pages show it.

    Attributes
    ----------
    name, key, page : str
        ``page`` is the file of the feedback.
    entries : tuple of Entry
    comment : str
        The teacher's.
    remarks : tuple of str
        For the teacher only.
    problems : tuple of str
        What could not be read.
    way_back : str
        How the name of a file begins that a platform is to give to this student.
    platform_id : str
        The platform's number for the student, or empty.
    """

    name: str
    key: str
    page: str
    entries: tuple[Entry, ...]
    comment: str = ""
    remarks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    way_back: str = ""
    platform_id: str = ""

    @property
    def label(self) -> str:
        """The name, with the platform's number where there is one: two may have the same name."""
        number = self.key.removeprefix(f"{self.name}_")
        return self.name if number == self.key else f"{self.name} ({number})"

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(entry.points or 0 for entry in self.entries)

    @property
    def is_open(self) -> bool:
        """True if a teacher has still to give points."""
        return any(entry.points is None for entry in self.entries)


def file_names(keys: Sequence[str]) -> dict[str, str]:
    """Name a file for each student that any system can hold, no two alike.

    Examples
    --------
    >>> file_names(["Jörg Müller", "a/b", "A:B"])
    {'Jörg Müller': 'Jörg Müller.html', 'a/b': 'a_b.html', 'A:B': 'A_B-2.html'}
    """
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for key in keys:
        name = re.sub(r'[\\/:*?"<>|%#\x00-\x1f]', "_", key)[:80].strip(". ") or "_"
        name = f"_{name}" if re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", name) else name
        taken[name.casefold()] += 1
        again = taken[name.casefold()]
        names[key] = f"{name}{f'-{again}' if again > 1 else ''}.html"
    return names


def write_pages(
    out: Path,
    sheets: Sequence[Sheet],
    students: Sequence[Student],
    *,
    pairs: Sequence[Pair] = (),
    told: Mapping[str, str],
) -> None:
    """Write all pages.

    Parameters
    ----------
    out : Path
        Gets ``report.html``, ``feedback/`` and ``by_hand/``; and a zip of the feedback, if the
        submissions came from a platform.
    sheets : sequence of Sheet
    students : sequence of Student
    pairs : sequence of Pair
        Notebooks that nearly coincide.
    told : mapping
        What the report says of this grading: its day, seed, limits.
    """
    tasks = [task for sheet in sheets for task in sheet.tasks]
    most = sum(task.points for task in tasks)
    names = {student.key: student for student in students}
    environment = _environment()
    common = {"sheets": sheets, "most": most, "states": STATES}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            by_id = {entry.task.id: entry for entry in student.entries}
            page = environment.get_template("feedback.html").render(
                student=student, entries=by_id, **common
            )
            _write(out / "feedback" / student.page, page)
            if student.way_back:
                archive.writestr(f"{student.way_back}feedback.html", printable(page))
    if any(student.way_back for student in students):
        files.replace_file(out / FOR_THE_PLATFORM, packed.getvalue())
    hand = [task for task in tasks if task.by_hand]
    for task in hand:
        page = environment.get_template("by_hand.html").render(
            task=task,
            entries=[(student, _entry(student, task)) for student in students],
            **common,
        )
        _write(out / "by_hand" / f"{task.id}.html", page)
    page = environment.get_template("report.html").render(
        students=students,
        summaries=[_summary(task, students) for task in tasks],
        hand=hand,
        pairs=[(names[pair.one], names[pair.other], pair) for pair in pairs],
        told=told,
        **common,
    )
    _write(out / "report.html", page)


@dataclass(frozen=True)
class Summary:
    """How a class did on one task.

    Attributes
    ----------
    task : Task
    counts : dict
        Of each state that occurs, how many students.
    errors : list of (str, int)
        The most frequent ones, as one student made them, and how many made each.
    """

    task: Task
    counts: dict[str, int]
    errors: list[tuple[str, int]]


def _summary(task: Task, students: Sequence[Student]) -> Summary:
    marks = [_entry(student, task).mark for student in students]
    counts = Counter(mark.state for mark in marks)
    wrong = [mark.hint or mark.problem for mark in marks if mark.state in _NOT_RIGHT]
    same = [re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "…", text) for text in wrong]
    shown = dict(zip(same, wrong, strict=True))
    errors = [(shown[text], n) for text, n in Counter(same).most_common(_MOST_ERRORS)]
    return Summary(
        task,
        {state: counts[state] for state in STATES if counts[state]},
        errors,
    )


def _entry(student: Student, task: Task) -> Entry:
    return next(entry for entry in student.entries if entry.task.id == task.id)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(points=_points, code=_with_code, share=lambda s: f"{100 * s:.0f} %")
    return environment


def _points(points: float | None) -> str:
    return "…" if points is None else points_text(points)


def _with_code(text: str) -> Markup:
    """Show what stands between backticks as code; everything else is text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one without its partner
        return escape(text)
    marked = [
        Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts)
    ]
    return Markup("").join(marked)


def _write(path: Path, page: str) -> None:
    files.replace_file(path, printable(page).encode())
