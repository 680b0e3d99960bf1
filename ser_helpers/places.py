"""Where a corpus is: the folder behind a name, and the sound files in it."""

import contextlib
import os
from pathlib import Path

from ser_helpers.audio import OTHER_SOUND_SUFFIXES, SUFFIXES
from ser_helpers.errors import DataError
from ser_helpers.files import project_folder, walk
from ser_helpers.names import CORPUS_FOLDERS

DEMO_FOLDER = Path(__file__).parent / "demo_voices"
_WORDS = ("auto", "demo", *CORPUS_FOLDERS)


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
    if text not in _WORDS and not (Path(text).is_dir() or (project_folder() / text).is_dir()):
        # cmd.exe keeps quotation marks, and the space before `&&`.
        text = text.strip(" \t\r\n\"'") or "auto"
        word = text.lower().rstrip("/\\")
        text = word if word in _WORDS else text
    data_folder = project_folder() / "data"
    if text == "auto":
        here = any(sound_files(data_folder / CORPUS_FOLDERS["cremad"]))
        text = "cremad" if here else "demo"
    if text in CORPUS_FOLDERS:
        folder = data_folder / CORPUS_FOLDERS[text]
        if not folder.is_dir():
            raise DataError(
                f"{folder} is not there: get it by `python -m ser_helpers.download {text}`"
            )
        return folder
    return DEMO_FOLDER if text == "demo" else _resolve(Path(text))


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
    """List the files of sound: the best formats first, what is there before what is linked."""
    known = (*SUFFIXES, *OTHER_SOUND_SUFFIXES)
    found = [path for path in walk(folder, unreadable) if path.suffix.lower() in known]
    rank = {suffix: number for number, suffix in enumerate(known)}
    return sorted(found, key=lambda p: (rank[p.suffix.lower()], p.is_symlink(), p))
