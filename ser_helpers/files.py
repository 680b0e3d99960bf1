"""Where the course's files are, how a folder is searched, and how a file is written safely."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

#: Folders that hold nothing of a corpus: Windows' trash, and what zips from macOS carry along.
PASSED_OVER = {"$RECYCLE.BIN", "RECYCLER", "System Volume Information", "__MACOSX", "lost+found"}


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it, so that half a file is never seen.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    content : bytes

    Raises
    ------
    OSError
        If it cannot be written; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def project_folder() -> Path:
    """Return the course's folder: the nearest one from here upwards that holds ``course.py``."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "course.py").is_file()), here)


def work_folder() -> Path:
    """Return the folder for what the course makes (``SER_WORK``, else ``work/`` in the project)."""
    return project_folder() / (os.environ.get("SER_WORK") or "work")


def find_table(name: str, folder: Path) -> Path | None:
    """Find one of ``TABLES`` where it lies in CREMA-D's repository, or beside the clips."""
    places = [f / n for f in (folder, folder.parent) for n in (name, Path(name).name)]
    return next((place for place in places if place.is_file()), None)


def is_table(path: Path, sha256: str) -> bool:
    """Tell whether a file is there and its text has this SHA-256, whatever its line ends."""
    # Git on Windows turns LF into CR LF; the table is the same.
    return (
        path.is_file()
        and hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() == sha256
    )


def walk(folder: Path, unreadable: list[tuple[Path, str]] | None = None) -> Iterator[Path]:
    """Find the files in a folder and its subfolders, following links.

    Hidden files and folders are passed over (trash, checkpoints, the twins ``._name`` that macOS
    leaves on USB sticks), and so is what a link leads to a second time.

    Parameters
    ----------
    folder : Path
        Itself may be hidden, or a link.
    unreadable : list, optional
        Gets each folder that cannot be opened, and why.

    Yields
    ------
    Path
        Sorted within each folder.
    """

    def note(error: OSError) -> None:
        if unreadable is not None:
            unreadable.append((Path(error.filename), error.strerror or str(error)))

    seen: set[str] = set()
    for here, folders, names in os.walk(folder, onerror=note, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # a link that leads back, or the same folder by another way
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in PASSED_OVER)
        for name in sorted(names):
            path = os.path.join(here, name)
            if name.startswith(".") or (os.path.islink(path) and os.path.realpath(path) in seen):
                continue
            if os.path.islink(path):
                seen.add(os.path.realpath(path))
            yield Path(path)
