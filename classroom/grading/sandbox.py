"""Start a process for each student, wait for what it sends, and end it, whatever it does."""

import multiprocessing
import os
import pickle
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil

from grading import child, wire
from grading.child import Job, Work
from ser_helpers.exercises.checking import Attempt

_LONGEST_START = 180.0  # seconds; a slow disk, PyTorch for the first time
_LONGEST_MESSAGE = 100_000_000  # bytes
_MOST_PROCESSES = 40
_MOST_FAILURES = 4  # in a row
_LOOK_EVERY = 0.1  # seconds
#: Forking a process that has the libraries already takes moments; only Linux does so reliably.
METHOD = "forkserver" if sys.platform == "linux" else "spawn"
#: Students share the processors; no window opens; librosa's loops are not compiled while time runs;
#: the corpus is the one that every machine has; and no module is
#: looked for where the teacher stands, which may be among the submissions.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "NUMBA_DISABLE_JIT": "1",
    "SER_DATA": "demo",
    "PYTHONSAFEPATH": "1",
}


@dataclass(frozen=True)
class Limits:
    """What a student's process may use.

    Attributes
    ----------
    memory : int
        Bytes, beyond what the libraries take.
    private : tuple of str
        Paths that it must not read.
    """

    memory: int = 2 << 30
    private: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What came of one function.

    Attributes
    ----------
    attempts : tuple of Attempt
        One per input; none if there was a problem.
    problem : str
        Why it could not be tried to the end, or empty.
    """

    attempts: tuple[Attempt, ...] = ()
    problem: str = ""


class Room:
    """Where submissions are tried, several at a time.

    Parameters
    ----------
    limits : Limits
    preload : sequence of str
        Modules that every process has from the start, where processes are forked.
    method : {"forkserver", "spawn"}
        How processes are started.
    """

    def __init__(
        self, limits: Limits, *, preload: Sequence[str] = (), method: str = METHOD
    ) -> None:
        self.limits = limits
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(list(preload))
        self._starting = threading.Lock()

    def examine(self, works: Sequence[Work]) -> dict[str, Outcome]:
        """Try each function of a submission.

        Parameters
        ----------
        works : sequence of Work

        Returns
        -------
        dict
            Of each work's id, an Outcome. One that hangs or ends its process costs no other: the
            rest is tried in a new process.

        Raises
        ------
        RuntimeError
            If the system starts no process; that is nobody's fault.
        """
        outcomes: dict[str, Outcome] = {}
        failures = 0
        while left := [work for work in works if work.id not in outcomes]:
            before = len(outcomes)
            for name, outcome in self._one_process(left):
                outcomes[name] = outcome
            failures = failures + 1 if len(outcomes) == before else 0
            if failures == _MOST_FAILURES:
                raise RuntimeError("no process could be started; try fewer students at a time")
            time.sleep(failures)  # the machine may be full, and empty in a moment
        return outcomes

    def _one_process(self, works: Sequence[Work]) -> Iterator[tuple[str, Outcome]]:
        folder = tempfile.mkdtemp(prefix="grade-")
        job = Job(tuple(works), folder, self.limits.private, self.limits.memory)
        receiver, sender = self._context.Pipe(duplex=False)
        watchdog: threading.Timer | None = None
        top: psutil.Process | None = None
        process = self._context.Process(
            target=child.main, args=(sender, pickle.dumps(job)), daemon=True
        )
        try:
            with self._starting, _environment():
                process.start()
            top = known(process.pid)
            sender.close()
            # Beside the limit of each function: a process that sends without end, or half of it.
            longest = _LONGEST_START + sum(work.seconds + 5 for work in works)
            watchdog = threading.Timer(longest, end_all, [top])
            watchdog.daemon = True
            watchdog.start()
            yield from self._listen(receiver, top, works)
        finally:
            if watchdog:
                watchdog.cancel()
            end_all(top)
            process.join(5)
            receiver.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _listen(
        self, receiver: Connection, top: psutil.Process | None, works: Sequence[Work]
    ) -> Iterator[tuple[str, Outcome]]:
        at = ""  # the task that is being tried
        seconds = {work.id: work.seconds for work in works}
        until = time.monotonic() + _LONGEST_START
        while True:
            problem = ""
            try:
                if receiver.poll(_LOOK_EVERY):
                    message = wire.unpack(receiver.recv_bytes(_LONGEST_MESSAGE))
                    if "begin" in message:
                        at = message["begin"]
                        until = time.monotonic() + seconds[at]
                        continue
                    outcome = _outcome(message)
                    if message["end"] != at:
                        raise ValueError("an answer to what was not asked")
                    yield at, outcome
                    at = ""
                    if message["rebound"]:
                        return
                    continue
                if time.monotonic() > until:
                    problem = f"it was stopped after {seconds.get(at, _LONGEST_START):.3g} s: " + (
                        "does a loop never end?"
                    )
                else:
                    problem = self._uses_too_much(top)
            except EOFError:
                problem = "it ends Python itself (`os._exit`, or a crash)"
                if not at:
                    return
            except Exception:  # whatever it is that a student's code made of it
                problem = "what it sent to the grader could not be read"
            if problem:
                if at:
                    yield at, Outcome(problem=problem)
                return

    def _uses_too_much(self, top: psutil.Process | None) -> str:
        processes = tree_of(top)
        if len(processes) > _MOST_PROCESSES:
            return f"it was stopped: it started {len(processes)} processes"
        used = 0
        for process in processes:
            try:
                used += process.memory_info().rss
            except psutil.Error:
                continue
        most = self.limits.memory + (1 << 30)  # the libraries' own
        return f"it was stopped: it took {used / 1e9:.1f} GB of memory" if used > most else ""


@contextmanager
def _environment() -> Iterator[None]:
    """Set the variables that a process started now is to find."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def known(pid: int | None) -> psutil.Process | None:
    """Get hold of a process that has just begun: by its number and by when it began.

    By its number alone, another process might be ended in its place: one that is over leaves its
    number free, and a bomb of processes uses up all numbers within seconds.
    """
    try:
        return psutil.Process(pid) if pid else None
    except psutil.Error:
        return None


def tree_of(top: psutil.Process | None) -> list[psutil.Process]:
    """List a process and all that it started; nothing if it is over."""
    try:
        return [top, *top.children(recursive=True)] if top and top.is_running() else []
    except psutil.Error:
        return []


def end_all(top: psutil.Process | None) -> None:
    """End a process and all that it started, also while more are being started.

    Parameters
    ----------
    top : psutil.Process, optional
        Of :func:`known`; None stands for a process that never began.
    """
    first = tree_of(top)[:1]
    for process in first:
        _send(process.suspend)  # it starts nothing more, and on Linux it takes in the orphans
    for _ in range(100):
        rest = [process for process in tree_of(top)[1:] if _goes_on(process)] if first else []
        if not rest:
            break
        for process in rest:  # from the top down
            _send(process.kill)
        psutil.wait_procs(rest, timeout=0.05)
    for process in first:
        _send(process.kill)


def _send(act: Callable[[], None]) -> None:
    with suppress(psutil.Error):
        act()


def _goes_on(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _outcome(message: dict) -> Outcome:
    if rebound := message["rebound"]:
        names = ", ".join(f"`{name}`" for name in map(str, rebound[:3]))
        return Outcome(problem=f"it gives {names} another meaning, so that no check can be trusted")
    if "problem" in message:
        return Outcome(problem=str(message["problem"]))
    attempts = []
    for sent in message["attempts"]:
        told, error = str(sent["told"])[:2000], str(sent["error"])[:200]
        changed = tuple(int(place) for place in sent["changed"])
        attempts.append(Attempt(sent["answer"], error, told, changed))
    return Outcome(tuple(attempts))


def number_of_workers() -> int:
    """Return how many submissions are tried at a time: one per processor."""
    return max(1, len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)
