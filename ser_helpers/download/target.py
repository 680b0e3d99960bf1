"""The folder that a corpus is downloaded to: its lock, its room, and what is in it."""

import contextlib
import errno
import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from ser_helpers.checksums import Checksum
from ser_helpers.download.fetcher import Doubtful, check_clip, in_place_of_sound
from ser_helpers.download.sources import Refused, file_key
from ser_helpers.errors import DataError
from ser_helpers.files import walk
from ser_helpers.names import is_ravdess_name

SCRATCH = ".ser_download"  # below the folder; holds what is on its way, and the lock
SPARE = 50_000_000  # bytes that stay free on the disk
FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}


@dataclass
class Clip:
    """A clip that is wanted.

    Attributes
    ----------
    name : str
        Without suffix.
    checksum : Checksum
        As published.
    path : Path
        Where it is, or belongs.
    state : {"verified", "doubtful", "missing"}
        Doubtful: whole sound, but not the published content.
    downloaded : bool
        This run has put it there.
    kept_old : bool
        What was there before is kept beside it.
    problems : list of str
        Why sources did not give it.
    """

    name: str
    checksum: Checksum
    path: Path
    state: str = "missing"
    downloaded: bool = False
    kept_old: bool = False
    problems: list[str] = field(default_factory=list)


def given_path(path: str | Path) -> Path:
    """Read a path as a person gives it: with ``~``, variables, or the quotes of a shell."""
    text = os.fspath(path)
    if not text.strip():
        raise DataError("the path of a folder is empty: was a variable not set?")
    if not os.path.exists(text):
        text = os.path.expandvars(text.strip().strip("\"'"))
    return Path(os.path.expanduser(text)).absolute()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Make a folder and keep other downloads out of it.

    The lock is the system's, on an open file: it goes with the process, however that ends.

    Parameters
    ----------
    folder : Path

    Yields
    ------
    Path
        A folder in it for temporary files, on the same disk.

    Raises
    ------
    DataError
        If another download into this folder is running, or nothing can be written there.
    """
    scratch = folder / SCRATCH
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(scratch / "lock")
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise DataError(
            f"another download into {folder} is running: wait until it has ended, or give another "
            "folder by --to"
        ) from None
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written to ({error.strerror or error}): give another folder by "
            "--to"
        ) from None
    try:
        for left in scratch.iterdir():  # by a run that was killed; half a zip is worth keeping
            if left.is_file() and left.name != "lock" and ".zip" not in left.suffixes:
                left.unlink()
        yield scratch
    finally:
        lock.release()


def find_clips(folder: Path, wanted: Mapping[str, Checksum], pool: Executor) -> list[Clip]:
    """Find clips in a folder and its subfolders, and verify them.

    Parameters
    ----------
    folder : Path
    wanted : mapping of str to Checksum
        Name of each clip, without suffix.
    pool : Executor

    Returns
    -------
    list of Clip
        In the order of ``wanted``. Of several files with one name it is the best. A clip that is
        not there belongs where most of its kind are.
    """
    found: dict[str, list[Path]] = {}
    for path in walk(folder):
        if path.suffix.lower() == ".wav" and path.stem == path.stem.upper():
            found.setdefault(file_key(path.name), []).append(path)
    places = {name: found.get(file_key(f"{name}.wav"), []) for name in wanted}
    homes: dict[str, Counter] = {}
    for name, paths in places.items():
        homes.setdefault(subfolder(name), Counter()).update(path.parent for path in paths)

    def best(name: str) -> Clip:
        parents = homes[subfolder(name)].most_common(1)
        home = parents[0][0] if parents else folder / subfolder(name)
        candidates = [Clip(name, wanted[name], path) for path in places[name]]
        for clip in candidates:
            clip.state = _state(clip)
        candidates.sort(key=lambda clip: ("verified", "doubtful", "missing").index(clip.state))
        return candidates[0] if candidates else Clip(name, wanted[name], home / f"{name}.wav")

    return list(pool.map(best, wanted))


def _state(clip: Clip) -> str:
    try:
        check_clip(clip.path, clip.checksum)
    except Doubtful:
        return "doubtful"
    except (Refused, OSError):
        return "missing"
    return "verified"


def subfolder(name: str) -> str:
    """Return the folder in which a clip is published."""
    return f"Actor_{name[-2:]}" if is_ravdess_name(name) else "AudioWAV"


def put(new: Path, path: Path, *, keep: bool = True) -> bool:
    """Give a new file its final name.

    Parameters
    ----------
    new, path : Path
        Temporary and final name, on the same disk.
    keep : bool
        Keep what had that name before as ``<name>.old``, unless it is only the beginning of the new
        file or what a server sent in place of it.

    Returns
    -------
    bool
        Whether something was kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    keep = keep and path.exists() and not _is_leftover(path, new)
    if keep:
        olds = (path.with_name(f"{path.name}.old{n or ''}") for n in itertools.count())
        os.replace(path, next(old for old in olds if not old.exists()))
    os.replace(new, path)
    return keep


def _is_leftover(path: Path, new: Path) -> bool:
    try:
        with path.open("rb") as file:
            content = file.read(new.stat().st_size + 1)
    except OSError:  # a folder, or a file that may not be read
        return False
    return bool(in_place_of_sound(content[:512])) or new.read_bytes().startswith(content)


def check_room(folder: Path, n_bytes: int) -> None:
    """Raise a DataError if a disk has not so many bytes free, and some to spare."""
    free = shutil.disk_usage(folder).free
    if n_bytes and free < n_bytes + SPARE:
        raise DataError(
            f"{_mb(n_bytes + SPARE)} are needed in {folder} and {_mb(free)} are free: make room, "
            "or give a folder on another disk by --to"
        )


@contextlib.contextmanager
def disk_errors_explained(folder: Path, n_bytes: Callable[[], int]) -> Iterator[None]:
    """Turn an error of the disk into a DataError; if it is full, say how much is still needed."""
    try:
        yield
    except OSError as error:
        kept = "What has arrived is kept"
        if error.errno in FULL:
            raise DataError(
                f"the disk is full: {_mb(n_bytes())} more are needed in {folder}. {kept}: make "
                "room and run the same command again"
            ) from None
        raise DataError(
            f"{error.filename or folder} cannot be written ({error.strerror or error}). {kept}: "
            "check that you may write there, or give another folder by --to"
        ) from error


def _mb(n_bytes: int) -> str:
    return f"{-(-n_bytes // 1_000_000):,} MB"
