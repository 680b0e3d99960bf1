"""The same work for every clip: on all processors, bad clips set aside, results kept in a store.

``features``, ``frames`` and ``leak`` say what is computed from one clip; here is everything around
it. A store is one ``.npz`` file that holds a row of numbers per clip under the SHA-256 of the
clip's bytes: a changed clip has another key, so that a stale row is never read.
"""

import functools
import io
import time
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, MutableMapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from ser_helpers import files
from ser_helpers.errors import DataError
from ser_helpers.files import replace_file

AT_ONCE = 16  # clips handed to a worker together: handing over takes about as long as one of them
MOST_PROCESSES = 4  # more of them wait for each other
MOST_ROWS = 100_000  # of a store, about 110 MB; beyond, the rows not asked for the longest are left
PATIENCE = 5.0  # seconds; a run that was killed may have left its lock behind

Bar = Callable[[Iterable, int], Iterable]


def processes(n_jobs: int) -> int:
    """Return how many workers to start: ``n_jobs``, or all processors, but four at most."""
    return min(joblib.effective_n_jobs(n_jobs), MOST_PROCESSES) if n_jobs < 0 else n_jobs


def hash_file(path: str | Path) -> str:
    """Compute the SHA-256 of a file's bytes; a file that cannot be read gets a word instead."""
    try:
        return files.hash_file(Path(path))
    except OSError:  # `load_clip` will say what is wrong
        return f"unreadable {path}"


def hash_files(paths: Iterable[str | Path], *, n_jobs: int = -1) -> list[str]:
    """Compute :func:`hash_file` of many files."""
    pool = joblib.Parallel(n_jobs=n_jobs, batch_size=AT_ONCE, prefer="threads")
    return pool(joblib.delayed(hash_file)(path) for path in paths)


def or_reason(work: Callable) -> Callable:
    """Make a function return the message of a DataError instead of raising it."""

    @functools.wraps(work)
    def guarded(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        except DataError as error:
            return str(error)

    return guarded


def run(
    work: Callable,
    todo: Mapping[Hashable, tuple],
    *,
    into: MutableMapping[Hashable, Any],
    n_jobs: int = 1,
    at_once: int = AT_ONCE,
    bar: Bar = lambda results, total: results,
) -> None:
    """Call a function once per clip.

    Parameters
    ----------
    work : callable
        Defined at the top of a module, so that another process can find it.
    todo : mapping
        Arguments of each call, as a tuple, by key.
    into : mapping
        Results are put here one by one, in the order of ``todo``, so that an interrupted run still
        has what was computed.
    n_jobs, at_once : int
        Number of workers, and of calls handed to one together. Workers are threads: NumPy, SciPy
        and libsndfile let each other work. Within ``joblib.parallel_config(backend=...)`` they are
        what the caller chose: processes, or a Dask cluster.
    bar : callable
        Wraps the results in a progress bar, given their number.

    Warns
    -----
    UserWarning
        If a worker process was killed; this process then does the rest.
    """
    pool = joblib.Parallel(
        n_jobs=n_jobs, batch_size=at_once, prefer="threads", return_as="generator"
    )
    results = pool(joblib.delayed(work)(*arguments) for arguments in todo.values())
    try:
        for key, result in zip(todo, bar(results, len(todo)), strict=True):
            into[key] = result
    except BrokenProcessPool:
        rest = {key: arguments for key, arguments in todo.items() if key not in into}
        warnings.warn(
            "a worker process was killed, probably for lack of memory: this one does the remaining "
            f"{len(rest)} of {len(todo)} clips alone; with n_jobs=1 no worker is started",
            stacklevel=2,
        )
        for key in bar(rest, len(rest)):
            into[key] = work(*rest[key])


def run_stored(
    work: Callable,
    paths: pd.Series,
    *arguments: Any,
    store: Path,
    width: int,
    write: Callable[[Path, bytes], None] = replace_file,
    n_jobs: int = 1,
    **pool: Any,
) -> tuple[dict[Hashable, np.ndarray | str], list[str]]:
    """Compute a row of numbers per clip, or read it from a store.

    Parameters
    ----------
    work : callable
        ``work(path, *arguments)`` returns a row of ``width`` float32 numbers, or a reason (str)
        why there is none; see :func:`or_reason`.
    paths : pandas.Series of Path
        Indexed by clip.
    *arguments
        Whatever else ``work`` needs.
    store : Path
        An ``.npz`` file whose name says all that a row depends on besides the clip.
    width : int
    write : callable
        Writes the store, as :func:`ser_helpers.files.replace_file` does.
    n_jobs, **pool
        As in :func:`run`.

    Returns
    -------
    results : dict
        Row or reason of each clip, in the order of ``paths``.
    keys : list of str
        SHA-256 of each file, in the same order.
    """
    keys = hash_files(paths, n_jobs=n_jobs)
    known: dict = dict(read_rows(store, width))
    files = zip(keys, paths, strict=True)
    todo: dict[Hashable, tuple] = {k: (p, *arguments) for k, p in files if k not in known}
    try:
        if todo:
            run(work, todo, into=known, n_jobs=n_jobs, **pool)
    finally:  # interrupted half-way, the next call goes on from there
        new = any(isinstance(known.get(key), np.ndarray) for key in todo)
        used = {key: known[key] for key in keys if isinstance(known.get(key), np.ndarray)}
        if new:
            add_rows(store, used, write=write)
    results = {}
    for clip, path, key in zip(paths.index, paths, keys, strict=True):
        result = known[key]
        if isinstance(result, str):  # of two equal files one was read; the reason names this one
            result = result.replace(Path(todo[key][0]).name, Path(path).name)
        results[clip] = result
    return results, keys


def set_aside(results: Mapping[Hashable, Any]) -> dict[Hashable, str]:
    """Find the clips that have a reason instead of a result, and warn of them.

    Parameters
    ----------
    results : mapping
        Result or reason of each clip.

    Returns
    -------
    dict of str
        ``{clip: reason}``.

    Raises
    ------
    DataError
        If not one clip can be used.
    """
    reasons = {clip: result for clip, result in results.items() if isinstance(result, str)}
    if reasons:
        shown = "; ".join(list(reasons.values())[:5])
        if len(reasons) == len(results):
            raise DataError(f"not one of the {len(results)} clips can be used: {shown}")
        warnings.warn(f"{len(reasons)} of {len(results)} clips set aside: {shown}", stacklevel=3)
    return reasons


def read_rows(store: Path, width: int) -> dict[str, np.ndarray]:
    """Read a store, the rows asked for last at the end; empty, with a warning, if it is damaged."""
    try:
        with np.load(io.BytesIO(store.read_bytes()), allow_pickle=False) as saved:
            keys, rows = saved["keys"].astype(str), saved["rows"]
        if rows.dtype != np.float32 or rows.shape != (len(keys), width):
            raise ValueError(f"rows of the shape {rows.shape}, not {(len(keys), width)}")
    except FileNotFoundError:
        return {}
    except Exception as error:  # closed, half-written or foreign: many kinds of errors are raised
        warnings.warn(f"the cache {store} cannot be read ({error}); computing anew", stacklevel=3)
        return {}
    return dict(zip(keys.tolist(), rows, strict=True))


def add_rows(
    store: Path,
    rows: Mapping[str, np.ndarray],
    *,
    write: Callable[[Path, bytes], None] = replace_file,
) -> None:
    """Add rows to a store; if it cannot be written, say so and go on.

    What other runs have added meanwhile stays. Beyond ``MOST_ROWS`` the store forgets the rows that
    were not asked for the longest; it may be deleted at any time.
    """
    try:
        with _alone(store), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged store is replaced: `read_rows` said so
            older = read_rows(store, len(next(iter(rows.values()))))
            merged = {key: row for key, row in older.items() if key not in rows} | dict(rows)
            last = list(merged)[-max(MOST_ROWS, len(rows)) :]
            content = io.BytesIO()
            np.savez(content, keys=np.array(last, "S"), rows=np.stack([merged[k] for k in last]))
            write(store, content.getvalue())
    except OSError as error:
        warnings.warn(
            f"what was computed cannot be kept in {store.parent} ({error.strerror or error}): it "
            "will be computed again next time. Make room there, or let the environment variable "
            "SER_WORK name a folder that can be written",
            stacklevel=4,
        )


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Wait until no other run adds to this store: two at once would lose the rows of one."""
    lock = store.with_name(f"{store.name}.lock")
    store.parent.mkdir(parents=True, exist_ok=True)
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            lock.touch(exist_ok=False)
            break
        except FileExistsError:
            if time.monotonic() > give_up:
                break
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
