"""Try a learner's function on fresh inputs, and say what came out."""

import copy
import html
import inspect
import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
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
    problem : str
        What was wrong, without the input with which it was, or empty.
    """

    name: str
    state: str
    told: str
    hint: str = ""
    problem: str = ""

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


@dataclass(frozen=True)
class Attempt:
    """What a function did with one input.

    Attributes
    ----------
    answer : object
        What was observed.
    error : str
        The type of the error with which it stopped, or empty.
    told : str
        The error and the line in which it arose, or empty.
    changed : tuple of int
        The arguments that it changed, by their position.
    """

    answer: Any = None
    error: str = ""
    told: str = ""
    changed: tuple[int, ...] = ()


def attempt(observe: Callable[..., Any], function: Callable, arguments: tuple) -> Attempt:
    """Try a function on one input, of which it gets a copy.

    Parameters
    ----------
    observe : callable
        That of the exercise.
    function : callable
        The learner's; also a class.
    arguments : tuple

    Returns
    -------
    Attempt
    """
    given = copy.deepcopy(arguments)
    try:
        answer = observe(function, *given)
    except (Exception, SystemExit) as error:  # whatever a learner's code does
        return Attempt(error=_name_of(error), told=_where(error, function))
    pairs = enumerate(zip(arguments, given, strict=True))
    changed = tuple(
        place
        for place, (before, after) in pairs
        if isinstance(before, _DATA) and difference(before, after, rtol=0, atol=0)
    )
    return Attempt(answer, changed=changed)


class Trial:
    """The inputs of an exercise, drawn once, and what is to come out.

    Parameters
    ----------
    exercise : Exercise
    seed : int
        Of the inputs.

    Attributes
    ----------
    inputs : list of tuple
        The arguments, ordinary cases first.
    """

    def __init__(self, exercise: Exercise, *, seed: int = 0) -> None:
        self.exercise = exercise
        self.inputs = [tuple(given) for given in exercise.inputs(np.random.default_rng(seed))]
        self._mistaken = cache(self._try_mistake)  # many learners may be asked about the same
        self.expected = cache(self._expect)

    def verdict(self, attempt_of: Callable[[int], Attempt]) -> Verdict:
        """Judge what a function did, until it fails or all is right.

        Parameters
        ----------
        attempt_of : callable
            Given the number of an input, returns what the function did with it.

        Returns
        -------
        Verdict
        """
        name = self.exercise.name
        for i in range(len(self.inputs)):
            done = attempt_of(i)
            if done.error == NotImplementedError.__name__:
                told = "Write it and run this cell again to have it checked."
                return Verdict(name, "not written", told)
            if problem := self._problem(i, done):
                told = f"{_with(self.exercise, self.inputs[i])} {problem}"
                return Verdict(name, "wrong", told, self._hint(i, attempt_of), problem)
            for place in done.changed:
                what = _parameters(self.exercise)[place]
                told = f"The answer is right, but `{what}` is changed on the way."
                return Verdict(name, "wrong", told, f"Work on a copy of `{what}`.", told)
        return Verdict(name, "right", f"It was tried on {len(self.inputs)} inputs.")

    def answers(self, i: int, done: Attempt) -> bool:
        """Tell whether an attempt at input number ``i`` gave the right answer."""
        return self._problem(i, done) is None

    def _problem(self, i: int, done: Attempt) -> str | None:
        if done.error:
            return f"it stops with {done.told}"
        problem = self.exercise.differs(self.expected(i), done.answer)
        return problem and (problem if problem.endswith("?") else f"{problem}.")

    def _expect(self, i: int) -> Any:
        return self.exercise.observe(self.exercise.reference, *copy.deepcopy(self.inputs[i]))

    def _try_mistake(self, mistake: Mistake, i: int) -> Attempt:
        return attempt(self.exercise.observe, mistake.does, self.inputs[i])

    def _hint(self, first: int, attempt_of: Callable[[int], Attempt]) -> str:
        """Find the typical mistake that does the same on the failing input, the first of these.

        Where several do, the further inputs decide.
        """
        suspects = list(self.exercise.mistakes)
        for i in range(first, len(self.inputs)):
            done = attempt_of(i)
            same = [m for m in suspects if self._alike(self._mistaken(m, i), done)]
            suspects = same or suspects[:1]
            if not same and i == first:
                return ""
            if len(suspects) == 1:
                break
        return suspects[0].hint if suspects else ""

    def _alike(self, one: Attempt, other: Attempt) -> bool:
        if one.error or other.error:
            return one.error == other.error
        return self.exercise.differs(one.answer, other.answer) is None


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
    trial = Trial(exercise, seed=seed)
    return trial.verdict(cache(lambda i: attempt(exercise.observe, function, trial.inputs[i])))


def _name_of(error: BaseException) -> str:
    """Name the type of an error; a stub may raise one derived from NotImplementedError."""
    kind = NotImplementedError if isinstance(error, NotImplementedError) else type(error)
    return kind.__name__


def _parameters(exercise: Exercise) -> list[str]:
    return list(inspect.signature(exercise.reference).parameters)


def _with(exercise: Exercise, arguments: tuple) -> str:
    """Name the inputs: ``With y: array of shape (400,), sr = 16000,``."""
    named = [
        f"{name} = {short(value)}"
        for name, value in zip(_parameters(exercise), arguments, strict=False)
    ]
    return f"With {', '.join(named)}:" if named else "Called without arguments:"


def _where(error: BaseException, function: Callable) -> str:
    """Name an error and the line of the learner's function in which it arose."""
    text = f"{type(error).__name__}: {error}".rstrip(".")
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file and frame.line:
            return f"{text} (at `{frame.line.strip()}`)."
    return f"{text}."
