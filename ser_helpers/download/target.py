"""The folder that a corpus is brought to: its lock, its room, and what is in it."""

import contextlib
import errno
import itertools
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import filelock

from ser_helpers.download.fetcher import check_wav
from ser_helpers.download.sources import Refused, file_key
from ser_helpers.errors import DataError

SCRATCH = ".ser_download"  # below the folder; holds what is on its way, and the lock
SPARE = 50_000_000  # bytes that stay free on the disk
FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT") if hasattr(errno, name)}


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


def look(
    folder: Path, names: Iterable[str], *, home: Callable[[str], Path]
) -> tuple[dict[str, Path], dict[str, int]]:
    """Look for clips in a folder and its subfolders.

    Parameters
    ----------
    folder : Path
    names : iterable of str
        Of the clips, without suffix.
    home : callable
        Where a clip belongs that is not there yet.

    Returns
    -------
    paths : dict of str to Path
        Where each clip is, or belongs.
    here : dict of str to int
        The clips that are here and whole, to their sizes in bytes.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() == ".wav" and not path.name.startswith("._"):
            found.setdefault(file_key(path.name).removesuffix(".wav"), path)
    paths = {name: found[name] if name in found else home(name) for name in names}
    here = {name: paths[name].stat().st_size for name in paths if is_whole(paths[name])}
    return paths, here


def commonest_folder(folder: Path, default: str) -> Path:
    """Return the folder, here or below, in which most WAVs lie; ``folder / default`` if none."""
    counts = Counter(path.parent for path in folder.rglob("*.wav"))
    return counts.most_common(1)[0][0] if counts else folder / default


def is_whole(path: Path) -> bool:
    """Tell whether a file is there and is whole sound."""
    try:
        check_wav(path)
    except (Refused, OSError):
        return False
    return True


def put(new: Path, path: Path) -> None:
    """Give a new file its final name; what had that name before is kept as ``<name>.old``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        olds = (path.with_name(f"{path.name}.old{n or ''}") for n in itertools.count())
        os.replace(path, next(old for old in olds if not old.exists()))
    os.replace(new, path)


def check_room(folder: Path, n_bytes: int) -> None:
    """Raise a DataError if a disk has not so many bytes free, and some to spare."""
    free = shutil.disk_usage(folder).free
    if n_bytes and free < n_bytes + SPARE:
        raise DataError(
            f"{_mb(n_bytes + SPARE)} are needed in {folder} and {_mb(free)} are free: make room, "
            "or give a folder on another disk by --to"
        )


@contextlib.contextmanager
def full_disk_told(folder: Path, n_bytes: Callable[[], int]) -> Iterator[None]:
    """Turn the error of a full disk into a DataError that tells how much is still needed."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise DataError(
            f"the disk is full: {_mb(n_bytes())} more are needed in {folder}. What has arrived is "
            "kept: make room and run the same command again"
        ) from None


def _mb(n_bytes: int) -> str:
    return f"{-(-n_bytes // 1_000_000):,} MB"
