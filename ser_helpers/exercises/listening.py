"""Exercises of notebook 00: a label for each clip, a guess for each clip."""

from collections.abc import Iterator, Sequence

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS


def share_right(guesses: Sequence[str], answers: Sequence[str]) -> float:
    """Return the share of guesses that are right."""
    return sum(g == a for g, a in zip(guesses, answers, strict=True)) / len(answers)


def _guesses(rng: np.random.Generator) -> Iterator[tuple]:
    for n in (6, 20, 1):
        yield [str(e) for e in rng.choice(EMOTIONS, n)], [str(e) for e in rng.choice(EMOTIONS, n)]
    yield ["ANG", "SAD"], ["ANG", "SAD"]
    yield ["ANG", "SAD"], ["SAD", "ANG"]


def _number_right(guesses: Sequence[str], answers: Sequence[str]) -> int:
    return sum(g == a for g, a in zip(guesses, answers, strict=True))


def _names_in_both(guesses: Sequence[str], answers: Sequence[str]) -> float:
    return len(set(guesses) & set(answers)) / len(set(answers))


EXERCISES = (
    Exercise(
        share_right,
        _guesses,
        (
            Mistake(_number_right, "That is how many are right. Which share of all are they?"),
            Mistake(
                _names_in_both,
                "You compare which emotions occur at all. Compare the first guess with the first "
                "answer, the second with the second, and so on: `zip` makes the pairs.",
            ),
        ),
    ),
)
