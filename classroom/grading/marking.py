"""Give points: compare what a student's function answered with what the right one answers.

All points for a function that is right on every hidden input. Half of them if the ordinary cases
are right, and only a special case is not, or an argument is changed on the way. Else none.
"""

import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from grading.child import Work
from grading.needed import Statement
from grading.sandbox import Outcome
from grading.tasks import Task
from ser_helpers import exercises
from ser_helpers.exercises.checking import Attempt, Trial
from ser_helpers.exercises.comparing import difference

#: How often inputs are drawn: three times what a learner's check draws once.
DRAWS = 3


@dataclass(frozen=True)
class Mark:
    """What a task earned.

    Attributes
    ----------
    points : float or None
        None if a teacher is to give them.
    state : str
        "right", "half", "wrong", "not written", "missing", "stopped"; "by hand" for other kinds.
    told : str
        What was expected and what came.
    hint : str
        What to think about, or empty.
    problem : str
        What was wrong, without the input: to count who made the same error.
    source : str
        The notebook in which the answer was found, or empty.
    meant : str
        A function of another name, which may be meant; or empty.
    """

    points: float | None
    state: str
    told: str
    hint: str = ""
    problem: str = ""
    source: str = ""
    meant: str = ""


class Examiner:
    """The hidden test of one function.

    Parameters
    ----------
    task : Task
    seed : int
        Of the class's hidden inputs.
    seconds : float
        The shortest time limit; it is longer where the right function takes long.

    Attributes
    ----------
    topic : str
        The module of the exercises in which the function's stands.
    """

    def __init__(self, task: Task, *, seed: int, seconds: float) -> None:
        self.task = task
        exercise = exercises.find(task.name)
        self.topic = next(
            topic
            for topic in exercises.TOPICS
            if any(other is exercise for other in exercises.of_topic(topic))
        )
        draws = np.random.default_rng([seed, *task.id.encode()]).integers(1, 2**31, DRAWS)
        self._trials = [Trial(exercise, seed=int(draw)) for draw in draws]
        visible = Trial(exercise).inputs
        self._ordinary = [_first_fresh(trial, visible) for trial in self._trials]
        first, *others = self._trials
        _answer_all(first)  # what is slow only once, as an import, is no reason to wait longer
        started = perf_counter()
        for trial in others:
            _answer_all(trial)
        self._seconds = seconds + 15 * (perf_counter() - started)  # ten times all three
        # One at a time: a network among the inputs is as it was when these were drawn.
        self._inputs = pickle.dumps([given for trial in self._trials for given in trial.inputs])

    def work(self, statements: Sequence[Statement]) -> Work:
        """Write down what a student's process has to do."""
        cells = {statement.cell.number: statement.cell for statement in statements}
        places = {
            (number, cell.source): tuple(s.place for s in statements if s.cell.number == number)
            for number, cell in cells.items()
        }
        code = tuple((number, source, chosen) for (number, source), chosen in places.items())
        return Work(self.task.id, self.task.name, self.topic, code, self._inputs, self._seconds)

    def mark(self, outcome: Outcome, source: str = "") -> Mark:
        """Give points to what came of a function.

        Parameters
        ----------
        outcome : Outcome
        source : str
            Of which notebook.

        Returns
        -------
        Mark
        """
        if outcome.problem:
            end = "" if outcome.problem.endswith("?") else "."
            told = f"Your function could not be tried: {outcome.problem}{end}"
            return Mark(0, "stopped", told, problem=outcome.problem, source=source)
        attempts = self._per_trial(outcome.attempts)
        pairs = list(zip(self._trials, attempts, strict=True))
        verdicts = [trial.verdict(done.__getitem__) for trial, done in pairs]
        verdict = next((v for v in verdicts if not v.right), verdicts[0])
        if verdict.right:
            told = f"It was tried on {len(outcome.attempts)} inputs."
            return Mark(self.task.points, "right", told, source=source)
        if verdict.state == "not written":
            return Mark(0, "not written", "It is not written yet.", source=source)
        ordinary = all(
            trial.answers(i, done[i])
            for (trial, done), i in zip(pairs, self._ordinary, strict=True)
        )
        state, told = ("half", _HALF) if ordinary else ("wrong", "")
        return Mark(
            self.task.points / 2 if ordinary else 0,
            state,
            f"{verdict.told} {told}".strip(),
            verdict.hint,
            verdict.problem,
            source,
        )

    def _per_trial(self, attempts: Sequence[Attempt]) -> list[Sequence[Attempt]]:
        if len(attempts) != sum(len(trial.inputs) for trial in self._trials):
            missing = Attempt(error="Missing", told="no answer")
            attempts = [missing] * sum(len(trial.inputs) for trial in self._trials)
        rows, start = [], 0
        for trial in self._trials:
            rows.append(attempts[start : start + len(trial.inputs)])
            start += len(trial.inputs)
        return rows


_HALF = "The ordinary cases are right: half of the points."


def _answer_all(trial: Trial) -> None:
    for i in range(len(trial.inputs)):
        trial.expected(i)


def _first_fresh(trial: Trial, visible: Sequence[tuple]) -> int:
    """Find the ordinary case: the first input that a student has not seen."""
    for i, given in enumerate(trial.inputs):
        if not any(_same(given, seen) for seen in visible):
            return i
    return 0


def _same(one: tuple, other: tuple) -> bool:
    return len(one) == len(other) and all(
        difference(a, b, rtol=0, atol=0) is None for a, b in zip(one, other, strict=True)
    )


def not_found(task: Task, problems: Sequence[str], names_like: Sequence[str] = ()) -> Mark:
    """Mark a function that is in none of the student's notebooks.

    Parameters
    ----------
    task : Task
    problems : sequence of str
        Why a notebook or a cell with it could not be read.
    names_like : sequence of str
        Of functions that may be meant.
    """
    told = f"There is no `{task.name}` in your notebook."
    if names_like and not problems:
        meant = names_like[0]
        told += f" There is `{meant}`: keep the name of the function, by which it is found."
        problem = f"perhaps `{meant}` is meant to be `{task.name}`"
        return Mark(0, "missing", told, problem=problem, meant=meant)
    if problems:
        told = f"`{task.name}` could not be read: {'; '.join(problems)}."
    return Mark(0, "missing", told, problem="it could not be read" if problems else "not there")


def by_hand(task: Task, found: Sequence[str], source: str = "") -> Mark:
    """Mark what a teacher grades: nothing handed in is nothing to grade.

    Parameters
    ----------
    task : Task
    found : sequence of str
        The texts or pictures.
    source : str
        Of which notebook.
    """
    if found:
        return Mark(None, "by hand", "Your teacher grades this.", source=source)
    told = f"There is no answer with `{_sign(task)}`."
    if task.kind == "figure":
        told = (
            f"No picture is stored under the cell with `{_sign(task)}`: run all cells and save "
            "before you hand in."
        )
    return Mark(0, "missing", told, problem="not there")


def _sign(task: Task) -> str:
    return f"**Answer {task.id}**" if task.kind == "text" else f"# Figure {task.id}"


def points_text(points: float) -> str:
    """Write points as short as they are: 4, 1.5.

    Examples
    --------
    >>> points_text(4.0), points_text(1.5)
    ('4', '1.5')
    """
    rounded = round(points, 2)
    return str(int(rounded)) if math.isclose(rounded, int(rounded)) else f"{rounded:g}"
