"""Find the notebooks of each student: in folders, in files, in what learning platforms pack."""

import contextlib
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ser_helpers import files
from ser_helpers.errors import DataError, printable

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_\w+?(?:_(?P<file>[^/]*))?$")
_CANVAS = re.compile(
    r"(?P<name>(?:LATE_)?(?=anon_)|[^_/]+_(?:LATE_)?)(?P<id>\d+|anon_\w{1,20}?)_(?P<upload>\d+)_"
    r"(?P<file>[^/]+)$"
)
#: A notebook's name; browsers that take it for text add an ending of their own.
_NOTEBOOK = re.compile(r"\.ipynb(?:\.txt|\.json)?$", re.IGNORECASE)
_COPY = re.compile(r"(?:[ _-]*\((\d+)\)|-(\d+)|[ _-]copy(\d*))$", re.IGNORECASE)
_LARGEST = 50_000_000  # bytes of one notebook
_LARGEST_ZIP = 200_000_000  # bytes that come out of a student's zip
_MOST_FILES = 2000  # in one zip
_DEEPEST = 2  # a platform's zip, and a student's in it


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        The name, as the platform or the folder gives it.
    platform_id : str
        The platform's number for the student, or empty.
    notebooks : tuple of (str, bytes)
        Name and content of each, the newest version of the same name last.
    problems : tuple of str
        What could not be read.
    way_back : str
        What the name of a file must begin with, for the platform to give it to this student; empty
        without a platform.
    """

    student: str
    platform_id: str
    notebooks: tuple[tuple[str, bytes], ...]
    problems: tuple[str, ...] = ()
    way_back: str = ""

    @property
    def key(self) -> str:
        """What tells students apart: two may have the same name, but not the same number."""
        name, number = self.student, self.platform_id
        return f"{name}_{number}" if number and number != name else name


def find_submissions(place: Path) -> list[Submission]:
    """Find all submissions of a class.

    Parameters
    ----------
    place : Path
        A folder with a folder, a notebook or a zip for each student; or a zip of such. Names as
        Moodle's (``Surname Firstname_12345_assignsubmission_file_…``) and Canvas's
        (``surnamefirstname_12345_67890_name.ipynb``, and ``anon_…``) are understood.

    Returns
    -------
    list of Submission
        Sorted by name.

    Raises
    ------
    DataError
        If there is nothing like it.
    """
    if not place.exists():
        raise DataError(f"{place} is not there: give the folder, or the zip, with the submissions")
    notebooks: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
    problems: dict[tuple[str, str], list[str]] = {}
    others: dict[tuple[str, str], list[str]] = {}
    ways: dict[tuple[str, str], str] = {}
    found = _in_zip(place.read_bytes(), place.name) if place.is_file() else _in_folder(place)
    for path, content in found:
        who, name, way_back = _whose(path)
        ways[who] = max(way_back, ways.get(who, ""))  # on Canvas, that of the newest upload
        if isinstance(content, str):
            problems.setdefault(who, []).append(f"{name}: {content}")
        elif _is_notebook(name):
            name = _NOTEBOOK.sub(".ipynb", name)
            notebooks.setdefault(who, []).append((name, content))
        else:
            others.setdefault(who, []).append(name)
    for who in {*others} - {*notebooks}:
        names = ", ".join(others[who][:3])
        problems.setdefault(who, []).append(
            f"no notebook (a file .ipynb) was handed in, but {names}"
        )
    students = sorted({*notebooks, *problems}, key=lambda who: (who[0].casefold(), who[1]))
    if not notebooks:
        raise DataError(
            f"there is no notebook (.ipynb) in {place}: expected a folder, a notebook or a zip for "
            "each student"
        )
    return [
        Submission(
            *who,
            tuple(sorted(notebooks.get(who, []), key=lambda item: version(item[0]))),
            tuple(problems.get(who, [])),
            ways[who],
        )
        for who in students
    ]


def version(name: str) -> tuple[str, int, str]:
    """Tell the versions of a notebook apart: ``02.ipynb`` comes before ``02-1.ipynb``.

    Examples
    --------
    >>> sorted(["02-10.ipynb", "02 (2).ipynb", "02.ipynb"], key=version)
    ['02.ipynb', '02 (2).ipynb', '02-10.ipynb']
    """
    stem = PurePosixPath(name).name.removesuffix(".ipynb")
    copy = _COPY.search(stem)
    if not copy or not stem[: copy.start()]:
        return stem, 0, name
    number = next((group for group in copy.groups() if group), "1")
    return stem[: copy.start()], int(number), name


def _in_folder(place: Path) -> Iterator[tuple[str, bytes | str]]:
    unreadable: list[tuple[Path, str]] = []
    for path in files.walk(place, unreadable):
        inside = path.relative_to(place).as_posix()
        try:
            if _is_notebook(inside):
                size = path.stat().st_size
                yield inside, path.read_bytes() if size <= _LARGEST else _too_large(size)
            elif _is_zip(inside):
                yield from _in_zip(path.read_bytes(), inside, depth=1, allowance=_Allowance())
            else:
                yield inside, b""
        except OSError as error:
            yield inside, f"it cannot be read ({error.strerror or error})"
    for path, reason in unreadable:
        yield path.relative_to(place).as_posix() + "/?", f"the folder cannot be read ({reason})"


class _Allowance:
    """How much may still come out of what one student packed: a zip of 1 MB can hold 1 TB."""

    def __init__(self) -> None:
        self.left = _LARGEST_ZIP


def _in_zip(
    content: bytes, name: str, *, depth: int = 0, allowance: _Allowance | None = None
) -> Iterator[tuple[str, bytes | str]]:
    """Read the notebooks of a zip; nothing is unpacked on the disk."""
    above = f"{name.removesuffix('.zip')}/" if depth else ""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        first = [_decoded(entry).partition("/")[0] for entry in entries]
        if "/" not in name and any(_MOODLE.fullmatch(f) or _CANVAS.fullmatch(f) for f in first):
            above = ""  # a platform's, put into a folder
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        yield above + "?" if depth else name, f"this is no zip ({error})"
        return
    if len(entries) > _MOST_FILES:
        yield above + "?", f"{len(entries)} files in one zip"
        return
    if depth and not entries:
        yield above + "?", "this zip is empty"
    for entry in entries:
        parts = [part for part in _decoded(entry).split("/") if part not in ("", ".", "..")]
        inside = above + "/".join(parts)
        if any(part.startswith(".") or part.lower() in files.PASSED_OVER for part in parts):
            continue
        if not _is_notebook(inside) and not _is_zip(inside):
            yield inside, b""
            continue
        if _is_zip(inside) and depth == _DEEPEST:
            yield inside, "zips are opened two deep, and this one lies deeper"
            continue
        if allowance and allowance.left <= 0:
            yield inside, f"not read: there are more than {_LARGEST_ZIP / 1e6:.0f} MB in this zip"
            return
        try:
            with archive.open(entry) as file:
                data = file.read(_LARGEST + 1)
        except (zipfile.BadZipFile, RuntimeError, OSError, NotImplementedError, EOFError) as error:
            yield inside, f"it cannot be unpacked ({error})"
            continue
        except Exception as error:  # a damaged stream; zlib's own error has no common base
            yield inside, f"it cannot be unpacked ({type(error).__name__}: {error})"
            continue
        if allowance:
            allowance.left -= len(data)
        if len(data) > _LARGEST:
            yield inside, _too_large(entry.file_size)
        elif _is_notebook(inside):
            yield inside, data
        else:  # what one student packed begins here, if this is the class's
            yield from _in_zip(data, inside, depth=depth + 1, allowance=allowance or _Allowance())


def _is_notebook(name: str) -> bool:
    return bool(_NOTEBOOK.search(name))


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _decoded(entry: zipfile.ZipInfo) -> str:
    """Read a name that is UTF-8 without saying so, as macOS writes it."""
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _whose(path: str) -> tuple[tuple[str, str], str, str]:
    """Name the student (name, platform's number), the file, and the way back to the student."""
    path = printable(unicodedata.normalize("NFC", path))
    first, _, rest = path.partition("/")
    for pattern in (_MOODLE, _CANVAS):
        if found := pattern.fullmatch(first):
            name = rest or found["file"] or first
            student = found["name"].removesuffix("_").removesuffix("_LATE").strip()
            way_back = first[: found.start("file")] if pattern is _CANVAS else _folder_of(first)
            return (student or found["id"], found["id"]), name, way_back
    if rest:
        return (first.strip(), ""), rest, ""
    stem = first.rsplit(".", 1)[0]
    return (version(stem)[0].strip() or stem, ""), first, ""


def _folder_of(first: str) -> str:
    """Return the folder by which Moodle knows a student: name, number, plug-in, its part."""
    return "_".join(first.split("_")[:4]) + "/"


def _too_large(size: int) -> str:
    return f"it has {size / 1e6:.0f} MB: clear its outputs and hand it in again"
