"""Where the course's files are, how a folder is searched, and how a file is written safely."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: Folders of deleted or copied files, in lower case: of Windows, macOS's zips, Synology and QNAP.
#: Those of Linux and macOS are hidden (``.Trash-1000``), as are ``.git``, ``.ipynb_checkpoints``.
PASSED_OVER = {
    "$recycle.bin", "recycler", "system volume information", "__macosx", "lost+found", "#recycle",
    "@recycle", "@eadir",
}  # fmt: skip


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
    # cmd.exe keeps quotation marks, and the space before `&&`; only shells expand the tilde.
    given = os.environ.get("SER_WORK", "").strip(" \t\r\n\"'")
    return project_folder() / os.path.expanduser(given or "work")


def why_not_writable(folder: Path) -> str | None:
    """Try to write to a folder, or, if it is not there yet, to where it would be made.

    Parameters
    ----------
    folder : Path
        It is not made, and nothing stays in it.

    Returns
    -------
    str or None
        The system's reason, e.g. "Read-only file system"; None if it can be written to.
    """
    try:
        place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(65_536))  # an empty file fits on a full disk, too
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None


def find_table(name: str, folder: Path) -> Path | None:
    """Find one of ``TABLES`` where it lies in CREMA-D's repository, or beside the clips."""
    places = [f / n for f in (folder, folder.parent) for n in (name, Path(name).name)]
    return next((place for place in places if place.is_file()), None)


def hash_file(path: Path, algorithm: str = "sha256") -> str:
    """Return a file's checksum, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


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
    leaves on USB sticks), and so is what a link leads to a second time: what is really there comes
    before what is linked. A link to a folder above is not followed, or all of a disk might be
    searched; what is no file, such as a pipe, is none here either.

    Parameters
    ----------
    folder : Path
        Itself may be hidden, or a link.
    unreadable : list, optional
        Gets each folder that cannot be opened, and why.

    Yields
    ------
    Path
        Sorted. A link that leads nowhere is among them.
    """
    top = os.path.realpath(folder)
    places: list[str] = [str(folder)]
    linked_places: list[str] = []
    files: dict[str, str] = {}  # what is really there: real path to path
    links = []
    seen = set()
    while places or linked_places:
        here = places.pop() if places else linked_places.pop(0)
        real = os.path.realpath(here)
        above = real != top and os.path.join(top, "").startswith(os.path.join(real, ""))
        if real in seen or above:
            continue
        seen.add(real)
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if unreadable is not None:
                unreadable.append((Path(here), error.strerror or str(error)))
            continue
        for entry in entries:
            path = os.path.join(here, entry.name)
            is_link, is_folder = os.path.islink(path), os.path.isdir(path)
            if entry.name.startswith(".") or (is_folder and entry.name.lower() in PASSED_OVER):
                continue
            if is_folder:
                (linked_places if is_link else places).append(path)
            elif is_link:
                links.append(path)
            elif entry.is_file():
                files[os.path.join(real, entry.name)] = path
    for path in sorted(links):
        real = os.path.realpath(path)
        twin = os.path.basename(real) == os.path.basename(path) and real in files
        if not twin and (os.path.isfile(real) or not os.path.exists(real)):
            # Under another name it is another file, as a clip named by a link is.
            same_name = os.path.basename(real) == os.path.basename(path)
            files[real if same_name else path] = path
    yield from sorted(map(Path, files.values()))
