"""Exercises of a class on notebook 07: rows that come twice, and what a file's name gives away."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake


def repeated_rows(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return, in order, the places of the test rows that stand among the learning rows, too.

    A row is the same if all its numbers agree to within 1e-6.
    """
    return np.array(
        [i for i, row in enumerate(test) if (np.abs(learn - row) <= 1e-6).all(axis=1).any()],
        dtype=int,
    )


def _two_tables(rng: np.random.Generator) -> Iterator[tuple]:
    for n_learn, n_test, k in ((30, 10, 4), (8, 8, 3), (20, 5, 6)):
        learn, test = rng.normal(size=(n_learn, k)), rng.normal(size=(n_test, k))
        copies = rng.permutation(n_test)[: n_test // 2]
        test[copies] = learn[rng.permutation(n_learn)[: len(copies)]] + rng.choice([0, 1e-9])
        alike = np.setdiff1d(np.arange(n_test), copies)[0]
        test[alike, 0] = learn[0, 0]  # one number agrees, the row does not
        yield learn, test
    patchwork = np.array([[1.0, 5.0], [2.0, 6.0]])
    yield patchwork, np.array([[1.0, 6.0], [2.0, 6.0]])  # numbers of two different rows


def _any_number(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.flatnonzero([(np.abs(learn - row) <= 1e-6).any() for row in test])


def _each_number_somewhere(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
    return np.flatnonzero([(np.abs(learn - row) <= 1e-6).any(axis=0).all() for row in test])


def _in_the_learning_table(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
    return repeated_rows(test, learn)


def _how_many(learn: np.ndarray, test: np.ndarray) -> int:
    return len(repeated_rows(learn, test))


def _by_place(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
    n = min(len(learn), len(test))
    return np.flatnonzero((np.abs(learn[:n] - test[:n]) <= 1e-6).all(axis=1))


def told_by(
    learn: pd.Series, learn_labels: pd.Series, test: pd.Series, test_labels: pd.Series
) -> float:
    """Return how often one column alone foretells the label of the test rows.

    The answer to a value is the most frequent label of the learning rows with that value; a value
    that was never learned gets the most frequent label of all learning rows. Of equally frequent
    labels the first in the alphabet counts.
    """
    usual = _most_frequent(learn_labels)
    answer_to = {v: _most_frequent(own) for v, own in learn_labels.groupby(learn.to_numpy())}
    said = np.array([answer_to.get(value, usual) for value in test])
    return float((said == test_labels.to_numpy()).mean())


def _most_frequent(labels: pd.Series) -> str:
    return labels.value_counts().sort_index().idxmax()


def _sources(rng: np.random.Generator) -> Iterator[tuple]:
    labels = np.array(["ANG", "NEU", "SAD"])
    for n_learn, n_test in ((60, 30), (24, 40)):
        columns = []
        for n in (n_learn, n_test):
            kind = rng.choice(3, n, p=[0.25, 0.5, 0.25])
            told = np.where(rng.random(n) < 0.6, kind, rng.integers(0, 3, n))
            columns += [pd.Series([f"disc{i}" for i in told]), pd.Series(labels[kind])]
        columns[2].iloc[: n_test // 3] = "disc9"  # never learned
        columns[3].iloc[: n_test // 3] = rng.choice(["NEU", "ANG"], n_test // 3, p=[0.8, 0.2])
        yield tuple(columns)
    yield (
        pd.Series(["a", "a", "b", "b"]),
        pd.Series(["SAD", "ANG", "NEU", "NEU"]),
        pd.Series(["a", "b", "c"]),
        pd.Series(["SAD", "NEU", "NEU"]),  # among the test rows, "a" means something else
    )


def _asks_the_test(
    learn: pd.Series, learn_labels: pd.Series, test: pd.Series, test_labels: pd.Series
) -> float:
    return told_by(test, test_labels, test, test_labels)


def _on_learning_rows(
    learn: pd.Series, learn_labels: pd.Series, test: pd.Series, test_labels: pd.Series
) -> float:
    return told_by(learn, learn_labels, learn, learn_labels)


def _unknown_is_wrong(
    learn: pd.Series, learn_labels: pd.Series, test: pd.Series, test_labels: pd.Series
) -> float:
    known = test.isin(learn).to_numpy()
    right = told_by(learn, learn_labels, test[known], test_labels[known])
    return float(right * known.mean())


def _unknown_is_left_out(
    learn: pd.Series, learn_labels: pd.Series, test: pd.Series, test_labels: pd.Series
) -> float:
    known = test.isin(learn).to_numpy()
    return told_by(learn, learn_labels, test[known], test_labels[known])


EXERCISES = (
    Exercise(
        repeated_rows,
        _two_tables,
        (
            Mistake(
                _each_number_somewhere,
                "Each number occurs somewhere in its column, but in different rows. All must "
                "agree in one and the same row.",
            ),
            Mistake(_any_number, "One number that agrees is no copy: *all* of a row must agree."),
            Mistake(_in_the_learning_table, "These are places among the learning rows."),
            Mistake(_how_many, "That is how many there are. Which are they?"),
            Mistake(
                _by_place,
                "You compared rows in the same place only. A copy may stand anywhere.",
            ),
        ),
    ),
    Exercise(
        told_by,
        _sources,
        (
            Mistake(_asks_the_test, "Your answers were learned on the test rows."),
            Mistake(_on_learning_rows, "You scored the learning rows."),
            Mistake(
                _unknown_is_wrong,
                "A value that was never learned counts as wrong with you. What should be answered?",
            ),
            Mistake(
                _unknown_is_left_out,
                "You left out the test rows with a value that was never learned.",
            ),
        ),
    ),
)
