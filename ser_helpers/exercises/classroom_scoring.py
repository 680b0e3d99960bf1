"""Exercises of a class on notebook 06: UAR from a confusion matrix, and the hardest speaker."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS


def uar_of(matrix: np.ndarray) -> float:
    """Return the UAR of a confusion matrix of counts; rows are true.

    An emotion that no clip has is left out.
    """
    clips = matrix.sum(axis=1)
    there = clips > 0
    return float((np.diag(matrix)[there] / clips[there]).mean())


def _matrices(rng: np.random.Generator) -> Iterator[tuple]:
    for k in (6, 3):
        matrix = rng.integers(1, 12, (k, k)) + np.diag(rng.integers(5, 30, k))
        matrix[0] *= 9  # one emotion has most of the clips
        yield (matrix,)
    matrix = rng.integers(1, 9, (4, 4))
    matrix[2] = 0  # one emotion does not occur, but is answered
    yield (matrix,)
    yield (np.array([[80, 0], [20, 0]]),)  # always the same answer


def _accuracy(matrix: np.ndarray) -> float:
    return float(np.trace(matrix) / matrix.sum())


def _precision(matrix: np.ndarray) -> float:
    said = matrix.sum(axis=0)
    return float((np.diag(matrix)[said > 0] / said[said > 0]).mean())


def _zero_for_nobody(matrix: np.ndarray) -> float:
    return float((np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)).mean())


def _nan_for_nobody(matrix: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        return float((np.diag(matrix) / matrix.sum(axis=1)).mean())


def hardest_speaker(true: pd.Series, said: pd.Series, speakers: pd.Series) -> tuple[int, float]:
    """Return the speaker of whom the smallest share of clips is right, and that share.

    All three are indexed by clip, not always in the same order. Of equals, the lowest number.
    """
    right = (true == said.reindex(true.index)).groupby(speakers.reindex(true.index)).mean()
    return int(right.idxmin()), float(right.min())


def _answers(rng: np.random.Generator) -> Iterator[tuple]:
    for n_speakers, own in ((6, 12), (10, 8), (3, 20)):
        n = n_speakers * own
        names = [f"clip{i:03d}" for i in range(n)]
        # one speaker has only three clips, none of them right, and another many wrong ones
        who = np.repeat(np.arange(2001, 2001 + n_speakers), own)
        who[own + 3 : 2 * own] = 2001
        true = rng.choice(EMOTIONS[:4], n)
        right = rng.random(n) < np.where(who == 2001, 0.5, 0.8)
        right[who == 2002] = False
        said = np.where(right, true, rng.choice(EMOTIONS[4:], n))
        speakers = pd.Series(who, names)
        mixed = pd.Series(said, names).sample(frac=1, random_state=int(rng.integers(99)))
        yield pd.Series(true, names), mixed, speakers
    names = list("abcd")
    yield (
        pd.Series(["ANG", "SAD", "ANG", "SAD"], names),
        pd.Series(["ANG", "ANG", "ANG", "ANG"], names),
        pd.Series([7, 7, 5, 5], names),
    )
    yield (
        pd.Series(["ANG", "SAD", "ANG", "SAD"], names),
        pd.Series(["SAD", "ANG", "ANG", "ANG"], names[::-1]),
        pd.Series([7, 7, 5, 5], names),
    )


def _most_wrong(true: pd.Series, said: pd.Series, speakers: pd.Series) -> tuple[int, float]:
    wrong = (true != said.reindex(true.index)).groupby(speakers).sum()
    right = (true == said.reindex(true.index)).groupby(speakers).mean()
    return int(wrong.idxmax()), float(right[wrong.idxmax()])


def _by_position(true: pd.Series, said: pd.Series, speakers: pd.Series) -> tuple[int, float]:
    right = pd.Series(true.to_numpy() == said.to_numpy(), true.index).groupby(speakers).mean()
    return int(right.idxmin()), float(right.min())


def _easiest(true: pd.Series, said: pd.Series, speakers: pd.Series) -> tuple[int, float]:
    right = (true == said.reindex(true.index)).groupby(speakers).mean()
    return int(right.idxmax()), float(right.max())


def _share_of_wrong(true: pd.Series, said: pd.Series, speakers: pd.Series) -> tuple[int, float]:
    speaker, right = hardest_speaker(true, said, speakers)
    return speaker, 1 - right


EXERCISES = (
    Exercise(
        uar_of,
        _matrices,
        (
            Mistake(
                _accuracy,
                "That is the accuracy: an emotion with many clips counts more. In UAR each emotion "
                "counts the same.",
            ),
            Mistake(
                _precision,
                "You divided by what was *said*. Rows are true: which sum is the number of clips?",
            ),
            Mistake(
                _zero_for_nobody,
                "An emotion without clips was counted as never found. It is to be left out.",
            ),
            Mistake(
                _nan_for_nobody,
                "An emotion without clips gives 0 / 0. Leave it out before you take the mean.",
            ),
        ),
    ),
    Exercise(
        hardest_speaker,
        _answers,
        (
            Mistake(
                _most_wrong,
                "You counted wrong answers; who has more clips has more of them. Take the share.",
            ),
            Mistake(
                _by_position,
                "The answers stand in another order than the labels. Join them by the clip's name.",
            ),
            Mistake(_easiest, "That is the easiest speaker."),
            Mistake(_share_of_wrong, "The speaker is right. Return the share that is *right*."),
        ),
    ),
)
