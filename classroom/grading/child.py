"""What runs in a student's process: define a function, try it on its inputs, send what came out."""

import ast
import linecache
import os
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from grading import guard, wire
from ser_helpers import exercises
from ser_helpers.exercises import checking

#: Modules in which no name that is there may come to mean something else.
_KEPT = ("builtins", "math", "copy", "random", "numpy", "numpy.linalg", "numpy.testing", "pandas",
         "torch", "torch.nn", "torch.nn.functional", "unittest.mock")  # fmt: skip
#: Modules of librosa whose compiled parts must be loaded before nothing can be written any more.
_COMPILED = ("librosa.core.audio", "librosa.core.spectrum", "librosa.core.pitch", "librosa.effects",
             "librosa.feature.spectral", "librosa.onset", "librosa.util.utils")  # fmt: skip


@dataclass(frozen=True)
class Work:
    """One function to try.

    Attributes
    ----------
    id : str
        Of the task.
    name : str
        Of the function and of its exercise.
    topic : str
        The module of the exercises in which that stands: to look for it would import them all.
    code : tuple of (int, str, tuple of int)
        Number and source of each cell, and which of its statements are needed.
    inputs : bytes
        A pickled list of tuples; made by the grader, so that it is safe to load.
    seconds : float
        How long all of it may take.
    """

    id: str
    name: str
    topic: str
    code: tuple[tuple[int, str, tuple[int, ...]], ...]
    inputs: bytes
    seconds: float


@dataclass(frozen=True)
class Job:
    """All that one process is to do.

    Attributes
    ----------
    works : tuple of Work
    folder : str
        Its own, empty.
    private : tuple of str
        Paths that it must not read.
    memory : int
        Bytes, beyond what the libraries take.
    """

    works: tuple[Work, ...]
    folder: str
    private: tuple[str, ...]
    memory: int


def compiled_modules(works: Sequence[Work]) -> tuple[str, ...]:
    """List the modules that take long to load and that some student uses."""
    used = any("librosa" in source for work in works for _, source, _ in work.code)
    return _COMPILED if used else ()


def main(connection: Connection, packed: bytes) -> None:
    """Do a job; nothing but what :mod:`wire` packs is sent.

    Parameters
    ----------
    connection : Connection
    packed : bytes
        A pickled :class:`Job`.
    """
    job: Job = pickle.loads(packed)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # a million lines are nobody's
        os.dup2(nothing, stream)
    sys.stdin, sys.stdout, sys.stderr = (open(n, m, closefd=False) for n, m in enumerate("rww"))  # noqa: SIM115
    inputs = {work.id: pickle.loads(work.inputs) for work in job.works}
    observers = {work.id: _exercise(work).observe for work in job.works}
    for module in compiled_modules(job.works):
        import_module(module)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = job.folder
    os.environ.update(
        dict.fromkeys(("TMPDIR", "TEMP", "TMP", "NUMBA_CACHE_DIR", "SER_WORK"), job.folder)
    )
    os.chdir(job.folder)
    sys.dont_write_bytecode = True
    guard.separate(connection.fileno())
    guard.close_all_but(connection.fileno())
    guard.limit(job.memory, sum(work.seconds for work in job.works))
    guard.hide_exercises()
    guard.watch(job.folder, job.private)
    before = _meanings()
    for work in job.works:
        connection.send_bytes(wire.pack({"begin": work.id}))
        message = _try(work, observers[work.id], inputs[work.id])
        rebound = _rebound(before)
        connection.send_bytes(wire.pack({"end": work.id, "rebound": rebound, **message}))
        if rebound:
            break  # what follows is tried in a process that knows nothing of it
    os._exit(0)


def _exercise(work: Work) -> checking.Exercise:
    return next(e for e in exercises.of_topic(work.topic) if e.name == work.name)


def _try(work: Work, observe: Callable, inputs: list[tuple]) -> dict[str, Any]:
    space, problem = _define(work.code)
    function = space.get(work.name)
    if function is None:
        return {"problem": problem or f"`{work.name}` is not defined"}
    if not callable(function):
        return {"problem": f"`{work.name}` is no function"}
    attempts = []
    for arguments in inputs:
        try:
            attempt = _as_dict(checking.attempt(observe, function, arguments))
            wire.pack(attempt)
        except KeyboardInterrupt:
            return {"problem": "it raises KeyboardInterrupt"}
        except Exception as error:  # an object that lies about its length, say
            told = f"{type(error).__name__} when its answer is read"
            attempt = _as_dict(checking.Attempt(error=type(error).__name__, told=told))
        attempts.append(attempt)
    return {"attempts": attempts}


def _as_dict(attempt: checking.Attempt) -> dict[str, Any]:
    """Turn an attempt into a dictionary without looking into its answer."""
    return {name: getattr(attempt, name) for name in attempt.__dataclass_fields__}


def _define(code: Sequence[tuple[int, str, tuple[int, ...]]]) -> tuple[dict[str, Any], str]:
    """Run what a function needs; return the names, and what went wrong on the way."""
    space: dict[str, Any] = {"__name__": "__main__", "display": _nothing}
    pending = []
    for number, source, places in code:
        name = f"cell {number}"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        body = ast.parse(source).body
        pending += [(name, body[place]) for place in places]
    problems: dict[str, str] = {}
    while pending:
        failed = []
        for name, node in pending:
            try:
                exec(compile(ast.Module([node], []), name, "exec", dont_inherit=True), space)
            except NameError as error:  # defined further down: cells can be in any order
                failed.append((name, node))
                problems[name] = f"{name} stops with NameError: {error}"
            except (Exception, SystemExit) as error:
                problems[name] = f"{name} stops with {type(error).__name__}: {error}"
        if len(failed) == len(pending):
            break
        pending = failed
    return space, "; ".join(problems.values())


def _nothing(*things: object, **options: object) -> None:
    """Stand for what shows things in a notebook."""


def _meanings() -> Mapping[str, dict[str, Any]]:
    found = {}
    for name in _KEPT:
        if name in sys.modules:
            module = import_module(name)
            found[name] = {k: v for k, v in vars(module).items() if not k.startswith("_")}
    return found


def _rebound(before: Mapping[str, dict[str, Any]]) -> list[str]:
    """List the names of the libraries that mean something of the student's now.

    A library may replace what is its own, as PyTorch does when a part of it is imported.
    """
    found = []
    for module, names in before.items():
        for name, meaning in names.items():
            now = vars(sys.modules[module]).get(name)
            library = str(getattr(now, "__module__", "")).partition(".")[0]
            if now is not meaning and library != module.partition(".")[0]:
                found.append(f"{module}.{name}")
    return found
