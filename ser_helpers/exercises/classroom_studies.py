"""Exercises of a class on notebook 14: who gains, and what is left of many findings."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS


def who_gains(true: pd.Series, a: pd.Series, b: pd.Series, speakers: pd.Series) -> pd.Series:
    """Return, for each speaker, the share right under ``a`` minus the share right under ``b``.

    All four are indexed by clip, not always in the same order.
    """
    right_a = (a.reindex(true.index) == true).astype(float)
    right_b = (b.reindex(true.index) == true).astype(float)
    return (right_a - right_b).groupby(speakers.reindex(true.index)).mean()


def _two_systems(rng: np.random.Generator) -> Iterator[tuple]:
    for n_speakers, own in ((6, 10), (3, 14)):
        n = n_speakers * own
        names = [f"clip{i:03d}" for i in range(n)]
        true = pd.Series(rng.choice(EMOTIONS, n), names)
        answers = [
            pd.Series(np.where(rng.random(n) < share, true, rng.choice(EMOTIONS, n)), names)
            for share in (0.6, 0.4)
        ]
        who = pd.Series(np.sort(rng.integers(2001, 2001 + n_speakers, n)), names)
        yield true, answers[0].iloc[::-1], answers[1], who
    names = list("abcd")
    yield (
        pd.Series(["ANG", "SAD", "ANG", "SAD"], names),
        pd.Series(["ANG", "SAD", "SAD", "ANG"], names),
        pd.Series(["SAD", "SAD", "ANG", "ANG"], names),
        pd.Series([1, 1, 2, 2], names),
    )


def _b_minus_a(true: pd.Series, a: pd.Series, b: pd.Series, speakers: pd.Series) -> pd.Series:
    return -who_gains(true, a, b, speakers)


def _by_position(true: pd.Series, a: pd.Series, b: pd.Series, speakers: pd.Series) -> pd.Series:
    a = pd.Series(a.to_numpy(), true.index)
    return who_gains(true, a, b, speakers)


def _counts(true: pd.Series, a: pd.Series, b: pd.Series, speakers: pd.Series) -> pd.Series:
    return who_gains(true, a, b, speakers) * speakers.value_counts().sort_index()


def _only_a(true: pd.Series, a: pd.Series, b: pd.Series, speakers: pd.Series) -> pd.Series:
    return (a.reindex(true.index) == true).groupby(speakers).mean()


def holm_keeps(p_values: np.ndarray, level: float) -> np.ndarray:
    """Return True for each finding that Holm's rule keeps among many.

    The smallest of m p-values must be at most ``level / m``, the next ``level / (m - 1)``, and so
    on; from the first that is larger on, none is kept.
    """
    order = np.argsort(p_values)
    m = len(p_values)
    passed = p_values[order] <= level / (m - np.arange(m))
    kept = np.zeros(m, dtype=bool)
    kept[order] = np.logical_and.accumulate(passed)
    return kept


def _findings(rng: np.random.Generator) -> Iterator[tuple]:
    yield rng.permutation([0.001, 0.011, 0.02, 0.04, 0.3]), 0.05
    yield np.array([0.04, 0.03, 0.02, 0.049]), 0.05  # none alone is enough
    yield np.array([0.04, 0.001]), 0.05  # the second has all of the level for itself
    yield rng.permutation([0.001, 0.018, 0.02, 0.024, 0.03]), 0.05  # one in between is too large
    for n in (8, 20):
        yield rng.beta(0.3, 3, n), 0.1


def _each_alone(p_values: np.ndarray, level: float) -> np.ndarray:
    return p_values <= level


def _bonferroni(p_values: np.ndarray, level: float) -> np.ndarray:
    return p_values <= level / len(p_values)


def _does_not_stop(p_values: np.ndarray, level: float) -> np.ndarray:
    m = len(p_values)
    return p_values <= level / (m - np.argsort(np.argsort(p_values)))


def _in_order_of_size(p_values: np.ndarray, level: float) -> np.ndarray:
    return holm_keeps(np.sort(p_values), level)


EXERCISES = (
    Exercise(
        who_gains,
        _two_systems,
        (
            Mistake(_b_minus_a, "The sign: a minus b was asked for."),
            Mistake(
                _by_position,
                "The answers stand in different orders. Join them by the clip's name.",
            ),
            Mistake(_counts, "That is a number of clips. Wanted is a share of each speaker's."),
            Mistake(_only_a, "That is the share right under a. What is it under b?"),
        ),
    ),
    Exercise(
        holm_keeps,
        _findings,
        (
            Mistake(
                _each_alone,
                "Each was judged as if it were the only one. How many questions were asked?",
            ),
            Mistake(
                _bonferroni,
                "That is Bonferroni's rule, where each must pass `level / m`. Holm's gets easier "
                "from one to the next.",
            ),
            Mistake(
                _does_not_stop,
                "From the first that is too large on, none is kept, even if it would pass.",
            ),
            Mistake(
                _in_order_of_size,
                "Your answers stand in the order of size. Each belongs in its finding's place.",
            ),
        ),
    ),
)
