"""Exercises of notebook 00: a label for each clip, a guess for each clip."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

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


def _per_cent(guesses: Sequence[str], answers: Sequence[str]) -> float:
    return 100 * share_right(guesses, answers)


def _of_six(guesses: Sequence[str], answers: Sequence[str]) -> float:
    return _number_right(guesses, answers) / 6


def _names_in_both(guesses: Sequence[str], answers: Sequence[str]) -> float:
    return len(set(guesses) & set(answers)) / len(set(answers))


def recall_of(matrix: pd.DataFrame, emotion: str) -> float:
    """Return the share of an emotion's clips that was found; rows of the matrix are true."""
    return matrix.loc[emotion, emotion] / matrix.loc[emotion].sum()


def _matrices(rng: np.random.Generator) -> Iterator[tuple]:
    for n in (2, 6, 3):
        names = list(EMOTIONS[:n])
        counts = rng.integers(1, 30, (n, n)) + np.diag(rng.integers(5, 30, n))
        yield pd.DataFrame(counts, names, names), str(rng.choice(names))
    yield pd.DataFrame([[0, 4], [1, 5]], ["ANG", "SAD"], ["ANG", "SAD"]), "ANG"


def _precision(matrix: pd.DataFrame, emotion: str) -> float:
    return matrix.loc[emotion, emotion] / matrix[emotion].sum()


def _share_of_everything(matrix: pd.DataFrame, emotion: str) -> float:
    return matrix.loc[emotion, emotion] / matrix.to_numpy().sum()


def _count(matrix: pd.DataFrame, emotion: str) -> float:
    return matrix.loc[emotion, emotion]


EXERCISES = (
    Exercise(
        share_right,
        _guesses,
        (
            Mistake(_number_right, "That is how many are right. Which share of all are they?"),
            Mistake(_per_cent, "That is per cent. A share goes from 0 to 1."),
            Mistake(_of_six, "Not every list has six answers. How many are there in this one?"),
            Mistake(
                _names_in_both,
                "You compare which emotions occur at all. Compare the first guess with the first "
                "answer, the second with the second, and so on: `zip` makes the pairs.",
            ),
        ),
    ),
    Exercise(
        recall_of,
        _matrices,
        (
            Mistake(
                _precision,
                "You divide by all clips that were *called* so: a column. Recall asks about all "
                "clips that *are* so, which is a row: `matrix.loc[emotion]`.",
            ),
            Mistake(
                _share_of_everything,
                "You divide by all clips. Only the clips of this emotion count.",
            ),
            Mistake(_count, "That is how many were found. Of how many?"),
        ),
    ),
)
