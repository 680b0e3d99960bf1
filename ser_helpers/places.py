"""Where a corpus is: the folder behind a name, and the sound files in it."""

import contextlib
import os
from pathlib import Path

from ser_helpers.audio import OTHER_SOUND_SUFFIXES, SUFFIXES
from ser_helpers.errors import DataError
from ser_helpers.files import project_folder, walk
from ser_helpers.names import CORPUS_FOLDERS

DEMO_FOLDER = Path(__file__).parent / "demo_voices"


def folder_of(source: str | Path | None = None) -> Path:
    """Return the folder that :func:`ser_helpers.data.open_corpus` opens.

    Parameters
    ----------
    source : str or Path, optional
        As of :func:`ser_helpers.data.open_corpus`.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it is not there.
    """
    text = str(source or os.environ.get("SER_DATA") or "auto")
    # cmd.exe keeps quotation marks, and the space before `&&`.
    plain = text if Path(text).is_dir() else text.strip().strip("\"'").strip()
    word = plain.lower() or "auto"
    data_folder = project_folder() / "data"
    if word == "auto":
        here = any(sound_files(data_folder / CORPUS_FOLDERS["cremad"]))
        word = "cremad" if here else "demo"
    if word in CORPUS_FOLDERS:
        folder = data_folder / CORPUS_FOLDERS[word]
        if not folder.is_dir():
            raise DataError(
                f"{folder} is not there: get it by `python -m ser_helpers.download {word}`"
            )
        return folder
    return DEMO_FOLDER if word == "demo" else _resolve(Path(plain))


def _resolve(folder: Path) -> Path:
    """Find a folder given relative to the current folder or to the project."""
    with contextlib.suppress(RuntimeError):  # there is no such user
        folder = folder.expanduser()
    for candidate in (folder, project_folder() / folder):
        if candidate.is_dir():
            return candidate.resolve()
    if folder.exists():
        raise DataError(f"{folder} is a file; give the folder that holds the clips")
    raise DataError(
        f"there is no folder {folder} (looked from {Path.cwd()}): check SER_DATA or the path, or "
        "use 'demo' for the voices that come with the course"
    )


def sound_files(folder: Path, unreadable: list | None = None) -> list[Path]:
    """List the files that hold sound by their suffix; of several formats the best comes first."""
    known = (*SUFFIXES, *OTHER_SOUND_SUFFIXES)
    found = [path for path in walk(folder, unreadable) if path.suffix.lower() in known]
    return sorted(found, key=lambda path: (known.index(path.suffix.lower()), path))
