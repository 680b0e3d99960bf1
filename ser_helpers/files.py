"""Where the course's files are, and how one is written so that nothing is ever half there."""

import hashlib
import os
from pathlib import Path


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
