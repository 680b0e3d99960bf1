"""Try a learner's function on fresh inputs, and say what came out."""

import copy
import html
import inspect
import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.exercises.comparing import difference, short

_COLOURS = {"right": "#009E73", "wrong": "#D55E00", "not written": "#56B4E9"}


#: What a function must leave as it was; a random generator or a network may change.
_DATA = (np.ndarray, pd.Series, pd.DataFrame, list, dict, set)


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: what somebody would write, and what to say about it.

    Attributes
    ----------
    does : callable
        The wrong function. If it gives the learner's answer, the learner made this mistake.
    hint : str
        What to think about; it does not give the solution away.
    """

    does: Callable
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise: a right function, inputs to try, and typical mistakes.

    Attributes
    ----------
    reference : callable
        A right solution; the exercise goes by its name.
    inputs : callable
        Given a :class:`numpy.random.Generator`, it makes the inputs, one tuple of arguments each:
        the ordinary case first, then the edges.
    mistakes : tuple of Mistake
    observe : callable
        Called with the function and the arguments; returns what is compared. Left out, it is what
        the function returns. A class, say, is observed by what its objects do.
    rtol, atol : float
        Tolerance of numbers.
    """

    reference: Callable
    inputs: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: tuple[Mistake, ...] = ()
    observe: Callable[..., Any] = lambda function, *arguments: function(*arguments)
    rtol: float = 1e-4
    atol: float = 1e-6

    @property
    def name(self) -> str:
        """The name by which the exercise is checked."""
        return self.reference.__name__

    def differs(self, expected: Any, got: Any) -> str | None:
        """Describe the difference between two answers, or return None."""
        return difference(expected, got, rtol=self.rtol, atol=self.atol)


@dataclass(frozen=True, repr=False)
class Verdict:
    """What came out; as the last line of a cell it shows itself.

    Attributes
    ----------
    name : str
        The exercise.
    state : {"right", "wrong", "not written"}
    told : str
        What was expected and what came.
    hint : str
        What to think about, or empty.
    """

    name: str
    state: str
    told: str
    hint: str = ""

    def __repr__(self) -> str:
        return str(self)

    @property
    def right(self) -> bool:
        """True if the function passed."""
        return self.state == "right"

    def __str__(self) -> str:
        hint = f"\n  Hint: {self.hint}" if self.hint else ""
        return f"{self.name}: {self._verdict()}. {self.told}{hint}"

    def _verdict(self) -> str:
        return {"right": "right", "wrong": "not yet", "not written": "not written yet"}[self.state]

    def _repr_html_(self) -> str:
        hint = f"<br><em>Hint:</em> {_marked_up(self.hint)}" if self.hint else ""
        told = _marked_up(self.told)
        if "\n" in self.told:  # a table keeps its lines and columns
            told = f"<pre style='margin:.3em 0'>{html.escape(self.told)}</pre>"
        style = f"border-left:4px solid {_COLOURS[self.state]};padding:.3em 1em"
        return (
            f"<div role='status' style='{style}'><code>{html.escape(self.name)}</code>: "
            f"<strong>{self._verdict()}</strong>. {told}{hint}</div>"
        )


def _marked_up(text: str) -> str:
    """Turn a message into HTML: ``code`` in backticks, *stressed* words."""
    page = html.escape(text)
    page = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", page)
    return re.sub(r"(?<![\w*])\*([^*\s][^*\n]*)\*(?![\w*])", r"<em>\1</em>", page)


def judge(exercise: Exercise, function: Callable, *, seed: int = 0) -> Verdict:
    """Try a function on the inputs of an exercise, until it fails or all are right.

    Parameters
    ----------
    exercise : Exercise
    function : callable
        The learner's; also a class.
    seed : int
        Of the inputs.

    Returns
    -------
    Verdict
    """
    inputs = [tuple(arguments) for arguments in exercise.inputs(np.random.default_rng(seed))]
    for i, arguments in enumerate(inputs):
        expected = exercise.observe(exercise.reference, *copy.deepcopy(arguments))
        given = copy.deepcopy(arguments)
        try:
            got = exercise.observe(function, *given)
        except NotImplementedError:
            return Verdict(
                exercise.name, "not written", "Write it and run this cell again to have it checked."
            )
        except Exception as error:  # whatever a learner's code does
            told = f"{_with(exercise, arguments)} it stops with {_where(error, function)}"
            return Verdict(exercise.name, "wrong", told, _hint(exercise, function, inputs[i:]))
        if problem := exercise.differs(expected, got):
            told = f"{_with(exercise, arguments)} {problem}."
            return Verdict(exercise.name, "wrong", told, _hint(exercise, function, inputs[i:]))
        for name, before, after in zip(_parameters(exercise), arguments, given, strict=False):
            if isinstance(before, _DATA) and difference(before, after, rtol=0, atol=0):
                told = f"The answer is right, but `{name}` is changed on the way."
                return Verdict(exercise.name, "wrong", told, f"Work on a copy of `{name}`.")
    return Verdict(exercise.name, "right", f"It was tried on {len(inputs)} inputs.")


def _hint(exercise: Exercise, function: Callable, inputs: list[tuple]) -> str:
    """Find the typical mistake that does the same on the failing input, the first of these.

    Where several do, the further inputs decide.
    """
    suspects = list(exercise.mistakes)
    for arguments in inputs:
        answer = _answer(exercise, function, arguments)
        same = [
            m for m in suspects if _alike(exercise, _answer(exercise, m.does, arguments), answer)
        ]
        suspects = same or suspects[:1]
        if not same and arguments is inputs[0]:
            return ""
        if len(suspects) == 1:
            break
    return suspects[0].hint if suspects else ""


def _answer(exercise: Exercise, function: Callable, arguments: tuple) -> Any:
    """Return what a function answers, or the error that it raises."""
    try:
        return exercise.observe(function, *copy.deepcopy(arguments))
    except Exception as error:
        return error


def _alike(exercise: Exercise, one: Any, other: Any) -> bool:
    if isinstance(one, Exception) or isinstance(other, Exception):
        return type(one) is type(other)
    return exercise.differs(one, other) is None


def _parameters(exercise: Exercise) -> list[str]:
    return list(inspect.signature(exercise.reference).parameters)


def _with(exercise: Exercise, arguments: tuple) -> str:
    """Name the inputs: ``With y: array of shape (400,), sr = 16000,``."""
    named = [
        f"{name} = {short(value)}"
        for name, value in zip(_parameters(exercise), arguments, strict=False)
    ]
    return f"With {', '.join(named)}:" if named else "Called without arguments:"


def _where(error: Exception, function: Callable) -> str:
    """Name an error and the line of the learner's function in which it arose."""
    text = f"{type(error).__name__}: {error}".rstrip(".")
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file and frame.line:
            return f"{text} (at `{frame.line.strip()}`)."
    return f"{text}."
