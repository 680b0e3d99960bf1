"""The exercises of the course: ``exercises.check("frame_signal", frame_signal)``.

Each exercise has a right solution, fresh inputs to try a learner's function on, edge cases among
them, and typical mistakes with what to say about them. What comes back says what was expected, what
came, and what to think about. A function that still raises ``NotImplementedError`` is "not written
yet", and the notebook goes on.

One module holds the exercises of one notebook:

==============  =========
Module          Notebook
==============  =========
``listening``   00
``sound``       01
``mfccs``       02
``splitting``   03
``network``     04
``training``    05
``scoring``     06
``leaks``       07
``votes``       08
``frames``      09
``channels``    10
``frameworks``  11
``streams``     12
``pretrained``  13
``studies``     14
==============  =========

Those of a class stand in ``classroom_sound`` and so on, one module for each notebook of
``classroom/exercises``; the course's notebooks do not solve them.
"""

import difflib
from collections.abc import Callable, Iterator
from importlib import import_module

from ser_helpers.errors import DataError
from ser_helpers.exercises.checking import Exercise, Mistake, Verdict, judge

__all__ = ["TOPICS", "Exercise", "Mistake", "Verdict", "check", "find", "judge", "of_topic"]

#: The modules, in the order of the notebooks.
TOPICS = (
    "listening",
    "sound",
    "mfccs",
    "splitting",
    "network",
    "training",
    "scoring",
    "leaks",
    "votes",
    "frames",
    "channels",
    "frameworks",
    "streams",
    "pretrained",
    "studies",
    "classroom_sound",
    "classroom_mfccs",
    "classroom_splitting",
    "classroom_network",
    "classroom_training",
    "classroom_scoring",
    "classroom_leaks",
    "classroom_frames",
    "classroom_pretrained",
    "classroom_studies",
)


def of_topic(topic: str) -> tuple[Exercise, ...]:
    """List the exercises of one module of ``TOPICS``, in the order of its notebook."""
    return import_module(f"{__name__}.{topic}").EXERCISES


def find(name: str) -> Exercise:
    """Find an exercise by its name.

    Parameters
    ----------
    name : str

    Returns
    -------
    Exercise

    Raises
    ------
    DataError
        If there is none of that name; the message names those like it.
    """
    known = []
    for exercise in _all():  # modules further down are not imported before they are needed
        if exercise.name == name:
            return exercise
        known.append(exercise.name)
    like = difflib.get_close_matches(name, known, n=3) or known
    raise DataError(f"there is no exercise {name!r}: did you mean {', '.join(like)}?")


def check(name: str, function: Callable, *, seed: int = 0) -> Verdict:
    """Check a learner's function, kindly.

    Parameters
    ----------
    name : str
        The exercise, e.g. "frame_signal".
    function : callable
        The function, or class, as the exercise asks for it.
    seed : int
        Of the inputs on which it is tried.

    Returns
    -------
    Verdict
        ``print`` it, or make it the last line of a cell. ``.right`` is True if it passed.

    Raises
    ------
    DataError
        If there is no such exercise, or ``function`` cannot be called.

    Examples
    --------
    >>> def rms(y):
    ...     return (y**2).mean()
    >>> print(check("rms", rms))  # doctest: +ELLIPSIS
    rms: not yet. With y = ...
      Hint: ...
    """
    exercise = find(name)
    if not callable(function):
        raise DataError(
            f"the second argument is {function!r}, which cannot be called: give the function "
            f'itself, without brackets, `exercises.check("{name}", {name})`'
        )
    return judge(exercise, function, seed=seed)


def _all() -> Iterator[Exercise]:
    for topic in TOPICS:
        yield from of_topic(topic)
