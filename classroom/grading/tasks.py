"""The tasks of an exercise notebook, as ``classroom/tasks/NN.toml`` states them."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ser_helpers.errors import DataError

#: How the answers to a kind of task are found: by the name of the function, by a heading, by a
#: comment.
KINDS = ("function", "text", "figure")


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes
    ----------
    id : str
        e.g. "02.1".
    kind : {"function", "text", "figure"}
    points : float
        What a right answer earns.
    name : str
        The function's or class's name, which is that of the exercise; empty for other kinds.
    rubric : tuple of str
        For whoever grades it by hand.
    """

    id: str
    kind: str
    points: float
    name: str = ""
    rubric: tuple[str, ...] = ()

    @property
    def by_hand(self) -> bool:
        """True if a teacher gives the points."""
        return self.kind != "function"

    @property
    def label(self) -> str:
        """What the task is called on a page."""
        return f"{self.id} {self.name}".strip()


@dataclass(frozen=True)
class Sheet:
    """The tasks of one notebook.

    Attributes
    ----------
    number : str
        e.g. "02".
    title : str
    notebook : str
        Its file's name without ``.ipynb``.
    tasks : tuple of Task
    """

    number: str
    title: str
    notebook: str
    tasks: tuple[Task, ...]


def read_sheets(folder: Path, numbers: Iterable[str] = ()) -> list[Sheet]:
    """Read the tasks of several notebooks.

    Parameters
    ----------
    folder : Path
        Holds one file ``NN.toml`` for each notebook.
    numbers : iterable of str
        Which; all, if there are none.

    Returns
    -------
    list of Sheet
        In the order of their numbers.

    Raises
    ------
    DataError
        If there is none, a number has no file, or a file is not as it should be.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if not found:
        raise DataError(f"there are no tasks in {folder}: expected files such as 02.toml")
    wanted = list(numbers) or list(found)
    if unknown := [number for number in wanted if number not in found]:
        raise DataError(
            f"no tasks for notebook {', '.join(unknown)}: there are those of {', '.join(found)}"
        )
    sheets = [read_sheet(found[number]) for number in wanted]
    ids = [task.id for sheet in sheets for task in sheet.tasks]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise DataError(f"{folder}: task {', '.join(twice)} stands there twice")
    return sheets


def read_sheet(path: Path) -> Sheet:
    """Read the tasks of one notebook.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Sheet

    Raises
    ------
    DataError
        If a line is missing or wrong; the message names the file and the task.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no TOML: {error}") from error
    try:
        tasks = tuple(_task(path, entry) for entry in content["task"])
        return Sheet(path.stem, content["title"], content["notebook"], tasks)
    except KeyError as error:
        raise DataError(f"{path}: the line {error.args[0]!r} is missing") from error


def _task(path: Path, entry: dict) -> Task:
    task = Task(
        id=str(entry["id"]),
        kind=entry["kind"],
        points=entry["points"],
        name=entry.get("name", ""),
        rubric=tuple(entry.get("rubric", ())),
    )
    where = f"{path}, task {task.id}"
    if task.kind not in KINDS:
        raise DataError(f"{where}: the kind is {task.kind!r}, expected {', '.join(KINDS)}")
    if not isinstance(task.points, (int, float)) or task.points <= 0:
        raise DataError(f"{where}: {task.points!r} points; expected a number above 0")
    if task.by_hand and not task.rubric:
        raise DataError(f"{where}: it is graded by hand and has no rubric")
    if not task.by_hand and not task.name.isidentifier():
        raise DataError(f"{where}: {task.name!r} is no function's name")
    return task
